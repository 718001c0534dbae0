#include "api/http/names.h"

#include <cstddef>
#include <string>

#include "base/name.h"

namespace plinth::api {
namespace {

// How much of a refused name is shown.
constexpr std::size_t kLongest = 128;

}  // namespace

Status CheckName(std::string_view what, std::string_view name) {
  if (IsName(name)) return {};
  std::string shown(name.substr(0, kLongest));
  if (name.size() > kLongest) shown += "...";
  return Fail(Code::kInvalidArgument,
              std::string(what) + " '" + shown +
                  "' is not allowed: use 1 to 128 letters, digits, '_', '-' "
                  "and '.', and no '.' at the beginning");
}

}  // namespace plinth::api
