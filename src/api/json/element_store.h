// The elements of a tensor whose size is not known before all of them have been read.
//
// Invariants:
// - Memory grows with what has been read: at most kFirstElements for an element that has not come
//   yet, then at most four times the elements that have, and never more than the rest of the text
//   can hold.
// - What is left unused at the end is given back if it is much.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth::api {

class ElementStore {
 public:
  // How many elements there is room for, at most, before the first one has come.
  static constexpr std::size_t kFirstElements = 1024;

  // `type` may be kAny, if SetType() is called before the first Grow().
  explicit ElementStore(DType type) : type_(type) {}

  DType type() const { return type_; }
  void SetType(DType type) { type_ = type; }

  std::size_t count() const { return count_; }
  bool full() const { return count_ == capacity_; }

  // Makes room for at least one more element. `told` is how many the signature promises; `rest` the
  // bytes of text from the next element on.
  void Grow(std::size_t told, std::size_t rest);

  // Adds an element of a fixed-size type. Requires !full().
  template <typename T>
  void Put(T element) {
    reinterpret_cast<T*>(elements_.mutable_data())[count_++] = element;
  }

  // The same for a run: where the elements are, and how many of them there are now.
  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(elements_.mutable_data());
  }
  std::size_t capacity() const { return capacity_; }
  void SetCount(std::size_t count) { count_ = count; }

  // kBytes: where `size` more bytes of the current string may be written; how many were; its end.
  // EndString() requires !full().
  char* StringSpace(std::size_t size);
  void Extend(std::size_t size) { strings_size_ += size; }
  void Append(std::string_view text);
  void EndString() { data<std::uint64_t>()[++count_] = strings_size_; }

  // Makes FP32 of all INT64 that were put.
  void TurnIntoFloats();

  // The tensor of all elements, once; of kAny, if there is none, an FP32 one. INVALID_ARGUMENT if
  // the shape does not have as many.
  Result<Tensor> Finish(const Shape& shape);

 private:
  // BYTES are kept as offsets, one more than there are elements.
  std::size_t StoredSize() const {
    return type_ == DType::kBytes ? sizeof(std::uint64_t) : SizeOf(type_);
  }
  std::size_t ends() const { return type_ == DType::kBytes ? 1 : 0; }

  DType type_;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  std::size_t first_rest_ = 0;  // `rest` when the first element came
  Buffer elements_;
  Buffer strings_;
  std::size_t strings_size_ = 0;
};

}  // namespace plinth::api
