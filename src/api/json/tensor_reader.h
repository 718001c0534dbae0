// From a JSON value straight into a tensor's memory, in one pass.
//
// The reader knows JSON and what is a valid element of which type; the shape is found by a
// ShapeFinder, the memory kept by an ElementStore. Recursion is bounded by the largest rank, or,
// where nesting does not matter (Form::kFlat), by kMostNesting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "api/json/body_document.h"
#include "api/json/element_store.h"
#include "api/json/shape_finder.h"
#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api {

// What counts as an element, where protocols differ.
enum class ElementRules {
  kPlinth,     // null is a missing float; 3.0 is a whole number, 0 and 1 are truth values
  kTfServing,  // none of these; the tokens NaN, Infinity and -Infinity are floats
};

// What the tokens NaN, Infinity and -Infinity stand for, with blanks behind them or without.
std::optional<double> NonFiniteNumber(std::string_view token);

class TensorReader {
 public:
  using Form = ShapeFinder::Form;
  static constexpr std::size_t kMostNesting = 100;

  // `spec` and `body` outlive the reader.
  TensorReader(const TensorSpec& spec, const JsonBody& body, Form form,
               ElementRules rules = ElementRules::kPlinth);

  // Reads the whole tensor. INVALID_ARGUMENT says which element, what it is and what is expected
  // there.
  Result<Tensor> Read(simdjson::ondemand::value value);

  // Form::kRows: reads the next row, then makes the tensor of all of them.
  Status ReadRow(simdjson::ondemand::value value);
  std::int64_t rows() const { return rows_; }
  Result<Tensor> FinishRows();

  const TensorSpec& spec() const { return spec_; }

  // Whether a missing string was read.
  bool missing_text() const { return missing_text_; }

 private:
  // These return false once error_ is set: a Status for each element would cost more than reading
  // the element.
  bool ReadValue(simdjson::ondemand::value& value, std::size_t level);
  bool ReadArray(simdjson::ondemand::value& value, std::size_t level);
  bool ReadFlat(simdjson::ondemand::value& value, std::size_t depth);
  bool ReadScalar(simdjson::ondemand::value& value, std::size_t level);
  bool ReadNumbers(simdjson::ondemand::array_iterator& it, std::size_t level, std::int64_t& size);
  template <typename T>
  bool ReadRun(simdjson::ondemand::array_iterator& it, std::size_t level, std::int64_t& size);

  bool strict() const { return rules_ == ElementRules::kTfServing; }

  bool Store(simdjson::ondemand::value& value);
  bool ReadDouble(simdjson::ondemand::value& value, double& number);
  bool ReadTruth(simdjson::ondemand::value& value, double& number);
  bool ReadNonNumber(simdjson::ondemand::value& value, double& number);
  bool StoreFloat(simdjson::ondemand::value& value);
  bool StoreSmallFloat(simdjson::ondemand::value& value);
  template <typename T>
  bool StoreInteger(simdjson::ondemand::value& value);
  bool StoreBool(simdjson::ondemand::value& value);
  bool StoreBytes(simdjson::ondemand::value& value);
  bool StoreMissingText(simdjson::ondemand::value& value);
  bool StoreBase64(simdjson::ondemand::value& value);

  void Grow();

  bool Take(Status status);
  bool Malformed(simdjson::error_code code);
  bool Refuse(std::string what);
  bool RefuseValue(simdjson::ondemand::value& value, std::string_view expected = {});
  Result<Tensor> Finish();

  const TensorSpec& spec_;
  const JsonBody& body_;
  const ElementRules rules_;
  const Form form_;
  ShapeFinder shape_;
  ElementStore elements_;
  std::size_t level_ = 0;  // of the value that is being read
  std::int64_t rows_ = 0;  // kFlat: elements
  bool missing_text_ = false;
  Error error_;
};

}  // namespace plinth::api
