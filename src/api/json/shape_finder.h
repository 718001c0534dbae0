// The shape of a tensor that comes as nested arrays, found while they are read.
//
// The depth at which the first scalar stands gives the rank, the first array to close at each level
// gives that dimension, and whatever comes later must agree, among itself and with the model's
// shape.
//
// A level is a depth of nesting below the input's own value: the value itself stands at level 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/shape.h"

namespace plinth::api {

class ShapeFinder {
 public:
  // How the input was given, for messages: "inputs[3][17]", "inputs.x[3][17]" or "inputs[3].x[17]".
  // kFlat: by name, its elements counted through, whatever arrays they stand in.
  enum class Form { kSole, kByName, kRows, kFlat };

  // `spec` outlives the finder.
  ShapeFinder(const TensorSpec& spec, Form form);

  // Whether an array, or a scalar, may stand at that level after all that was seen.
  bool TakesArray(std::size_t level) const { return rank_ == kUnknown || level < rank_; }
  bool TakesScalar(std::size_t level) const {
    return rank_ == kUnknown ? deepest_ <= level : level == rank_;
  }
  // Whether the elements of an array at that level are scalars, as far as is known.
  bool IsInnermost(std::size_t level) const { return rank_ == level + 1; }

  // These are told what is read, in order. INVALID_ARGUMENT says what does not fit. Each requires
  // that its level takes such a value.
  Status OpenArray(std::size_t level) { return level < deepest_ ? Status() : OpenDeeper(level); }
  Status AddScalar(std::size_t level) { return rank_ == kUnknown ? SetRank(level) : Status(); }
  // `size` is how many elements the array has.
  Status CloseArray(std::size_t level, std::int64_t size) {
    return dims_[level] == size && rank_ != kUnknown ? Status() : CloseFirst(level, size);
  }

  // Which element of its array the value below `level` is.
  void SetIndex(std::size_t level, std::int64_t index) { index_[level] = index; }
  // "inputs[3][17]": where the value at `level` stands.
  std::string Where(std::size_t level) const;

  // kRows: how many rows there were; nothing is at level 0 to close.
  void SetRows(std::int64_t rows) { dims_[0] = rows; }
  // kFlat: how many elements there were. Nothing else is told.
  void SetElements(std::int64_t elements) {
    rank_ = 1;
    dims_[0] = elements;
  }
  // The shape of all that was read.
  Result<Shape> Finish() const;

 private:
  Status OpenDeeper(std::size_t level);
  Status CloseFirst(std::size_t level, std::int64_t size);
  Status SetRank(std::size_t level);
  std::unexpected<Error> Refuse(std::string what) const;

  static constexpr std::size_t kUnknown = SIZE_MAX;

  const TensorSpec& spec_;
  const Form form_;
  std::size_t deepest_;          // the most arrays seen one within the other
  std::size_t rank_ = kUnknown;  // levels of arrays around an element, once one was seen
  // 1 if a single row was given where the model takes a batch of them
  std::size_t missing_batch_ = 0;
  std::array<std::int64_t, Shape::kMaxRank> dims_;   // -1: no array has closed at this level yet
  std::array<std::int64_t, Shape::kMaxRank> index_;  // of the value that is being read
};

}  // namespace plinth::api
