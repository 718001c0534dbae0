#include "api/json/shape_finder.h"

#include <algorithm>
#include <utility>

namespace plinth::api {
namespace {

std::string Elements(std::int64_t n) {
  return std::to_string(n) + (n == 1 ? " element" : " elements");
}

}  // namespace

ShapeFinder::ShapeFinder(const TensorSpec& spec, Form form)
    : spec_(spec), form_(form), deepest_(form == Form::kRows ? 1 : 0) {
  dims_.fill(-1);
}

Status ShapeFinder::OpenDeeper(std::size_t level) {
  if (level == Shape::kMaxRank) {
    return Refuse(Where(level) + " is an array nested deeper than the " +
                  std::to_string(Shape::kMaxRank) + " dimensions that a tensor may have");
  }
  deepest_ = std::max(deepest_, level + 1);
  return {};
}

// The first scalar stands at `level`: that is the rank.
Status ShapeFinder::SetRank(std::size_t level) {
  if (spec_.shape && level != spec_.shape->rank()) {
    const Shape& shape = *spec_.shape;
    const bool batched =
        form_ != Form::kRows && spec_.batch_axis == 0 && shape.rank() > 0 && shape[0] == -1;
    const bool one_more = spec_.fitted && shape.rank() == 1 && level == 2;  // [[1], [2]]
    if (!one_more && (!batched || level + 1 != shape.rank())) {
      const std::size_t outer = form_ == Form::kRows ? 1 : 0;
      return Refuse(Where(outer) + " is nested " + std::to_string(level - outer) +
                    " deep, expected " + std::to_string(shape.rank() - outer) +
                    (batched ? ", or one less for a single row" : "") + ": the model's shape is " +
                    shape.ToString());
    }
    missing_batch_ = one_more ? 0 : 1;
  }
  rank_ = level;
  return {};
}

// An array that is the first one to close at its level, or does not agree with that one.
Status ShapeFinder::CloseFirst(std::size_t level, std::int64_t size) {
  const std::int64_t before = std::exchange(dims_[level], size);
  if (before >= 0 && before != size) {
    return Refuse(Where(level) + " has " + Elements(size) + ", the arrays before it have " +
                  std::to_string(before) + ": all must be of one size");
  }
  if (!spec_.shape || rank_ == kUnknown) return {};
  const std::size_t dim = level + missing_batch_;
  const std::int64_t wanted = dim < spec_.shape->rank() ? (*spec_.shape)[dim] : 1;
  if (wanted < 0 || wanted == size) return {};
  return Refuse(Where(level) + " has " + Elements(size) + ", expected " + std::to_string(wanted) +
                ": the model's shape is " + spec_.shape->ToString());
}

std::string ShapeFinder::Where(std::size_t level) const {
  std::string where = "inputs";
  if (form_ == Form::kByName || form_ == Form::kFlat) where += '.' + spec_.name;
  for (std::size_t i = 0; i < level; ++i) {
    where += '[';
    where += std::to_string(index_[i]);
    where += ']';
    if (i == 0 && form_ == Form::kRows) where += '.' + spec_.name;
  }
  return where;
}

Result<Shape> ShapeFinder::Finish() const {
  Shape shape;
  if (rank_ != kUnknown) {
    if (missing_batch_ == 1) shape.Append(1);
    for (std::size_t i = 0; i < rank_; ++i) shape.Append(dims_[i]);
    return shape;
  }
  // Nothing but empty arrays: the model's shape says what they were to hold.
  const std::size_t rank = spec_.shape ? std::max(spec_.shape->rank(), deepest_) : deepest_;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t told = spec_.shape && i < spec_.shape->rank() ? (*spec_.shape)[i] : -1;
    shape.Append(i < deepest_ ? dims_[i] : std::max<std::int64_t>(told, 0));
  }
  if (spec_.shape && !spec_.shape->Admits(shape)) {
    return Fail(Code::kInvalidArgument, "input '" + spec_.name + "' has shape " + shape.ToString() +
                                            ", expected " + spec_.shape->ToString());
  }
  return shape;
}

std::unexpected<Error> ShapeFinder::Refuse(std::string what) const {
  return Fail(Code::kInvalidArgument, "input '" + spec_.name + "': " + std::move(what));
}

}  // namespace plinth::api
