// The server's end of the socket to a worker: frames in and out, until a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "common/failure.h"
#include "python/frame.h"

namespace plinth::python {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the deadlines of the ABI

// A frame that was received. Its bytes are valid until the next Receive().
struct Frame {
  FrameKind kind;
  std::uint64_t call = 0;
  std::span<const std::byte> bytes;  // all of it, the header too

  // Behind the header.
  FrameReader Body() const {
    FrameReader reader(bytes);
    reader.Bytes(kFrameHeaderSize);
    return reader;
  }
};

// Why there is no frame.
enum class NoFrame {
  kClosed,   // the other end is gone
  kBroken,   // what came is no frame
  kTimeout,  // the time is over
  kWoken,    // `wake` became readable
};

// One thread at a time.
class Channel {
 public:
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

  int socket() const { return socket_.get(); }

  // Writes all of it; false if the other end is gone or does not read for ten seconds.
  bool Send(std::span<const std::byte> frame);

  // The next frame. `wake` is a descriptor to look at too, or -1.
  std::expected<Frame, NoFrame> Receive(std::optional<Clock::time_point> until, int wake = -1);

 private:
  std::optional<std::expected<Frame, NoFrame>> Take();
  // False if nothing more will come.
  bool Fill();

  FileDescriptor socket_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;  // of what was not taken yet
  std::size_t end_ = 0;    // of what was received
};

// Waits until one of the descriptors can be read, or its other end is gone: which of them. None if
// the time was over first. -1 is no descriptor.
std::array<bool, 3> AwaitReadable(const std::array<int, 3>& files,
                                  std::optional<Clock::time_point> until);

// Whether it can be read now.
inline bool IsReadable(int file) { return AwaitReadable({file, -1, -1}, Clock::now())[0]; }

}  // namespace plinth::python
