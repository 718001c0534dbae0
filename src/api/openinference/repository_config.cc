#include "api/openinference/repository_config.h"

#include <string>
#include <utility>

#include "base/base64.h"
#include "model/json_fields.h"

namespace plinth::api::openinference {
namespace {

using json::Field;
using json::FieldsOf;

constexpr std::string_view kFilePrefix = "file:";

// `read` gets each member of an object.
template <typename Read>
Status ForEach(const Field& field, Read read) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const auto members = FieldsOf(*object, field.key);
  if (!members) return Fail(members.error());
  for (const Field& member : *members) {
    if (Status done = read(member); !done) return done;
  }
  return {};
}

}  // namespace

Status AddLoadParameter(std::string_view name, std::string bytes, LoadRequest& request) {
  if (name == "config") {
    request.config = std::move(bytes);
    return {};
  }
  if (!name.starts_with(kFilePrefix)) {
    return Fail(Code::kInvalidArgument, "unknown parameter '" + std::string(name) +
                                            "', expected 'config' or 'file:<version>/<name>'");
  }
  auto file = UploadOf(name.substr(kFilePrefix.size()));
  if (!file) return Fail(std::move(file.error()));
  file->bytes = std::move(bytes);
  request.files.push_back(*std::move(file));
  return {};
}

Result<LoadRequest> DecodeLoad(std::string_view json) {
  LoadRequest request;
  if (json.empty()) return request;
  const auto document = json::Document::ParseObject(json, "request");
  if (!document) return Fail(document.error());
  simdjson::dom::element parameters;
  if (document->root().at_key("parameters").get(parameters) != simdjson::SUCCESS) return request;
  auto read = ForEach({"request", "parameters", parameters}, [&](const Field& field) -> Status {
    std::string_view text;
    if (field.value.get(text) != simdjson::SUCCESS) return field.Refuse("a string");
    if (!field.key.starts_with(kFilePrefix))
      return AddLoadParameter(field.key, std::string(text), request);
    std::string bytes(Base64DecodedBound(text.size()), '\0');
    const auto size = DecodeBase64(text, bytes.data());
    if (!size) return field.Refuse("base64");
    bytes.resize(*size);
    return AddLoadParameter(field.key, std::move(bytes), request);
  });
  if (!read) return Fail(std::move(read.error()));
  return request;
}

}  // namespace plinth::api::openinference
