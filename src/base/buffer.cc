#include "base/buffer.h"

#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace plinth {

Buffer Buffer::Allocate(std::size_t size) {
  if (size == 0) return {};
  void* memory = ::operator new(size, std::align_val_t{kAlignment});
  std::shared_ptr<const void> owner(
      memory, [](void* p) { ::operator delete(p, std::align_val_t{kAlignment}); });
  return {std::move(owner), static_cast<const std::byte*>(memory), size};
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
