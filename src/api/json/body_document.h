// A request's body as a JSON document that is read from front to back.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "base/buffer.h"
#include "base/status.h"

namespace plinth::api {

// Calls `see(key, value)`, which gives a Status, for each member of the object in their order,
// until one fails. What is no JSON is the error that `malformed(code)` gives.
template <typename Malformed, typename See>
Status ForEachMember(simdjson::ondemand::object& object, Malformed malformed, See see) {
  for (auto field : object) {
    std::string_view key;
    simdjson::ondemand::value value;
    if (const auto failed = field.unescaped_key().get(key)) return Fail(malformed(failed));
    if (const auto failed = field.value().get(value)) return Fail(malformed(failed));
    if (auto seen = see(key, value); !seen) return seen;
  }
  return {};
}

// The body that is being read.
struct JsonBody {
  simdjson::ondemand::document& document;
  std::string_view text;

  // For a body that is not JSON: what the parser found, and where.
  Error Malformed(simdjson::error_code code) const;

  // The same for an object of this body.
  template <typename See>
  Status ForEachMember(simdjson::ondemand::object& object, See see) const {
    return api::ForEachMember(
        object, [this](simdjson::error_code code) { return Malformed(code); }, std::move(see));
  }

  // Whether all of it has been read, and nothing stands behind its value.
  bool AtEnd() const;

  // Whether the object that begins at `brace` is {"b64": ...}: the bytes of one element.
  bool IsBase64(const char* brace) const;

  // The first character of the token behind the one that `value` begins with. Within the body or
  // its padding.
  static const char* NextToken(simdjson::ondemand::value value);
};

// A parsed body, used by the thread that parsed it, one at a time.
class BodyDocument {
 public:
  // `body` has HttpRequest::kBodyPadding readable bytes behind it, and outlives the document.
  // INVALID_ARGUMENT for what is no JSON already at first sight, OUT_OF_MEMORY.
  static Result<BodyDocument> Parse(const Buffer& body);

  JsonBody body() { return {document_, text_}; }

 private:
  using Parser = simdjson::ondemand::parser;

  BodyDocument(std::unique_ptr<Parser> parser, simdjson::ondemand::document document,
               std::string_view text)
      : parser_(std::move(parser)), document_(std::move(document)), text_(text) {}

  std::unique_ptr<Parser> parser_;  // nullptr: the thread's own
  simdjson::ondemand::document document_;
  std::string_view text_;
};

}  // namespace plinth::api
