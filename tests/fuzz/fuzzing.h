// What fuzz targets share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/buffer.h"
#include "net/http.h"
#include "tensor/tensor.h"

namespace plinth::fuzzing {

// Ends the program, which is a finding, unless the condition holds.
inline void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A copy on the heap of exactly that size and padding, so that a read beyond is noticed. The
// padding may mislead.
inline Buffer PaddedCopy(std::string_view bytes, char padding) {
  const std::size_t size = bytes.size() + net::HttpRequest::kBodyPadding;
  const std::shared_ptr<char[]> copy(new char[size]);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  std::memset(copy.get() + bytes.size(), padding, net::HttpRequest::kBodyPadding);
  const char* const data = copy.get();
  return Buffer::Share(copy, data, size).Slice(0, bytes.size());
}

// Whether a tensor is one in itself. Returns the bytes that it takes.
inline std::size_t CheckTensor(const Tensor& tensor) {
  const auto count = static_cast<std::size_t>(tensor.element_count());
  Require(tensor.shape().ElementCount() == tensor.element_count(), "the count is not the shape's");
  if (tensor.dtype() == DType::kBytes) {
    for (std::size_t i = 0; i < count; ++i) {
      Require(tensor.string_at(i).size() <= tensor.data().size(), "a string is outside its bytes");
    }
    return tensor.data().size() + count * sizeof(std::uint64_t);
  }
  Require(tensor.data().size() == count * SizeOf(tensor.dtype()), "the bytes are not the shape's");
  if (tensor.dtype() == DType::kBool) {
    for (const std::uint8_t truth : tensor.values<std::uint8_t>())
      Require(truth <= 1, "a boolean is neither");
  }
  return tensor.data().size();
}

}  // namespace plinth::fuzzing
