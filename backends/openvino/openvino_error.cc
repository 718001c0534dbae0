#include "openvino/openvino_error.h"

#include <algorithm>
#include <array>

namespace plinth::openvino {
namespace {

constexpr std::array<std::string_view, 8> kNoise = {
    "Exception from ",
    "Check '",
    "Summary:",
    "To facilitate the conversion",
    "FrontEnd API failed with",
    "While validating node",
    "Assertion `",
    "Loading input model",
};

std::string_view Trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r-[");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r.") - first + 1);
}

}  // namespace

std::string CleanMessage(std::string_view message) {
  std::string text;
  for (std::size_t begin = 0; begin < message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    const std::string_view line = Trimmed(message.substr(begin, end - begin));
    begin = end + 1;
    const bool noise = std::ranges::any_of(
        kNoise, [line](std::string_view start) { return line.starts_with(start); });
    if (line.empty() || noise) continue;
    if (!text.empty()) text += "; ";
    text += line;
  }
  return text.empty() ? std::string(message) : text;
}

}  // namespace plinth::openvino
