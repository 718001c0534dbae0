#include "api/json/element_wording.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

namespace plinth::api {
namespace {

constexpr std::size_t kShownToken = 40;

// What Python and JavaScript write for numbers that JSON does not have.
bool LooksLikeNonFinite(std::string_view token) {
  if (token.starts_with('-') || token.starts_with('+')) token.remove_prefix(1);
  return token.starts_with("NaN") || token.starts_with("nan") || token.starts_with("Inf") ||
         token.starts_with("inf");
}

template <typename T>
std::string RangeOf() {
  return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
         std::to_string(std::numeric_limits<T>::max());
}

}  // namespace

std::string ShownToken(std::string_view token) {
  switch (token.empty() ? '\0' : token.front()) {
    case '[':
      return "an array";
    case '{':
      return "an object";
    default:
      break;
  }
  if (token.size() <= kShownToken) return std::string(token);
  return std::string(token.substr(0, kShownToken)) + "...";
}

std::string_view HintFor(std::string_view token) {
  if (!LooksLikeNonFinite(token)) return {};
  return "; JSON has no NaN and no Infinity: write null for a missing value";
}

std::string ExpectedElement(DType type) {
  const auto named = [type](std::string text) {
    return std::move(text) + " (" + std::string(NameOf(type)) + ")";
  };
  switch (type) {
    case DType::kBool:
      return named("true, false, 0 or 1");
    case DType::kInt8:
      return named(RangeOf<std::int8_t>());
    case DType::kInt16:
      return named(RangeOf<std::int16_t>());
    case DType::kInt32:
      return named(RangeOf<std::int32_t>());
    case DType::kInt64:
      return named(RangeOf<std::int64_t>());
    case DType::kUint8:
      return named(RangeOf<std::uint8_t>());
    case DType::kUint16:
      return named(RangeOf<std::uint16_t>());
    case DType::kUint32:
      return named(RangeOf<std::uint32_t>());
    case DType::kUint64:
      return named(RangeOf<std::uint64_t>());
    case DType::kBytes:
      return named("a string or {\"b64\": \"...\"}");
    default:
      return "a number that fits " + std::string(NameOf(type));
  }
}

}  // namespace plinth::api
