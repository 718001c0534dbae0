// Rows that are dictionaries or lists in Python: here, JSON in a column of strings.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "estimators/batch.h"

namespace plinth::sklearn {

// Reads one row after the other; each is valid until the next is read.
class JsonRows {
 public:
  // `reader`: whose rows they are, for messages.
  JsonRows(const Batch& batch, std::string_view reader) : batch_(batch), reader_(reader) {}

  // INVALID_ARGUMENT if row i is missing or is not JSON.
  Result<simdjson::dom::element> Read(std::size_t i);

  // The error for a row that is JSON but not what was expected.
  std::unexpected<Error> Refuse(std::size_t i, std::string_view expected) const;

 private:
  const Batch& batch_;
  std::string_view reader_;
  simdjson::dom::parser& parser_ = ParserOfThread();

  static simdjson::dom::parser& ParserOfThread();
};

// A number or a bool, which counts as 1 or 0. Nothing for anything else.
std::optional<double> NumberOf(simdjson::dom::element element);

}  // namespace plinth::sklearn
