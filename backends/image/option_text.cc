#include "image/option_text.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "common/options.h"

namespace plinth::image {
namespace {

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Without the brackets of a list, if it has both.
std::string_view Unbracketed(std::string_view text) {
  text = Trim(text);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

std::vector<std::string_view> Split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find_first_of(separators);
    parts.push_back(Trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <typename T>
std::optional<T> Whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A finite number or fraction.
std::optional<float> Number(std::string_view text) {
  const auto bar = text.find('/');
  const auto numerator = Whole<double>(Trim(text.substr(0, bar)));
  const auto denominator =
      bar == std::string_view::npos ? 1.0 : Whole<double>(Trim(text.substr(bar + 1)));
  if (!numerator || !denominator) return std::nullopt;
  const auto value = static_cast<float>(*numerator / *denominator);
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

kit::Result<std::vector<float>> ReadNumbers(std::string_view key, std::string_view text) {
  std::vector<float> numbers;
  for (const std::string_view part : Split(Unbracketed(text), ",")) {
    const auto number = Number(part);
    if (!number) {
      return kit::RefuseOption(key, text,
                               "a number (0.5 or 1/255) or a list of numbers ([0.5, 0.4, 0.3])");
    }
    numbers.push_back(*number);
  }
  return numbers;
}

kit::Result<Extent> ReadExtent(std::string_view key, std::string_view text) {
  const auto parts = Split(Unbracketed(text), ",x");
  const auto height = Whole<std::int64_t>(parts.front());
  const auto width = Whole<std::int64_t>(parts.back());
  const auto fits = [](const std::optional<std::int64_t>& side) {
    return side && *side >= 1 && *side <= kMaxSide;
  };
  if (parts.size() > 2 || !fits(height) || !fits(width)) {
    return kit::RefuseOption(
        key, text,
        "height x width ('224x320' or '[224, 320]') or one side of a square ('224'), "
        "each from 1 to " +
            std::to_string(kMaxSide));
  }
  return Extent{*height, *width};
}

}  // namespace plinth::image
