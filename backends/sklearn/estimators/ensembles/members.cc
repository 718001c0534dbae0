#include "estimators/ensembles/members.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace plinth::sklearn {
namespace {

// Where each of `some` stands in `all`, which is sorted; -1 for what is not there.
template <typename T>
std::vector<std::int32_t> Places(const std::vector<T>& some, const std::vector<T>& all) {
  std::vector<std::int32_t> places;
  places.reserve(some.size());
  for (const T& one : some) {
    const auto found = std::ranges::lower_bound(all, one);
    const bool there = found != all.end() && *found == one;
    places.push_back(there ? static_cast<std::int32_t>(found - all.begin()) : -1);
  }
  return places;
}

}  // namespace

void MergeTypes(const Traits& member, std::span<const std::size_t> columns,
                std::vector<ColumnType>& types) {
  for (std::size_t j = 0; j < member.inputs; ++j) {
    ColumnType& type = types[columns.empty() ? j : columns[j]];
    if (type == ColumnType::kAny || type == ColumnType::kUnused) type = member.InputType(j);
  }
}

std::vector<EstimatorPtr> ReadMembers(Fitted& fitted, std::string_view name, std::size_t width) {
  std::vector<EstimatorPtr> members;
  const Value* list = fitted.Require(name);
  if (list == nullptr) return members;
  if (!list->IsSequence() || list->items.empty()) {
    fitted.FailFor(name, "is " + Describe(*list) + "; estimators were expected");
    return members;
  }
  // Of some old estimators (dummies) nothing tells how many features they take but the others.
  for (const Value* item : list->items) {
    const Value* written = item->Attribute("n_features_in_");
    if (width == 0 && written && written->Is(Kind::kInt) && written->integer > 0) {
      width = static_cast<std::size_t>(written->integer);
    }
  }
  for (const Value* item : list->items) {
    members.push_back(fitted.Child(*item, width));
    if (!fitted.ok()) return {};
  }
  return members;
}

void DescribeInputs(Fitted& fitted, std::span<const EstimatorPtr> members, Traits& traits) {
  traits.takes_sparse = true;
  traits.inputs = members.front()->traits().inputs;
  traits.input_types.assign(traits.inputs, ColumnType::kUnused);
  for (const EstimatorPtr& member : members) {
    const Traits& part = member->traits();
    if (part.inputs != traits.inputs) {
      return fitted.Fail("one of its estimators takes " + std::to_string(traits.inputs) +
                         " features, another " + std::to_string(part.inputs));
    }
    MergeTypes(part, {}, traits.input_types);
    if (traits.names.empty()) traits.names = part.names;
    traits.takes_sparse = traits.takes_sparse && part.takes_sparse;
    traits.widest = std::max(traits.widest, part.widest);
  }
}

std::vector<std::int32_t> MatchClasses(Fitted& fitted, const Traits& member,
                                       const Classes& classes) {
  const Classes& own = member.classes;
  if (member.role != Role::kClassifier || own.size() == 0) {
    fitted.Fail(member.name + " is not a classifier of one target");
    return {};
  }
  std::vector<std::int32_t> places;
  if (own.type == classes.type) {
    switch (own.type) {
      case Classes::Type::kInts:
        places = Places(own.ints, classes.ints);
        break;
      case Classes::Type::kFloats:
        places = Places(own.floats, classes.floats);
        break;
      case Classes::Type::kStrings:
        places = Places(own.strings, classes.strings);
        break;
    }
  }
  if (places.empty() || std::ranges::find(places, -1) != places.end()) {
    fitted.Fail(member.name + " in it has a class that it does not have itself");
    return {};
  }
  return places;
}

std::vector<std::int32_t> ClassNumbers(Fitted& fitted, const Traits& member, std::size_t count) {
  return MatchClasses(fitted, member, NumberedClasses(count));
}

Classes NumberedClasses(std::size_t count) {
  Classes classes;
  classes.ints.resize(count);
  std::iota(classes.ints.begin(), classes.ints.end(), 0);
  return classes;
}

}  // namespace plinth::sklearn
