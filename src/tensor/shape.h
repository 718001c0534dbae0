// Shapes of tensors, and shapes with open dimensions as signatures have them.
//
// A Shape holds up to kMaxRank dimensions in place, without allocating: requests make and drop
// many. In a signature a dimension of -1 may take any value. A tensor's own shape has none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include "plinth/backend.h"

namespace plinth {

class Shape {
 public:
  static constexpr std::size_t kMaxRank = PLINTH_MAX_RANK;

  Shape() = default;
  // Requires at most kMaxRank dimensions.
  Shape(std::initializer_list<std::int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  explicit Shape(std::span<const std::int64_t> dims);

  std::size_t rank() const { return rank_; }
  std::int64_t operator[](std::size_t i) const { return dims_[i]; }
  std::int64_t& operator[](std::size_t i) { return dims_[i]; }
  std::span<const std::int64_t> dims() const { return {dims_.data(), rank_}; }

  // Requires rank() < kMaxRank.
  void Append(std::int64_t dim) { dims_[rank_++] = dim; }

  // How many elements; 1 for a scalar. Nothing if a dimension is negative or the product of those
  // that are not 0 exceeds 2^63 - 1.
  std::optional<std::int64_t> ElementCount() const;

  // Whether a tensor of shape `actual` fits this pattern: same rank, equal wherever this is not -1.
  bool Admits(const Shape& actual) const;

  // "[2,3]"; "[]" for a scalar.
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<std::int64_t, kMaxRank> dims_;
  std::size_t rank_ = 0;
};

}  // namespace plinth
