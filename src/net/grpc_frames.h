// gRPC's messages out of the bytes of a stream: each is preceded by a flag (compressed or not) and
// its length in four bytes. They come in pieces cut anywhere.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "base/buffer.h"
#include "base/status.h"
#include "net/body_buffer.h"

namespace plinth::net {

class GrpcFrameReader {
 public:
  struct Message {
    bool compressed = false;
    Buffer bytes;  // with HttpRequest::kBodyPadding zeros behind it, unless it is empty
  };

  // Messages have at most `most` bytes. The others as in BodyBuffer, for each message.
  GrpcFrameReader(std::size_t most, std::shared_ptr<ByteBudget> budget, std::size_t uncounted)
      : most_(most), body_(std::move(budget), uncounted) {}

  // Takes bytes up to the end of a message; returns how many. Requires that no message is complete.
  // RESOURCE_EXHAUSTED: the message is too large, or the memory for all; INTERNAL: no message;
  // OUT_OF_MEMORY.
  Result<std::size_t> Read(std::span<const std::byte> bytes);

  bool complete() const { return head_size_ == kHeadSize && body_.size() == size_; }
  Message Take();

  // Whether a part of a message has been read.
  bool within() const { return head_size_ > 0; }

 private:
  static constexpr std::size_t kHeadSize = 5;

  Status ReadHead();

  const std::size_t most_;
  std::array<std::byte, kHeadSize> head_{};
  std::size_t head_size_ = 0;
  std::size_t size_ = 0;  // of the message, once its head is complete
  bool compressed_ = false;
  BodyBuffer body_;
};

}  // namespace plinth::net
