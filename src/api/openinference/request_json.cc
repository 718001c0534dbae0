#include "api/openinference/request_json.h"

#include <string>

#include "base/buffer.h"

namespace plinth::api::openinference {
namespace {

std::string Unparsable(const Error& error) {
  return "failed to parse the request JSON buffer: " + error.message;
}

}  // namespace

using simdjson::ondemand::json_type;

Result<ParameterValue> ParameterOf(std::string_view key, simdjson::ondemand::value value,
                                   const JsonBody& json) {
  json_type type = json_type::null;
  if (const auto failed = value.type().get(type)) return Fail(MalformedRequest(json, failed));
  if (type == json_type::string) {
    std::string_view text;
    if (const auto failed = value.get_string().get(text))
      return Fail(MalformedRequest(json, failed));
    return text;
  }
  if (type == json_type::boolean) {
    bool truth = false;
    if (const auto failed = value.get_bool().get(truth))
      return Fail(MalformedRequest(json, failed));
    return truth;
  }
  if (type != json_type::number) {
    return Fail(Code::kInvalidArgument,
                "parameter '" + std::string(key) +
                    "' has invalid type. It should be either 'int', 'bool', or 'string'.");
  }
  simdjson::ondemand::number number;
  if (const auto failed = value.get_number().get(number))
    return Fail(MalformedRequest(json, failed));
  if (number.is_int64()) return number.get_int64();
  if (number.is_uint64()) return number.get_uint64();
  return number.get_double();
}

Result<BodyDocument> ParseRequest(std::string_view text) {
  auto document = BodyDocument::Parse(Buffer::Share(nullptr, text.data(), text.size()));
  if (!document) return Fail(document.error().code, Unparsable(document.error()));
  return document;
}

Error MalformedRequest(const JsonBody& json, simdjson::error_code code) {
  return {Code::kInvalidArgument, Unparsable(json.Malformed(code))};
}

}  // namespace plinth::api::openinference
