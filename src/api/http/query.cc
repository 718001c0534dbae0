#include "api/http/query.h"

#include <algorithm>
#include <cstddef>

#include "base/nearest.h"

namespace plinth::api {
namespace {

constexpr std::size_t kMostParameters = 100;
constexpr std::size_t kShown = 100;  // of a name that is refused

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string DecodedValue(std::string_view value) {
  std::string text(value);
  std::ranges::replace(text, '+', ' ');
  return PercentDecoded(text);
}

Result<std::vector<QueryParameter>> ParseQuery(std::string_view query) {
  std::vector<QueryParameter> parameters;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    if (parameters.size() == kMostParameters) {
      return Fail(Code::kInvalidArgument,
                  "the query has more than " + std::to_string(kMostParameters) + " parameters");
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    parameters.push_back(
        {DecodedValue(part.substr(0, equals)), part.substr(std::min(equals + 1, part.size()))});
  }
  return parameters;
}

Status CheckParameters(std::span<const QueryParameter> parameters,
                       std::span<const std::string_view> known) {
  const auto refuse = [](const QueryParameter& parameter, const std::string& why) {
    return Fail(Code::kInvalidArgument,
                "query parameter '" + parameter.name.substr(0, kShown) + "' is " + why);
  };
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const QueryParameter& parameter = parameters[i];
    if (std::ranges::find(known, parameter.name) == known.end()) {
      std::string list;
      for (const std::string_view name : known) list.append(list.empty() ? "" : ", ").append(name);
      return refuse(parameter, "unknown" + DidYouMean(parameter.name, known) + " (known ones are " +
                                   list + ")");
    }
    const auto before = parameters.first(i);
    if (std::ranges::find(before, parameter.name, &QueryParameter::name) != before.end())
      return refuse(parameter, "given twice");
  }
  return {};
}

}  // namespace plinth::api
