#include "net/body_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "net/http.h"

namespace plinth::net {
namespace {

// What a body of announced length gets before its first byte; untouched pages of it cost nothing.
constexpr std::size_t kFirstReservation = 1024UZ * 1024;
// What one of unknown length gets first.
constexpr std::size_t kFirstUnannounced = 16UZ * 1024;
// By how much the reservation grows each time it has been filled.
constexpr std::size_t kGrowth = 4;

}  // namespace

Status BodyBuffer::Expect(std::size_t size) { return Reserve(std::min(size, kFirstReservation)); }

Status BodyBuffer::Append(std::span<const std::byte> bytes, std::size_t most) {
  if (bytes.empty()) return {};
  const std::size_t needed = size_ + bytes.size();
  if (needed > capacity_) {
    const std::size_t grown = std::max({needed, capacity_ * kGrowth, kFirstUnannounced});
    if (Status reserved = Reserve(std::min(grown, most)); !reserved) return reserved;
  }
  std::memcpy(memory_.mutable_data() + size_, bytes.data(), bytes.size());
  return Received(bytes.size());
}

Result<std::span<std::byte>> BodyBuffer::Space(std::size_t most) {
  if (size_ == capacity_) {
    const std::size_t grown = std::max(capacity_ * kGrowth, kFirstUnannounced);
    if (Status reserved = Reserve(std::min(most, grown)); !reserved) return Fail(reserved.error());
  }
  return std::span(memory_.mutable_data() + size_, capacity_ - size_);
}

Status BodyBuffer::Received(std::size_t n) {
  size_ += n;
  if (budget_ == nullptr || size_ <= uncounted_) return {};
  if (share_.Grow(budget_, std::min(n, size_ - uncounted_))) return {};
  return Fail(Code::kResourceExhausted,
              "too many large bodies are being received at once; try again later");
}

// Makes room for `size` bytes in all and the padding, keeping what is there.
Status BodyBuffer::Reserve(std::size_t size) {
  if (size <= capacity_) return {};
  try {
    const std::size_t used = size + HttpRequest::kBodyPadding;
    Buffer grown = Buffer::Allocate(lead_ + used).Slice(lead_, used);
    if (size_ > 0) std::memcpy(grown.mutable_data(), memory_.data(), size_);
    memory_ = std::move(grown);
  } catch (const std::bad_alloc&) {
    return Fail(Code::kOutOfMemory,
                "no memory for a body of " + std::to_string(size) + " bytes; try again later");
  }
  capacity_ = size;
  return {};
}

Buffer BodyBuffer::Take() {
  Buffer body;
  if (size_ > 0) {
    // The padding is read by parsers that look ahead; they shall not see what the memory held
    // before.
    std::memset(memory_.mutable_data() + size_, 0, HttpRequest::kBodyPadding);
    body = memory_.Slice(0, size_);
    if (!share_.empty()) {
      auto owner = std::make_shared<std::pair<Buffer, ByteBudget::Share>>(std::move(memory_),
                                                                          std::move(share_));
      const std::byte* const data = owner->first.data();
      body = Buffer::Share(std::move(owner), data, size_);
    }
  }
  Clear();
  return body;
}

void BodyBuffer::Clear() {
  memory_ = Buffer();
  share_ = ByteBudget::Share();
  capacity_ = 0;
  size_ = 0;
}

}  // namespace plinth::net
