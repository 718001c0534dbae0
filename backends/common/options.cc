#include "common/options.h"

#include <algorithm>
#include <charconv>

namespace plinth::kit {
namespace {

std::string Join(std::initializer_list<std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

}  // namespace

std::unexpected<Failure> RefuseOption(std::string_view key, std::string_view value,
                                      std::string_view expected) {
  return Fail(PLINTH_INVALID_ARGUMENT, "option '" + std::string(key) + "' is '" +
                                           std::string(value) + "'; it must be " +
                                           std::string(expected));
}

Result<Options> Options::Read(const plinth_load_request& request,
                              std::initializer_list<std::string_view> known) {
  Options options;
  for (std::size_t i = 0; i < request.option_count; ++i) {
    const std::string_view key = request.options[i].key;
    if (std::ranges::find(known, key) == known.end()) {
      return Fail(PLINTH_INVALID_ARGUMENT,
                  "this engine has no option '" + std::string(key) + "'; it has: " + Join(known));
    }
    options.values_[std::string(key)] = request.options[i].value;
  }
  return options;
}

std::string Options::Text(std::string_view key, std::string_view fallback) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string(fallback) : found->second;
}

Result<std::string> Options::Choice(std::string_view key,
                                    std::initializer_list<std::string_view> choices,
                                    std::string_view fallback) const {
  std::string value = Text(key, fallback);
  if (std::ranges::find(choices, value) == choices.end()) {
    return RefuseOption(key, value, "one of: " + Join(choices));
  }
  return value;
}

Result<std::int64_t> Options::Number(std::string_view key, std::int64_t least, std::int64_t most,
                                     std::int64_t fallback) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return fallback;
  const std::string& text = found->second;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most) {
    return RefuseOption(
        key, text, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return number;
}

Result<bool> Options::Flag(std::string_view key, bool fallback) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return fallback;
  if (found->second == "true") return true;
  if (found->second == "false") return false;
  return RefuseOption(key, found->second, "true or false");
}

}  // namespace plinth::kit
