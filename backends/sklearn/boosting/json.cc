#include "boosting/json.h"

#include <simdjson.h>

#include <utility>

namespace plinth::sklearn {
namespace {

std::unexpected<Error> Bad(std::string_view problem) {
  return Fail(Code::kInvalidModel, "the JSON of the model " + std::string(problem));
}

class Converter {
 public:
  explicit Converter(ReadLimits& limits) : limits_(limits) {}

  Result<Json> Convert(simdjson::dom::element from, int depth) {
    using simdjson::dom::element_type;
    if (depth > Json::kMaxDepth) return Bad("is nested too deep");
    Json json;
    switch (from.type()) {
      case element_type::NULL_VALUE:
        return json;
      case element_type::BOOL:
        json.type = Json::Type::kNumber;
        json.number = from.get_bool().value_unsafe() ? 1 : 0;
        return json;
      case element_type::INT64:
      case element_type::UINT64:
      case element_type::DOUBLE:
        json.type = Json::Type::kNumber;
        json.number = from.get_double().value_unsafe();
        return json;
      case element_type::STRING:
        json.type = Json::Type::kText;
        json.text = from.get_string().value_unsafe();
        return limits_.Charge(json.text.size()) ? Result<Json>(std::move(json)) : TooLarge();
      case element_type::ARRAY:
        return ConvertArray(from.get_array().value_unsafe(), depth);
      case element_type::OBJECT:
        return ConvertObject(from.get_object().value_unsafe(), depth);
    }
    return Bad("holds something unknown");
  }

 private:
  static std::unexpected<Error> TooLarge() { return Bad("is far larger than its file"); }

  Result<Json> ConvertArray(simdjson::dom::array from, int depth) {
    Json json;
    json.type = Json::Type::kArray;
    for (simdjson::dom::element element : from) {
      auto item = Convert(element, depth + 1);
      if (!item) return item;
      if (!json.Append(std::move(*item), limits_)) return TooLarge();
    }
    return json;
  }

  Result<Json> ConvertObject(simdjson::dom::object from, int depth) {
    Json json;
    json.type = Json::Type::kObject;
    for (const auto& [key, element] : from) {
      auto member = Convert(element, depth + 1);
      if (!member) return member;
      if (!json.AddMember(std::string(key), std::move(*member), limits_)) return TooLarge();
    }
    return json;
  }

  ReadLimits& limits_;
};

}  // namespace

const Json* Json::Find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

bool Json::Append(Json element, ReadLimits& limits) {
  if (element.Is(Type::kNumber) && items.empty()) {
    numbers.push_back(element.number);
    return limits.Charge(sizeof(double));
  }
  if (!limits.Charge((numbers.size() + 1) * sizeof(Json))) return false;
  for (double kept : numbers) {
    items.emplace_back().type = Type::kNumber;
    items.back().number = kept;
  }
  numbers.clear();
  items.push_back(std::move(element));
  return true;
}

bool Json::AddMember(std::string key, Json member, ReadLimits& limits) {
  if (!limits.Charge(sizeof(Json) + sizeof(std::string) + key.size())) return false;
  keys.push_back(std::move(key));
  items.push_back(std::move(member));
  return true;
}

Result<Json> ParseJson(std::string_view bytes, ReadLimits& limits) {
  // The parser's own tape: at most eight bytes for each of the text.
  if (!limits.Charge(bytes.size() * 8)) return Bad("is too large");
  simdjson::dom::parser parser;
  if (parser.allocate(bytes.size(), Json::kMaxDepth + 1) != simdjson::SUCCESS) {
    return Fail(Code::kOutOfMemory, "there is not enough memory to read the model");
  }
  simdjson::dom::element root;
  if (const auto error = parser.parse(bytes.data(), bytes.size()).get(root)) {
    return Bad(std::string("cannot be read: ") + simdjson::error_message(error) +
               "; save it as .ubj, or again with a current version");
  }
  return Converter(limits).Convert(root, 0);
}

Result<Json> ParseJsonOrUbjson(std::string_view bytes, ReadLimits& limits) {
  // Behind the brace, UBJSON has the type of a key's length, or of all members; JSON has a quote,
  // a space or the other brace.
  const bool binary = bytes.size() > 1 && std::string_view("iUIlLN$#").contains(bytes[1]);
  return binary ? ParseUbjson(bytes, limits) : ParseJson(bytes, limits);
}

}  // namespace plinth::sklearn
