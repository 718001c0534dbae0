// The settings of a load, read by name with their limits.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "common/failure.h"
#include "plinth/backend.h"

namespace plinth::kit {

class Options {
 public:
  // INVALID_ARGUMENT for a key that is not in `known`, naming those that are.
  static Result<Options> Read(const plinth_load_request& request,
                              std::initializer_list<std::string_view> known);

  // The value of `key`, or `fallback` where it was not given.
  std::string Text(std::string_view key, std::string_view fallback) const;

  // As Text(), but one of `choices`; INVALID_ARGUMENT lists them.
  Result<std::string> Choice(std::string_view key, std::initializer_list<std::string_view> choices,
                             std::string_view fallback) const;

  // A decimal number between `least` and `most`.
  Result<std::int64_t> Number(std::string_view key, std::int64_t least, std::int64_t most,
                              std::int64_t fallback) const;

  // "true" or "false".
  Result<bool> Flag(std::string_view key, bool fallback) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// "option 'key' is 'value'; it must be <expected>".
[[nodiscard]] std::unexpected<Failure> RefuseOption(std::string_view key, std::string_view value,
                                                    std::string_view expected);

// The most threads that the "threads" option may ask for.
inline constexpr std::int64_t kMaxThreads = 1024;

}  // namespace plinth::kit
