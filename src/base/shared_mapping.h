// Memory that is shared with another process, which may cut it short at any time.
//
// Touching a page behind the end of its file raises SIGBUS, which ends a process, and no check
// beforehand can exclude that the other one shortens the file in between. So a page that is gone is
// replaced by one of zeros, which only this process sees: the access goes on, reads zeros or writes
// for nobody, and broken() is true from then on.
//
// Invariants:
// - The signal handler takes no lock and allocates nothing; it knows the mappings from a table of
//   fixed size, which is why their number is bounded.
// - A SIGBUS that does not come from such a mapping goes where it would have gone without us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.h"

namespace plinth {

struct MappingSlot;  // its place in the signal handler's table

class SharedMapping {
 public:
  // How many there may be at once in the process.
  static constexpr std::size_t kMost = 1024;

  // Maps the bytes [offset, offset + size) of the file, for reading and writing.
  // RESOURCE_EXHAUSTED: there are too many; INVALID_ARGUMENT: the kernel refuses, the message says
  // why. Requires size > 0 and an end that is representable.
  static Result<std::shared_ptr<SharedMapping>> Map(int file, std::uint64_t offset,
                                                    std::size_t size);
  ~SharedMapping();
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

  // Whether a page was found missing. Says nothing of pages that nobody has touched.
  bool broken() const;

 private:
  SharedMapping(MappingSlot& slot, std::byte* data, std::size_t size)
      : slot_(slot), data_(data), size_(size) {}

  MappingSlot& slot_;
  std::byte* const data_;
  const std::size_t size_;
};

}  // namespace plinth
