// Reference-counted bytes.
//
// A Buffer is a view of memory plus a share in whatever keeps that memory alive: a block that we
// allocated, a request's body, a runtime's output tensor. Copying a Buffer or slicing it copies no
// bytes and is safe from any thread; the memory is freed when its last share goes. The bytes may be
// written only by the one who allocated them, before the buffer is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace plinth {

class Buffer {
 public:
  // What our own allocations are aligned to: a cache line, and the widest vector register.
  static constexpr std::size_t kAlignment = 64;

  // An empty buffer.
  Buffer() = default;

  // `size` bytes, uninitialised, aligned to kAlignment. An empty buffer with data() == nullptr if
  // size is 0. Throws std::bad_alloc only; callers bound `size` first.
  static Buffer Allocate(std::size_t size);

  // A copy of the bytes, aligned to kAlignment.
  static Buffer Copy(std::span<const std::byte> bytes);

  // Takes over a string without copying it.
  static Buffer FromString(std::string text);

  // Memory that `owner` keeps alive.
  static Buffer Share(std::shared_ptr<const void> owner, const void* data, std::size_t size);

  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // The bytes for writing. Only valid on a buffer from Allocate() that has not been shared yet.
  std::byte* mutable_data() { return const_cast<std::byte*>(data_); }

  // The part [offset, offset + size), sharing the memory. Requires offset + size <= this->size().
  Buffer Slice(std::size_t offset, std::size_t size) const;

  template <typename T>
  const T* As() const {
    return reinterpret_cast<const T*>(data_);
  }

 private:
  Buffer(std::shared_ptr<const void> owner, const std::byte* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}

  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace plinth
