#include "boosting/lightgbm/tree.h"

#include <algorithm>
#include <string>
#include <utility>

namespace plinth::sklearn::lightgbm {
namespace {

constexpr std::size_t kMaxLeaves = std::size_t{1} << 28;

// The bits of decision_type.
constexpr std::int32_t kCategorical = 1;
constexpr std::int32_t kDefaultLeft = 2;
enum class Missing : std::uint8_t { kNone = 0, kZero = 1, kNaN = 2 };
Missing MissingOf(std::int32_t decision) { return static_cast<Missing>(decision >> 2 & 3); }

using Nodes = std::vector<SourceNode<double>>;

// The sets of categories that go left, by the number that stands in place of a threshold.
std::vector<std::int32_t> ReadCategories(Fitted& fitted, const Section& tree,
                                         TreeSet<double>& trees) {
  std::vector<std::int32_t> sets;
  const std::size_t count = tree.Count(fitted, "num_cat", kMaxLeaves, 0);
  if (count == 0) return sets;
  const std::vector<std::int32_t> bounds = tree.Ints(fitted, "cat_boundaries", count + 1);
  if (!fitted.ok()) return sets;
  const auto size = static_cast<std::size_t>(std::max(bounds[count], 0));
  const std::vector<std::uint32_t> words = tree.Words(fitted, "cat_threshold", size);
  for (std::size_t i = 0; fitted.ok() && i < count; ++i) {
    const std::int32_t begin = bounds[i];
    const std::int32_t end = bounds[i + 1];
    if (begin < 0 || end < begin || static_cast<std::size_t>(end) > size) {
      fitted.FailFor("cat_boundaries", "of a tree are not rising");
      break;
    }
    CategorySet set;
    set.bits.resize(static_cast<std::size_t>(end - begin + 1) / 2);
    for (std::int32_t word = begin; word < end; ++word) {
      const auto at = static_cast<std::size_t>(word - begin);
      set.bits[at / 2] |= std::uint64_t{words[static_cast<std::size_t>(word)]} << at % 2 * 32;
    }
    sets.push_back(trees.AddCategories(fitted, std::move(set)));
  }
  return sets;
}

// A split's threshold or set, and where what is missing goes.
void SetDecision(Fitted& fitted, SourceNode<double>& node, std::int32_t decision, double threshold,
                 const std::vector<std::int32_t>& sets, Columns& columns) {
  const auto feature = static_cast<std::size_t>(node.feature);
  const Missing missing = MissingOf(decision);
  if (decision & kCategorical) {
    if (!(threshold >= 0 && threshold < static_cast<double>(sets.size()))) {
      return fitted.Fail("a split of its trees names categories that are not there");
    }
    node.categories = sets[static_cast<std::size_t>(threshold)];
    return columns.Require(fitted, feature, Columns::Use::kCategory);
  }
  node.threshold = threshold;
  // Where nothing is missing, NaN is taken for zero.
  node.missing_left = missing == Missing::kNone ? 0 <= threshold : (decision & kDefaultLeft) != 0;
  columns.Require(fitted, feature,
                  missing == Missing::kZero ? Columns::Use::kZeroIsMissing : Columns::Use::kNumber);
}

// Splits come first, the root at their head, then the leaves; a leaf is named by ~leaf.
Nodes ReadNodes(Fitted& fitted, const Section& tree, std::size_t leaves, TreeSet<double>& trees,
                Columns& columns) {
  const std::size_t splits = leaves - 1;
  const auto feature = tree.Ints(fitted, "split_feature", splits);
  const auto decision = tree.Ints(fitted, "decision_type", splits);
  const auto left = tree.Ints(fitted, "left_child", splits);
  const auto right = tree.Ints(fitted, "right_child", splits);
  const auto threshold = tree.Numbers(fitted, "threshold", splits);
  const auto sets = ReadCategories(fitted, tree, trees);
  Nodes nodes;
  if (!fitted.ok()) return nodes;
  const auto place = [splits](std::int32_t child) {
    return child >= 0 ? std::int64_t{child} : static_cast<std::int64_t>(splits) + ~child;
  };
  nodes.resize(splits + leaves);
  for (std::size_t i = 0; fitted.ok() && i < splits; ++i) {
    if (feature[i] < 0 || static_cast<std::size_t>(feature[i]) >= trees.inputs()) {
      fitted.FailFor("split_feature", "of a tree names a feature that is not there");
      break;
    }
    nodes[i].left = place(left[i]);
    nodes[i].right = place(right[i]);
    nodes[i].feature = feature[i];
    SetDecision(fitted, nodes[i], decision[i], threshold[i], sets, columns);
  }
  return nodes;
}

// A tree of a linear model may have plain leaves all the same.
void ReadLinearLeaves(Fitted& fitted, const Section& tree, std::size_t inputs,
                      const std::vector<double>& values, LinearLeaves& linear) {
  const std::size_t leaves = values.size();
  std::vector<double> constants = values;
  std::vector<std::int32_t> counts(leaves);
  if (IsLinear(tree)) {
    constants = tree.Numbers(fitted, "leaf_const", leaves);
    counts = tree.Ints(fitted, "num_features", leaves);
  }
  if (!fitted.limits().Charge(leaves * sizeof(LinearLeaves::Leaf))) {
    fitted.Fail("its trees are too large for its file");
  }
  if (!fitted.ok()) return;
  std::size_t first = linear.features.size();
  const std::size_t before = first;
  for (std::size_t i = 0; i < leaves; ++i) {
    if (counts[i] < 0) return fitted.FailFor("num_features", "of a tree has a negative number");
    const auto count = static_cast<std::size_t>(counts[i]);
    linear.leaves.push_back({constants[i], values[i], first, count});
    first += count;
  }
  if (first == before) return;
  const auto features = tree.Ints(fitted, "leaf_features", first - before);
  const auto coefficients = tree.Numbers(fitted, "leaf_coeff", first - before);
  for (std::int32_t feature : features) {
    if (feature < 0 || static_cast<std::size_t>(feature) >= inputs) {
      return fitted.FailFor("leaf_features", "of a tree names a feature that is not there");
    }
    linear.features.push_back(static_cast<std::uint32_t>(feature));
  }
  linear.coefficients.insert(linear.coefficients.end(), coefficients.begin(), coefficients.end());
}

}  // namespace

void Columns::Require(Fitted& fitted, std::size_t feature, Use use) {
  if (uses_[feature] == Use::kNone) uses_[feature] = use;
  if (uses_[feature] == use) return;
  fitted.Fail("its trees take feature " + std::to_string(feature) +
              " in two ways, as categories or numbers, or with zero for missing or not; train it "
              "in one way");
}

double LinearLeaves::Evaluate(const Leaf& leaf, const double* row) const {
  double sum = leaf.constant;
  for (std::size_t i = leaf.first; i < leaf.first + leaf.count; ++i) {
    const double x = row[features[i]];
    if (std::isnan(x)) return leaf.otherwise;
    sum += coefficients[i] * x;
  }
  return sum;
}

bool IsLinear(const Section& tree) { return tree.Find("is_linear") == "1"; }

void AddTree(Fitted& fitted, const Section& tree, TreeSet<double>& trees, Columns& columns,
             LinearLeaves* linear) {
  const std::size_t leaves = tree.Count(fitted, "num_leaves", kMaxLeaves, 0);
  if (leaves == 0) fitted.FailFor("num_leaves", "of a tree is missing or 0");
  const std::vector<double> values = tree.Numbers(fitted, "leaf_value", leaves);
  if (!fitted.limits().Charge(2 * values.size() * sizeof(SourceNode<double>))) {
    fitted.Fail("its trees are too large for its file");
  }
  if (!fitted.ok()) return;
  Nodes nodes = ReadNodes(fitted, tree, leaves, trees, columns);
  if (!fitted.ok()) return;
  std::vector<double> numbers(leaves - 1);
  if (linear == nullptr) {
    numbers.insert(numbers.end(), values.begin(), values.end());
  } else {
    for (std::size_t i = 0; i < leaves; ++i) {
      numbers.push_back(static_cast<double>(linear->leaves.size() + i));
    }
    ReadLinearLeaves(fitted, tree, trees.inputs(), values, *linear);
  }
  trees.Add(fitted, nodes, numbers);
}

}  // namespace plinth::sklearn::lightgbm
