// A request's JSON and the parameters in it.
#pragma once

#include <string_view>
#include <utility>

#include <simdjson.h>

#include "api/json/body_document.h"
#include "api/openinference/infer_request.h"
#include "base/status.h"

namespace plinth::api::openinference {

// The value of the parameter `key`; a text lives as long as the document. INVALID_ARGUMENT for what
// is no text, number or truth value.
Result<ParameterValue> ParameterOf(std::string_view key, simdjson::ondemand::value value,
                                   const JsonBody& json);

// The document of a request, whose `text` has HttpRequest::kBodyPadding readable bytes behind it
// and outlives it. INVALID_ARGUMENT, OUT_OF_MEMORY.
Result<BodyDocument> ParseRequest(std::string_view text);

// For text that is not JSON.
Error MalformedRequest(const JsonBody& json, simdjson::error_code code);

// As api::ForEachMember(), with the errors of this protocol.
template <typename See>
Status ForEachMember(const JsonBody& json, simdjson::ondemand::object& object, See see) {
  return api::ForEachMember(
      object, [&json](simdjson::error_code code) { return MalformedRequest(json, code); },
      std::move(see));
}

}  // namespace plinth::api::openinference
