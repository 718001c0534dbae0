#include "api/http/header_lists.h"

#include <charconv>

namespace plinth::api {
namespace {

std::string_view Trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

}  // namespace

std::string_view TakePart(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return Trimmed(part);
}

double WeightOf(std::string_view parameters) {
  double weight = 1;
  while (!parameters.empty()) {
    const std::string_view parameter = TakePart(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    const std::string_view number = parameter.substr(2);
    std::from_chars(number.data(), number.data() + number.size(), weight);
  }
  return weight;
}

}  // namespace plinth::api
