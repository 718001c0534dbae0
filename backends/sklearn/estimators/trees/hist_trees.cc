#include "estimators/trees/hist_trees.h"

#include <array>
#include <string>
#include <utility>

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

constexpr std::size_t kWords = kHistCategories / 64;
using Bitset = std::array<std::uint64_t, kWords>;

template <typename T>
std::vector<T> Take(Fitted& fitted, Result<std::vector<T>> result) {
  if (result) return std::move(*result);
  fitted.Fail("its trees: " + result.error().message);
  return {};
}

// The categories that fit() saw in each feature; none for features that are not categorical.
std::vector<Bitset> ReadKnownCategories(Fitted& fitted, std::size_t inputs) {
  std::vector<Bitset> known(inputs);
  const Value* mapper = fitted.Require("_bin_mapper");
  if (mapper == nullptr) return known;
  Fitted part = fitted.Part(*mapper);
  const std::vector<std::int64_t> categorical = part.Ints("is_categorical_");
  const Value* thresholds = part.Require("bin_thresholds_");
  if (part.ok() && (!thresholds->IsSequence() || thresholds->items.size() != inputs ||
                    categorical.size() != inputs)) {
    part.Fail("it is not for " + std::to_string(inputs) + " features");
  }
  for (std::size_t i = 0; part.ok() && i < inputs; ++i) {
    if (categorical[i] == 0) continue;
    for (double category : part.ReadMatrix(*thresholds->items[i], "bin_thresholds_").data) {
      if (!(category >= 0 && category < kHistCategories)) {
        part.FailFor("bin_thresholds_", "holds a category that cannot be");
        break;
      }
      const auto bit = static_cast<std::size_t>(category);
      known[i][bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
  if (!part.ok()) fitted.Fail(part.error().message);
  return known;
}

// The columns of the trees' nodes that are needed.
struct Nodes {
  std::vector<double> value;
  std::vector<double> threshold;
  std::vector<std::int64_t> feature;
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
  std::vector<std::int64_t> is_leaf;
  std::vector<std::int64_t> missing_left;
  std::vector<std::int64_t> is_categorical;
  std::vector<std::int64_t> set;
  std::vector<std::int64_t> sets;  // [sets, 8] words of 32 bits: the categories that go left

  std::size_t size() const { return value.size(); }
};

Nodes ReadNodes(Fitted& fitted, const Value& predictor) {
  const Value* nodes = predictor.Attribute("nodes");
  const Value* sets = predictor.Attribute("raw_left_cat_bitsets");
  const bool arrays = nodes && nodes->Is(Kind::kArray) && nodes->array &&
                      nodes->array->dtype->structured() &&
                      (!sets || (sets->Is(Kind::kArray) && sets->array));
  if (!arrays) {
    fitted.Fail("'_predictors' holds " + Describe(predictor) + "; a fitted tree was expected");
    return {};
  }
  const Array& array = *nodes->array;
  // Nine columns, and the nodes made of them.
  constexpr std::size_t kNumbersANode = 16;
  const std::size_t numbers = kNumbersANode * array.count + (sets ? sets->array->count : 0);
  if (!fitted.limits().Charge(numbers * sizeof(double))) {
    fitted.Fail("its trees are too large for its file");
    return {};
  }
  Nodes read;
  read.value = Take(fitted, FieldToDoubles(array, "value"));
  read.threshold = Take(fitted, FieldToDoubles(array, "num_threshold"));
  read.feature = Take(fitted, FieldToInts(array, "feature_idx"));
  read.left = Take(fitted, FieldToInts(array, "left"));
  read.right = Take(fitted, FieldToInts(array, "right"));
  read.is_leaf = Take(fitted, FieldToInts(array, "is_leaf"));
  read.missing_left = Take(fitted, FieldToInts(array, "missing_go_to_left"));
  read.is_categorical = Take(fitted, FieldToInts(array, "is_categorical"));
  read.set = Take(fitted, FieldToInts(array, "bitset_idx"));
  if (sets) read.sets = Take(fitted, ToInts(*sets->array));
  return fitted.ok() ? std::move(read) : Nodes{};
}

// The set of a categorical split. A category that fit() did not see goes where missing values go.
CategorySet LeftCategories(const Nodes& nodes, std::size_t node, const Bitset& known) {
  const bool missing_left = nodes.missing_left[node] != 0;
  CategorySet set{std::vector<std::uint64_t>(kWords), missing_left};
  const std::int64_t* words = nodes.sets.data() + nodes.set[node] * 2 * kWords;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint64_t left = static_cast<std::uint32_t>(words[2 * i]) |
                               static_cast<std::uint64_t>(words[2 * i + 1]) << 32;
    set.bits[i] = missing_left ? left | ~known[i] : left;
  }
  return set;
}

void AddTree(Fitted& fitted, TreeSet<double>& trees, const Nodes& nodes,
             const std::vector<Bitset>& known) {
  const std::size_t sets = nodes.sets.size() / (2 * kWords);
  std::vector<SourceNode<double>> source(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes.is_leaf[i] != 0) continue;
    SourceNode<double>& node = source[i];
    node.left = nodes.left[i];
    node.right = nodes.right[i];
    node.feature = nodes.feature[i];
    node.threshold = nodes.threshold[i];
    node.missing_left = nodes.missing_left[i] != 0;
    if (nodes.is_categorical[i] == 0) continue;
    const bool feature_known =
        node.feature >= 0 && static_cast<std::size_t>(node.feature) < known.size();
    if (!feature_known || nodes.set[i] < 0 || static_cast<std::size_t>(nodes.set[i]) >= sets) {
      return fitted.Fail("node " + std::to_string(i) + " of its tree has no categories");
    }
    const Bitset& seen = known[static_cast<std::size_t>(node.feature)];
    node.categories = trees.AddCategories(fitted, LeftCategories(nodes, i, seen));
  }
  trees.Add(fitted, source, nodes.value);
}

}  // namespace

TreeSet<double> ReadHistTrees(Fitted& fitted, std::size_t inputs, std::size_t per_iteration) {
  TreeSet<double> trees(inputs, 1);
  const Value* iterations = fitted.Require("_predictors");
  if (!fitted.ok()) return trees;
  if (!fitted.limits().Charge(inputs * sizeof(Bitset))) {
    fitted.Fail("its trees are too large for its file");
    return trees;
  }
  const std::vector<Bitset> known = ReadKnownCategories(fitted, inputs);
  if (!iterations->IsSequence()) {
    fitted.FailFor("_predictors", "is " + Describe(*iterations) + "; a list was expected");
    return trees;
  }
  for (const Value* iteration : iterations->items) {
    if (!iteration->IsSequence() || iteration->items.size() != per_iteration) {
      fitted.FailFor("_predictors", "holds " + Describe(*iteration) + "; " +
                                        std::to_string(per_iteration) +
                                        " trees an iteration were expected");
      return trees;
    }
    for (const Value* predictor : iteration->items) {
      const Nodes nodes = ReadNodes(fitted, *predictor);
      if (fitted.ok()) AddTree(fitted, trees, nodes, known);
      if (!fitted.ok()) return trees;
    }
  }
  return trees;
}

}  // namespace plinth::sklearn
