#include "model/json_fields.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/nearest.h"

namespace plinth::json {
namespace {

// The value as it was written, shortened, for a message.
std::string Shown(simdjson::dom::element value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  constexpr std::size_t kMost = 60;
  std::string text = simdjson::minify(value);
  if (text.size() <= kMost) return text;
  return text.substr(0, kMost) + "...";
}

// A key as it was written, shortened, for a message.
std::string ShownKey(std::string_view key) {
  constexpr std::size_t kMost = 60;
  if (key.size() <= kMost) return std::string(key);
  return std::string(key.substr(0, kMost)) + "...";
}

}  // namespace

Result<Document> Document::ParseObject(std::string_view text, std::string_view what) {
  Document document;
  document.parser_ = std::make_unique<simdjson::dom::parser>();
  const std::string name(what);
  if (text.empty()) return Fail(Code::kInvalidArgument, name + " is empty, expected a JSON object");
  simdjson::error_code failed = document.parser_->allocate(text.size(), kMaxDepth);
  simdjson::dom::element root;
  if (failed == simdjson::SUCCESS) {
    failed =
        document.parser_->parse(text.data(), text.size(), /*realloc_if_needed=*/true).get(root);
  }
  if (failed == simdjson::MEMALLOC) {
    return Fail(Code::kOutOfMemory, "there is no memory to read " + name);
  }
  if (failed == simdjson::DEPTH_ERROR) {
    return Fail(Code::kInvalidArgument,
                name + " is nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  if (failed != simdjson::SUCCESS) {
    return Fail(Code::kInvalidArgument,
                name + " is not valid JSON: " + simdjson::error_message(failed));
  }
  if (root.get(document.root_) != simdjson::SUCCESS) {
    return Fail(Code::kInvalidArgument, name + " is " + Shown(root) + ", expected a JSON object");
  }
  return document;
}

std::unexpected<Error> Field::Refuse(std::string_view expected) const {
  return Fail(Code::kInvalidArgument, std::string(what) + " key '" + ShownKey(key) + "' is " +
                                          Shown(value) + ", expected " + std::string(expected));
}

std::unexpected<Error> Field::Unknown(std::span<const std::string_view> known) const {
  std::string message = std::string(what) + " key '" + ShownKey(key) + "' is unknown";
  message += DidYouMean(key, known);
  message += message.ends_with('?') ? " Known keys are " : "; known keys are ";
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) message += ", ";
    message += known[i];
  }
  return Fail(Code::kInvalidArgument, std::move(message));
}

Result<std::int64_t> Field::Integer(std::int64_t least, std::int64_t most) const {
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < least || number > most) {
    return Refuse("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Result<double> Field::Number(double least, double most) const {
  double number = 0;
  // Written so that no NaN passes.
  if (value.get(number) != simdjson::SUCCESS || !(number >= least && number <= most)) {
    return Refuse(fmt::format("a number from {} to {}", least, most));
  }
  return number;
}

Result<bool> Field::Boolean() const {
  bool truth = false;
  if (value.get(truth) != simdjson::SUCCESS) return Refuse("true or false");
  return truth;
}

Result<std::string> Field::Text() const {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return Refuse("a string");
  if (text.empty()) return Refuse("a string that is not empty");
  if (text.find('\0') != std::string_view::npos) return Refuse("a string without NUL characters");
  return std::string(text);
}

Result<simdjson::dom::object> Field::Object() const {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return Refuse("an object");
  return object;
}

Result<simdjson::dom::array> Field::Array() const {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return Refuse("an array");
  return array;
}

Result<std::vector<Field>> FieldsOf(simdjson::dom::object object, std::string_view what) {
  std::vector<Field> fields;
  std::vector<std::string_view> keys;
  for (const auto [key, value] : object) {
    fields.push_back({what, key, value});
    keys.push_back(key);
  }
  std::ranges::sort(keys);
  if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end()) {
    return Fail(Code::kInvalidArgument,
                std::string(what) + " key '" + ShownKey(*twice) + "' is given twice");
  }
  return fields;
}

}  // namespace plinth::json
