#include "tensor/shape.h"

#include <algorithm>
#include <cassert>

namespace plinth {

Shape::Shape(std::span<const std::int64_t> dims) : rank_(dims.size()) {
  assert(dims.size() <= kMaxRank);
  std::ranges::copy(dims, dims_.begin());
}

std::optional<std::int64_t> Shape::ElementCount() const {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t dim : dims()) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) {
      empty = true;  // goes on: a later dimension may still be negative
    } else if (__builtin_mul_overflow(count, dim, &count)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : count;
}

bool Shape::Admits(const Shape& actual) const {
  return rank_ == actual.rank_ &&
         std::ranges::equal(dims(), actual.dims(),
                            [](auto want, auto got) { return want == -1 || want == got; });
}

std::string Shape::ToString() const {
  std::string text = "[";
  for (std::size_t i = 0; i < rank_; ++i) {
    if (i > 0) text += ',';
    text += std::to_string(dims_[i]);
  }
  text += ']';
  return text;
}

bool operator==(const Shape& a, const Shape& b) { return std::ranges::equal(a.dims(), b.dims()); }

}  // namespace plinth
