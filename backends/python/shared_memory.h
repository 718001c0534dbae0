// The memory that a worker and the server share, where tensors lie.
//
// It has two halves of one size. The server writes inputs into the first, the worker outputs into
// the second, and each allocates in its own half only, so neither has to trust the other's book-
// keeping. The file behind it cannot shrink, so nothing that a worker does takes pages from under
// the server. Pages are taken when they are first needed: an unused half costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/file_descriptor.h"
#include "common/failure.h"
#include "python/stop_event.h"

namespace plinth::python {

class SharedMemory {
 public:
  // RESOURCE_EXHAUSTED: the system has not enough. `half` is a multiple of the size of a page.
  static kit::Result<std::shared_ptr<SharedMemory>> Create(std::size_t half);
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory();

  int file() const { return file_.get(); }
  std::size_t half() const { return half_; }

  // A part of the server's half, aligned to 64 bytes, for Free(). Any thread. RESOURCE_EXHAUSTED:
  // there is no room, or no memory.
  kit::Result<std::size_t> Allocate(std::size_t size);
  void Free(std::size_t at);

  // Bytes of the server's half. The first eight are never allocated: they are for a word to the
  // worker.
  std::byte* At(std::size_t at) { return base_ + at; }

  // Bytes of the worker's half; nullptr if they do not lie in it.
  const std::byte* Output(std::uint64_t at, std::uint64_t size) const;
  // Bytes of the server's half that the worker refers to; nullptr if they do not lie in it.
  const std::byte* Input(std::uint64_t at, std::uint64_t size) const;

  // An output that nobody needs any more: the worker may use its place again, once it has been
  // told. The pages of a large one go back to the system at once. Any thread.
  void Release(std::uint64_t at, std::uint64_t size);
  // Where the outputs are that were released since the last call.
  std::vector<std::uint64_t> TakeReleased();
  // From here on `event` is set at every release; nullptr: none.
  void WakeOnRelease(std::shared_ptr<const StopEvent> event);

 private:
  SharedMemory(FileDescriptor file, std::byte* base, std::size_t half);
  kit::Status Commit(std::size_t end);

  const FileDescriptor file_;
  std::byte* const base_;
  const std::size_t half_;
  std::mutex mutex_;                          // guards what follows
  std::map<std::size_t, std::size_t> free_;   // begin and size; no two touch
  std::map<std::size_t, std::size_t> taken_;  // begin and size
  std::size_t committed_ = 0;                 // so many bytes from the beginning have their pages
  std::vector<std::uint64_t> released_;
  std::shared_ptr<const StopEvent> on_release_;
};

}  // namespace plinth::python
