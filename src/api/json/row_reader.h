// Inputs that come row by row: a list of objects by input name, stacked along the first dimension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "api/json/body_document.h"
#include "api/json/tensor_reader.h"
#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api {

// INVALID_ARGUMENT for a name that is none of the model's inputs, or columns: with the nearest one.
std::unexpected<Error> UnknownInput(std::span<const TensorSpec> specs, std::string_view name);

class RowReader {
 public:
  // `signature` and `body` outlive the reader.
  RowReader(const Signature& signature, const JsonBody& body,
            ElementRules rules = ElementRules::kPlinth)
      : signature_(signature), body_(body), rules_(rules) {}

  // How many rows have ended.
  std::int64_t count() const { return count_; }

  // A member of the next row. INVALID_ARGUMENT also for an input without a batch dimension.
  Status Read(std::string_view name, simdjson::ondemand::value value);

  // INVALID_ARGUMENT if the row lacks an input that those before it have.
  Status EndRow();

  // Adds the tensors of all rows.
  Status Finish(std::vector<NamedTensor>& inputs);

 private:
  Status Add(std::string_view name);

  const Signature& signature_;
  const JsonBody& body_;
  const ElementRules rules_;
  std::int64_t count_ = 0;
  std::span<const TensorSpec> specs_;  // what the rows are of: inputs, or columns
  std::vector<TensorReader> readers_;
  std::size_t next_ = 0;  // the likely reader of the next member
};

}  // namespace plinth::api
