#include "base/buffer.h"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <utility>

namespace plinth {

Buffer Buffer::Allocate(std::size_t size) {
  if (size == 0) return {};
  // One allocation for the reference count and the bytes, and room to align them: several times
  // cheaper than an aligned one.
  auto owner = std::make_shared_for_overwrite<std::byte[]>(size + kAlignment - 1);
  const auto address = reinterpret_cast<std::uintptr_t>(owner.get());
  const std::byte* aligned = owner.get() + (kAlignment - address % kAlignment) % kAlignment;
  return {std::move(owner), aligned, size};
}

Buffer Buffer::Copy(std::span<const std::byte> bytes) {
  Buffer copy = Allocate(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.mutable_data(), bytes.data(), bytes.size());
  return copy;
}

Buffer Buffer::FromString(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const auto* data = reinterpret_cast<const std::byte*>(owner->data());
  const std::size_t size = owner->size();
  return {std::move(owner), data, size};
}

Buffer Buffer::Share(std::shared_ptr<const void> owner, const void* data, std::size_t size) {
  return {std::move(owner), static_cast<const std::byte*>(data), size};
}

Buffer Buffer::Slice(std::size_t offset, std::size_t size) const {
  assert(offset <= size_ && size <= size_ - offset);
  return {owner_, data_ + offset, size};
}

}  // namespace plinth
