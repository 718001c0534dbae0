// Reading settings out of a parsed JSON object, with messages that name the key, what it was and
// what is expected.
//
// For documents that are small and read seldom (a deployment, its configuration, a model.json): the
// whole is parsed and checked first. The request path has its own reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "base/status.h"

namespace plinth::json {

inline constexpr std::size_t kMaxDepth = 100;

// A parsed document. The elements live as long as it does.
class Document {
 public:
  // `what` names the text in messages. INVALID_ARGUMENT for text that is no JSON, is nested deeper
  // than kMaxDepth or is no object.
  static Result<Document> ParseObject(std::string_view text, std::string_view what);

  simdjson::dom::object root() const { return root_; }

 private:
  Document() = default;

  std::unique_ptr<simdjson::dom::parser> parser_;  // elements point into it: it must not move
  simdjson::dom::object root_;
};

// One member of an object, on its way to a setting.
struct Field {
  std::string_view what;  // in which object: "config"
  std::string_view key;
  simdjson::dom::element value;

  // "config key 'batch_size' is \"x\", expected <expected>".
  [[nodiscard]] std::unexpected<Error> Refuse(std::string_view expected) const;
  // "config key 'batch_sizes' is unknown; did you mean ...? Known keys are ...".
  [[nodiscard]] std::unexpected<Error> Unknown(std::span<const std::string_view> known) const;

  Result<std::int64_t> Integer(std::int64_t least, std::int64_t most) const;
  Result<double> Number(double least, double most) const;
  Result<bool> Boolean() const;
  Result<std::string> Text() const;  // not empty, without NUL
  Result<simdjson::dom::object> Object() const;
  Result<simdjson::dom::array> Array() const;
};

// The members of `object` in order. INVALID_ARGUMENT for a key that is there twice.
Result<std::vector<Field>> FieldsOf(simdjson::dom::object object, std::string_view what);

}  // namespace plinth::json
