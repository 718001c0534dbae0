// A small JSON parser that words and places its errors as RapidJSON does.
//
// For bodies that have been refused: what TF Serving says of them depends on all of the body, which
// the reader of tensors never holds. Bounded by the size of the text and by kMaxDepth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plinth::api::tfserving {

struct JsonValue {
  enum class Kind { kNull, kFalse, kTrue, kObject, kArray, kString, kNumber };

  static constexpr std::size_t kMaxDepth = 100;

  Kind kind = Kind::kNull;
  std::string_view token{};           // of a number; of a string what is between its quotes
  std::vector<JsonValue> children{};  // of an array; of an object each key, and its value behind it

  bool IsObject() const { return kind == Kind::kObject; }
  bool IsArray() const { return kind == Kind::kArray; }
  bool IsString() const { return kind == Kind::kString; }
  bool IsNumber() const { return kind == Kind::kNumber; }
  // A number without fraction and exponent, in that range.
  bool IsWhole(std::int64_t least, std::uint64_t most) const;

  std::string_view KindName() const;  // "Null", "Number", ...

  // Of a string, with escapes resolved but for \u, which stays.
  std::string Text() const;

  // The value of the first member of that name; nullptr if there is none, or this is no object.
  const JsonValue* Find(std::string_view name) const;

  // Indented by four blanks, at most about a thousand characters.
  std::string Pretty() const;
};

struct JsonFault {
  std::string what;  // "Missing a comma or ] after an array element."; empty: nested too deeply
  std::size_t offset = 0;
};

// `text` outlives the value.
std::expected<JsonValue, JsonFault> ParseJsonTree(std::string_view text);

}  // namespace plinth::api::tfserving
