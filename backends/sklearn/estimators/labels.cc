#include "estimators/labels.h"

#include <algorithm>

namespace plinth::sklearn {
namespace {

// Adds one label; false if it is not one, or not of the kind of those before it.
bool Add(const Value& value, Classes& to) {
  Classes::Type type = Classes::Type::kInts;
  if (value.IsText()) {
    type = Classes::Type::kStrings;
    to.strings.emplace_back(value.text);
  } else if (value.Is(Kind::kFloat)) {
    type = Classes::Type::kFloats;
    to.floats.push_back(value.real);
  } else if (value.Is(Kind::kInt) || value.Is(Kind::kBool)) {
    to.ints.push_back(value.integer);
  } else {
    return false;
  }
  const bool first = to.ints.size() + to.floats.size() + to.strings.size() == 1;
  if (first) to.type = type;
  return to.type == type;
}

std::optional<std::size_t> Place(const auto& among, const auto& label) {
  const auto found = std::ranges::find(among, label);
  if (found == among.end()) return std::nullopt;
  return static_cast<std::size_t>(found - among.begin());
}

double NumberAt(const Classes& labels, std::size_t i) {
  return labels.type == Classes::Type::kInts ? static_cast<double>(labels.ints[i])
                                             : labels.floats[i];
}

}  // namespace

Classes ReadLabels(Fitted& fitted, const Value& value, std::string_view name) {
  if (value.Is(Kind::kArray) && value.array && value.array->shape.size() == 1) {
    return fitted.ReadClasses(value, name);
  }
  Classes labels;
  bool good = true;
  if (value.IsSequence()) {
    good = fitted.limits().Charge(value.items.size() * sizeof(std::string));
    for (const Value* item : value.items) good = good && Add(*item, labels);
  } else {
    good = Add(value, labels);
  }
  if (!good) fitted.FailFor(name, "is " + Describe(value) + "; labels of one kind were expected");
  return good ? labels : Classes{};
}

std::optional<std::size_t> IndexOf(const Classes& classes, const Classes& labels, std::size_t i) {
  const bool texts = classes.type == Classes::Type::kStrings;
  if (texts != (labels.type == Classes::Type::kStrings)) return std::nullopt;
  if (texts) return Place(classes.strings, labels.strings[i]);
  if (classes.type == labels.type && classes.type == Classes::Type::kInts) {
    return Place(classes.ints, labels.ints[i]);
  }
  if (classes.type == Classes::Type::kFloats) return Place(classes.floats, NumberAt(labels, i));
  for (std::size_t at = 0; at < classes.size(); ++at) {
    if (NumberAt(classes, at) == NumberAt(labels, i)) return at;
  }
  return std::nullopt;
}

}  // namespace plinth::sklearn
