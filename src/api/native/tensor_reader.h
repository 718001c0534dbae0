// From a JSON value straight into a tensor's memory, in one pass.
//
// The shape is discovered while reading: the depth at which the first scalar stands gives the rank,
// the first array to close at each level gives that dimension, and whatever comes later must agree.
// Memory grows with what has been read and is bounded by a small multiple of the body's size;
// recursion by the largest rank.
//
// A level is a depth of nesting below the input's own value: the value itself stands at level 0.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/buffer.h"
#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api {

// The body that is being read.
struct JsonBody {
  simdjson::ondemand::document& document;
  std::string_view text;

  // For a body that is not JSON: what the parser found, and where.
  Error Malformed(simdjson::error_code code) const;
};

class TensorReader {
 public:
  // How the input was given, for messages: "inputs[3][17]", "inputs.x[3][17]" or "inputs[3].x[17]".
  enum class Form { kSole, kByName, kRows };

  // `spec` and `body` outlive the reader.
  TensorReader(const TensorSpec& spec, const JsonBody& body, Form form);

  // Reads the whole tensor. INVALID_ARGUMENT says which element, what it is and what is expected
  // there.
  Result<Tensor> Read(simdjson::ondemand::value value);

  // kRows: reads the next row, then makes the tensor of all of them.
  Status ReadRow(simdjson::ondemand::value value);
  std::int64_t rows() const { return rows_; }
  Result<Tensor> FinishRows();

  const TensorSpec& spec() const { return spec_; }

 private:
  // These return false once error_ is set: a Status for each element would cost more than reading
  // the element.
  bool ReadValue(simdjson::ondemand::value& value, std::size_t level);
  bool ReadArray(simdjson::ondemand::value& value, std::size_t level);
  bool ReadNumbers(simdjson::ondemand::array_iterator& it, std::size_t level, std::int64_t& size);
  template <typename T>
  bool ReadRun(simdjson::ondemand::array_iterator& it, std::size_t level, std::int64_t& size);
  bool ReadFirstScalar(simdjson::ondemand::value& value, std::size_t level);
  bool SetRank(simdjson::ondemand::value& value, std::size_t level);
  bool CloseArray(std::size_t level, std::int64_t size);

  bool Store(simdjson::ondemand::value& value);
  bool StoreDouble(simdjson::ondemand::value& value, double& number);
  bool StoreSmallFloat(simdjson::ondemand::value& value);
  template <typename T>
  bool StoreInteger(simdjson::ondemand::value& value);
  bool StoreBool(simdjson::ondemand::value& value);
  bool StoreBytes(simdjson::ondemand::value& value);
  bool StoreBase64(simdjson::ondemand::value& value);
  bool AppendString(std::string_view text);

  void DecideType(simdjson::ondemand::value& value);
  void TurnIntoFloats();
  void Grow();
  void GrowStrings(std::size_t needed);
  template <typename T>
  void Put(T element);

  bool Refuse(std::string what);
  bool RefuseValue(simdjson::ondemand::value& value, std::string_view expected = {});
  std::string Where(std::size_t levels) const;
  std::string Expected() const;
  Result<Shape> FinalShape() const;
  Result<Tensor> Finish();

  const TensorSpec& spec_;
  const JsonBody& body_;
  const Form form_;

  DType dtype_;                  // kAny until the first element of a model that does not say
  std::size_t deepest_ = 0;      // the most arrays seen one within the other
  std::size_t rank_ = kUnknown;  // levels of arrays around an element, once one was seen
  std::size_t missing_batch_ =
      0;  // 1 if a single row was given where the model takes a batch of them
  std::array<std::int64_t, Shape::kMaxRank> dims_;   // -1: no array has closed at this level yet
  std::array<std::int64_t, Shape::kMaxRank> index_;  // of the element that is being read
  std::size_t depth_ = 0;                            // how many numbers of index_ lead to it
  std::int64_t rows_ = 0;

  std::size_t count_ = 0;     // elements read
  std::size_t capacity_ = 0;  // elements that elements_ has room for
  Buffer elements_;           // BYTES: offsets, one more than there are elements
  Buffer strings_;            // BYTES: the contents
  std::size_t strings_size_ = 0;

  Error error_;

  static constexpr std::size_t kUnknown = SIZE_MAX;
};

}  // namespace plinth::api
