// The query of a request's target: "version=v2&outputs=a,b".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace plinth::api {

// `text` with each %XX as the byte that it stands for. A broken escape stays as it is.
std::string PercentDecoded(std::string_view text);

struct QueryParameter {
  std::string name;
  std::string_view value;  // as sent: decode it after taking a list apart
};

// The parameters in their order; without '=' the value is empty. INVALID_ARGUMENT for more than a
// hundred.
Result<std::vector<QueryParameter>> ParseQuery(std::string_view query);

// INVALID_ARGUMENT for a parameter that is not one of `known`, naming the nearest that is, or that
// is given twice.
Status CheckParameters(std::span<const QueryParameter> parameters,
                       std::span<const std::string_view> known);

// A parameter's value: '+' is a blank there, as forms write it.
std::string DecodedValue(std::string_view value);

}  // namespace plinth::api
