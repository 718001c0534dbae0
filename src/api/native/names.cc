#include "api/native/names.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace plinth::api {
namespace {

constexpr std::size_t kLongest = 128;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

}  // namespace

Status CheckName(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= kLongest && name.front() != '.' &&
      std::ranges::all_of(name, IsNameCharacter)) {
    return {};
  }
  std::string shown(name.substr(0, kLongest));
  if (name.size() > kLongest) shown += "...";
  return Fail(Code::kInvalidArgument,
              std::string(what) + " '" + shown +
                  "' is not allowed: use 1 to 128 letters, digits, '_', '-' "
                  "and '.', and no '.' at the beginning");
}

}  // namespace plinth::api
