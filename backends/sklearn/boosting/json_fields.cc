#include "boosting/json_fields.h"

#include <cmath>
#include <limits>
#include <string>

#include "boosting/parse_number.h"

namespace plinth::sklearn {

const Json& JsonFields::Require(std::string_view name, Json::Type type) {
  static const Json kEmpty;
  const Json* found = object_.Find(name);
  if (found && found->Is(type)) return *found;
  fitted_.FailFor(name, found ? "of the model is of another type than was expected"
                              : "is missing in the model; it was saved before training, or by a "
                                "version that is not known");
  return kEmpty;
}

double JsonFields::Number(std::string_view name) {
  const Json* found = object_.Find(name);
  double number = 0;
  if (found && found->Is(Json::Type::kNumber)) return found->number;
  if (found && found->Is(Json::Type::kText) && ParseNumber(found->text, number)) return number;
  fitted_.FailFor(name, "of the model is missing or not a number");
  return 0;
}

double JsonFields::Number(std::string_view name, double otherwise) {
  return Has(name) ? Number(name) : otherwise;
}

std::size_t JsonFields::Count(std::string_view name, std::size_t least, std::size_t most) {
  const double number = Number(name);
  if (number >= static_cast<double>(least) && number <= static_cast<double>(most) &&
      number == std::floor(number)) {
    return static_cast<std::size_t>(number);
  }
  fitted_.FailFor(name, "of the model is not a whole number from " + std::to_string(least) +
                            " to " + std::to_string(most));
  return least;
}

std::string_view JsonFields::Text(std::string_view name) {
  return Require(name, Json::Type::kText).text;
}

const std::vector<double>& JsonFields::Numbers(std::string_view name) {
  const Json& array = Require(name, Json::Type::kArray);
  if (!array.items.empty()) fitted_.FailFor(name, "of the model is not an array of numbers");
  return array.numbers;
}

const std::vector<double>& JsonFields::Numbers(std::string_view name, std::size_t size) {
  const std::vector<double>& numbers = Numbers(name);
  if (numbers.size() != size && fitted_.ok()) {
    fitted_.FailFor(name, "of the model has " + std::to_string(numbers.size()) + " numbers; " +
                              std::to_string(size) + " were expected");
  }
  return numbers;
}

std::vector<std::int32_t> JsonFields::Ints(std::string_view name) {
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  std::vector<std::int32_t> ints;
  const std::vector<double>& numbers = Numbers(name);
  if (!fitted_.limits().Charge(numbers.size() * sizeof(std::int32_t))) {
    fitted_.Fail("it is too large for its file");
  }
  if (!fitted_.ok()) return ints;
  ints.reserve(numbers.size());
  for (double number : numbers) {
    if (!(number >= -kMost && number <= kMost && number == std::floor(number))) {
      fitted_.FailFor(name, "of the model holds something other than whole numbers");
      return {};
    }
    ints.push_back(static_cast<std::int32_t>(number));
  }
  return ints;
}

std::vector<std::int32_t> JsonFields::Ints(std::string_view name, std::size_t size) {
  std::vector<std::int32_t> ints = Ints(name);
  if (ints.size() != size && fitted_.ok()) {
    fitted_.FailFor(name, "of the model has " + std::to_string(ints.size()) + " numbers; " +
                              std::to_string(size) + " were expected");
  }
  return ints;
}

}  // namespace plinth::sklearn
