#include "estimators/trees/sklearn_tree.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

// The largest float that is not above `threshold`.
float RoundDown(double threshold) {
  const float nearest = static_cast<float>(threshold);
  if (static_cast<double>(nearest) <= threshold || std::isnan(threshold)) return nearest;
  return std::nextafter(nearest, -std::numeric_limits<float>::infinity());
}

template <typename T>
std::vector<T> Take(Fitted& fitted, Result<std::vector<T>> result) {
  if (result) return std::move(*result);
  fitted.Fail("its tree: " + result.error().message);
  return {};
}

// The array of nodes. Null, and an error, if there is none.
const Array* NodesOf(Fitted& fitted, const Value& tree) {
  const Value* nodes = tree.Attribute("nodes");
  if (nodes && nodes->Is(Kind::kArray) && nodes->array && nodes->array->dtype->structured()) {
    return nodes->array;
  }
  fitted.Fail(
      "its tree has no nodes and values; it was saved before fit(), or by a version that is not "
      "known");
  return nullptr;
}

// The same for one field of them, which takes eight bytes a node.
const Array* ChargedNodesOf(Fitted& fitted, const Value& tree) {
  const Array* array = NodesOf(fitted, tree);
  if (array == nullptr || fitted.limits().Charge(array->count * sizeof(std::int64_t))) return array;
  fitted.Fail("its trees are too large for its file");
  return nullptr;
}

std::vector<SourceNode<float>> ReadNodes(Fitted& fitted, const Array& array) {
  const auto left = Take(fitted, FieldToInts(array, "left_child"));
  const auto right = Take(fitted, FieldToInts(array, "right_child"));
  const auto feature = Take(fitted, FieldToInts(array, "feature"));
  const auto threshold = Take(fitted, FieldToDoubles(array, "threshold"));
  // Trees from before scikit-learn 1.3 do not have it.
  std::vector<std::int64_t> missing_left(left.size(), 0);
  if (array.dtype->Find("missing_go_to_left")) {
    missing_left = Take(fitted, FieldToInts(array, "missing_go_to_left"));
  }
  std::vector<SourceNode<float>> nodes;
  if (!fitted.ok()) return nodes;
  nodes.reserve(left.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    nodes.push_back({.left = left[i],
                     .right = right[i],
                     .feature = feature[i],
                     .threshold = RoundDown(threshold[i]),
                     .missing_left = missing_left[i] != 0});
  }
  return nodes;
}

}  // namespace

SklearnTree ReadSklearnTree(Fitted& fitted, const Value& tree) {
  const Array* array = NodesOf(fitted, tree);
  if (array == nullptr) return {};
  const Value* values = tree.Attribute("values");
  if (values == nullptr || !values->Is(Kind::kArray) || values->array == nullptr) {
    fitted.Fail("its tree has no values");
    return {};
  }
  constexpr std::size_t kNumbersANode = 10;
  const std::size_t numbers = kNumbersANode * array->count + values->array->count;
  if (!fitted.limits().Charge(numbers * sizeof(double))) {
    fitted.Fail("its trees are too large for its file");
    return {};
  }
  SklearnTree read;
  read.nodes = ReadNodes(fitted, *array);
  read.values = Take(fitted, ToDoubles(*values->array));
  if (!fitted.ok()) return {};
  if (read.nodes.empty() || read.values.empty() || read.values.size() % read.nodes.size() != 0) {
    fitted.Fail("its tree has " + std::to_string(read.nodes.size()) + " nodes and " +
                std::to_string(read.values.size()) + " values; as many for each were expected");
    return {};
  }
  read.width = read.values.size() / read.nodes.size();
  return read;
}

std::vector<std::int64_t> ReadNodeField(Fitted& fitted, const Value& tree, std::string_view field) {
  const Array* array = ChargedNodesOf(fitted, tree);
  return array ? Take(fitted, FieldToInts(*array, field)) : std::vector<std::int64_t>();
}

std::vector<double> ReadNodeNumbers(Fitted& fitted, const Value& tree, std::string_view field) {
  const Array* array = ChargedNodesOf(fitted, tree);
  return array ? Take(fitted, FieldToDoubles(*array, field)) : std::vector<double>();
}

void AddSklearnTree(Fitted& fitted, TreeSet<float>& trees, const Value& tree) {
  const SklearnTree read = ReadSklearnTree(fitted, tree);
  trees.Add(fitted, read.nodes, read.values);
}

void ForEachFittedTree(Fitted& fitted, const std::function<void(const Value& tree)>& add) {
  const Value* estimators = fitted.Require("estimators_");
  if (estimators == nullptr) return;
  if (!estimators->IsSequence() || estimators->items.empty()) {
    return fitted.Fail("'estimators_' is " + Describe(*estimators) + "; trees were expected");
  }
  for (const Value* estimator : estimators->items) {
    const Value* tree = estimator->Attribute("tree_");
    if (tree == nullptr) {
      return fitted.Fail("'estimators_' holds " + Describe(*estimator) +
                         "; a fitted tree was expected");
    }
    add(*tree);
    if (!fitted.ok()) return;
  }
}

Accepts TreeAccepts(Fitted& fitted, int nan_since) {
  if (!fitted.VersionAtLeast(1, nan_since)) return Accepts::kFinite;
  const std::string_view criterion = fitted.Text("criterion", "");
  const bool monotonic = fitted.Has("monotonic_cst");
  const bool nan = fitted.VersionAtLeast(1, 9) || (criterion != "absolute_error" && !monotonic);
  return nan ? Accepts::kNaN : Accepts::kFinite;
}

Result<FeatureBlock<float>> TreeEstimator::ToFeatures(Rows rows, Scratch::Frame& frame) const {
  if (accepts_ == Accepts::kAny) return FeatureBlock<float>::Of(rows, frame);
  const bool nan = accepts_ == Accepts::kNaN;
  if (Status finite = CheckFinite(rows, nan); !finite) return Fail(finite.error());
  const auto block = FeatureBlock<float>::Of(rows, frame);
  if (!block.has_nan) return block;
  for (std::size_t i = 0; i < rows.count * rows.width; ++i) {
    if (!std::isinf(static_cast<float>(rows.data[i]))) continue;
    return Fail(Code::kInvalidArgument, "Input X contains a value too large for float32 (row " +
                                            std::to_string(rows.first + i / rows.width) +
                                            ", column " + std::to_string(i % rows.width) + "). " +
                                            traits().name + " computes in float32");
  }
  return block;
}

}  // namespace plinth::sklearn
