// A document as XGBoost and CatBoost write it: JSON, in text or in the binary form UBJSON.
//
// An array of numbers, which is nearly all of a model, is kept as such. Numbers are doubles: those
// of a model are float32, or counts that a double holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "estimators/fitted.h"

namespace plinth::sklearn {

struct Json {
  enum class Type : std::uint8_t { kNull, kNumber, kText, kArray, kObject };
  // How deep arrays and objects may be in each other.
  static constexpr int kMaxDepth = 32;

  Type type = Type::kNull;
  double number = 0;              // also true and false, as 1 and 0
  std::string text;               // kText
  std::vector<double> numbers;    // kArray of nothing but numbers
  std::vector<Json> items;        // any other kArray; the members of a kObject
  std::vector<std::string> keys;  // kObject: as many as items

  bool Is(Type t) const { return type == t; }
  // A member of an object. Null where there is none.
  const Json* Find(std::string_view key) const;
  // Adds an element to an array. False if the limits are passed.
  [[nodiscard]] bool Append(Json element, ReadLimits& limits);
  [[nodiscard]] bool AddMember(std::string key, Json member, ReadLimits& limits);
};

// INVALID_MODEL if the bytes are not a whole document, or if it is nested too deep or takes more
// memory than the limits leave.
Result<Json> ParseJson(std::string_view bytes, ReadLimits& limits);
Result<Json> ParseUbjson(std::string_view bytes, ReadLimits& limits);

// Either, by its first bytes.
Result<Json> ParseJsonOrUbjson(std::string_view bytes, ReadLimits& limits);

}  // namespace plinth::sklearn
