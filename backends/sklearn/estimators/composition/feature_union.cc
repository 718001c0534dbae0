// FeatureUnion: several transformers on the same columns.
#include <utility>

#include "estimators/composition/side_by_side.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// transformer_weights: {name: number}, or None.
double WeightOf(Fitted& fitted, std::string_view name) {
  const Value* weights = fitted.Find("transformer_weights");
  const Value* weight = weights ? weights->Get(name) : nullptr;
  if (weight == nullptr) return 1;
  const Matrix number = fitted.ReadMatrix(*weight, "transformer_weights");
  return number.data.size() == 1 ? number.data[0] : 1;
}

// transformer_list: [(name, transformer or "drop" or "passthrough" or None), ...]
EstimatorPtr ReadFeatureUnion(Fitted& fitted) {
  const Value* list = fitted.Require("transformer_list");
  if (list == nullptr) return nullptr;
  if (!list->IsSequence()) {
    fitted.Fail("'transformer_list' is " + Describe(*list) + "; a list was expected");
    return nullptr;
  }
  std::vector<Branch> branches;
  std::size_t inputs = fitted.GivenWidth();
  std::vector<std::size_t> passed;  // branches that wait for the number of columns to be known
  for (const Value* entry : list->items) {
    if (!entry->IsSequence() || entry->items.size() != 2 || !entry->items[0]->IsText()) {
      fitted.Fail("a transformer is " + Describe(*entry) + "; (name, transformer) was expected");
      return nullptr;
    }
    const Value& transformer = *entry->items[1];
    if (transformer.IsNone() || (transformer.IsText() && transformer.text == "drop")) continue;
    Branch branch;
    branch.weight = WeightOf(fitted, entry->items[0]->text);
    if (transformer.IsText() && transformer.text == "passthrough") {
      passed.push_back(branches.size());
    } else {
      branch.transformer = fitted.Child(transformer, inputs);
      if (branch.transformer == nullptr) return nullptr;
      inputs = branch.transformer->traits().inputs;
    }
    branches.push_back(std::move(branch));
  }
  if (inputs == 0) inputs = fitted.Inputs();
  if (!fitted.ok()) return nullptr;
  for (std::size_t i : passed) branches[i].transformer = MakeIdentity(inputs);
  return MakeSideBySide(fitted, inputs, std::move(branches));
}

}  // namespace

std::span<const RegistryEntry> FeatureUnions() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.pipeline.FeatureUnion", ReadFeatureUnion}};
  return kEntries;
}

}  // namespace plinth::sklearn
