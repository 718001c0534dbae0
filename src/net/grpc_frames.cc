#include "net/grpc_frames.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace plinth::net {

Result<std::size_t> GrpcFrameReader::Read(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  if (head_size_ < kHeadSize) {
    taken = std::min(bytes.size(), kHeadSize - head_size_);
    std::memcpy(head_.data() + head_size_, bytes.data(), taken);
    head_size_ += taken;
    if (head_size_ < kHeadSize) return taken;
    if (Status read = ReadHead(); !read) return Fail(std::move(read).error());
  }
  const auto part = bytes.subspan(taken, std::min(bytes.size() - taken, size_ - body_.size()));
  if (Status added = body_.Append(part, size_); !added) return Fail(std::move(added).error());
  return taken + part.size();
}

Status GrpcFrameReader::ReadHead() {
  const auto flag = std::to_integer<unsigned>(head_[0]);
  if (flag > 1) {
    return Fail(Code::kInternal, "malformed message; expected 0 or 1 as its first byte, got " +
                                     std::to_string(flag));
  }
  compressed_ = flag == 1;
  size_ = 0;
  for (std::size_t i = 1; i < kHeadSize; ++i)
    size_ = size_ << 8 | std::to_integer<std::size_t>(head_[i]);
  if (size_ > most_) {
    return Fail(Code::kResourceExhausted, "the message of " + std::to_string(size_) +
                                              " bytes is over the limit of " +
                                              std::to_string(most_) + " bytes");
  }
  // Clients write tensors last: a message whose end is aligned has its last tensor aligned to the
  // size of an element, so that it can be used where it is.
  body_.LeaveFree(-size_ % Buffer::kAlignment);
  return body_.Expect(size_);
}

GrpcFrameReader::Message GrpcFrameReader::Take() {
  head_size_ = 0;
  return {compressed_, body_.Take()};
}

}  // namespace plinth::net
