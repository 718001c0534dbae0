#include "boosting/lightgbm/text.h"

#include <charconv>
#include <string>

#include "boosting/parse_number.h"

namespace plinth::sklearn::lightgbm {
namespace {

template <typename T>
bool Parse(std::string_view text, T& number) {
  if constexpr (std::is_same_v<T, double>) {
    return ParseNumber(text, number);
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
  }
}

template <typename T>
std::vector<T> ParseList(Fitted& fitted, std::string_view key, std::string_view text,
                         std::size_t size) {
  std::vector<T> numbers;
  // Each takes two bytes of the file, so that `size` alone makes nothing large.
  if (!fitted.limits().Charge(text.size() / 2 * sizeof(T))) fitted.Fail("its trees are too large");
  while (fitted.ok() && !text.empty()) {
    const std::string_view word = TakeUpTo(text, ' ');
    if (word.empty()) continue;
    if (!Parse(word, numbers.emplace_back())) {
      fitted.FailFor(key, "of a tree holds something other than numbers of its type");
    }
  }
  if (numbers.size() != size && fitted.ok()) {
    fitted.FailFor(key, "of a tree has " + std::to_string(numbers.size()) + " numbers; " +
                            std::to_string(size) + " were expected");
  }
  return numbers;
}

}  // namespace

std::string_view TakeUpTo(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

void Section::Add(std::string_view line) {
  const std::string_view key = TakeUpTo(line, '=');
  lines_.emplace_back(key, line);
}

std::string_view Section::Find(std::string_view key) const {
  for (const auto& [name, value] : lines_) {
    if (name == key) return value;
  }
  return {};
}

std::vector<double> Section::Numbers(Fitted& fitted, std::string_view key, std::size_t size) const {
  return ParseList<double>(fitted, key, Find(key), size);
}

std::vector<std::int32_t> Section::Ints(Fitted& fitted, std::string_view key,
                                        std::size_t size) const {
  return ParseList<std::int32_t>(fitted, key, Find(key), size);
}

std::vector<std::uint32_t> Section::Words(Fitted& fitted, std::string_view key,
                                          std::size_t size) const {
  return ParseList<std::uint32_t>(fitted, key, Find(key), size);
}

std::size_t Section::Count(Fitted& fitted, std::string_view key, std::size_t most,
                           std::size_t otherwise) const {
  if (!Has(key)) return otherwise;
  std::size_t count = 0;
  if (Parse(Find(key), count) && count <= most) return count;
  fitted.FailFor(key, "of the model is not a whole number up to " + std::to_string(most));
  return 0;
}

ModelText SplitModel(Fitted& fitted, std::string_view text) {
  ModelText model;
  Section* section = &model.header;
  while (!text.empty()) {
    std::string_view line = TakeUpTo(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line == "end of trees") return model;
    if (line.empty()) continue;
    if (!fitted.limits().Charge(2 * sizeof(std::string_view) + sizeof(Section))) break;
    if (line.starts_with("Tree=")) {
      section = &model.trees.emplace_back();
    } else {
      section->Add(line);
    }
  }
  fitted.Fail("its model text has no 'end of trees': it is not whole, or not a model of LightGBM");
  return model;
}

}  // namespace plinth::sklearn::lightgbm
