#include "boosting/xgboost/tree.h"

#include <limits>
#include <utility>

namespace plinth::sklearn::xgboost {
namespace {

// x < threshold goes left, in terms of the engine's x <= threshold.
void SetThreshold(SourceNode<float>& node, float threshold) {
  if (threshold > -std::numeric_limits<float>::infinity()) {
    node.threshold = JustBelow(threshold);
    return;
  }
  // Nothing is less: all but the missing go right.
  std::swap(node.left, node.right);
  node.missing_left = !node.missing_left;
  node.threshold = std::numeric_limits<float>::infinity();
}

// The categories that are listed go right, all others left.
CategorySet LeftOf(Fitted& fitted, const std::int32_t* listed, std::size_t count) {
  constexpr std::int32_t kMost = 1 << 24;
  CategorySet set;
  set.outside_left = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (listed[i] < 0 || listed[i] >= kMost) {
      fitted.Fail("a split of its trees has a category that cannot be");
      return set;
    }
    const auto category = static_cast<std::size_t>(listed[i]);
    if (category / 64 >= set.bits.size()) set.bits.resize(category / 64 + 1, ~std::uint64_t{0});
    set.bits[category / 64] &= ~(std::uint64_t{1} << category % 64);
  }
  return set;
}

// Gives the splits by category their sets.
void ReadCategories(JsonFields tree, std::vector<SourceNode<float>>& nodes, TreeSet<float>& trees) {
  if (!tree.Has("categories_nodes")) return;  // XGBoost before 1.3
  Fitted& fitted = tree.fitted();
  const std::vector<std::int32_t> at = tree.Ints("categories_nodes");
  const std::vector<std::int32_t> begins = tree.Ints("categories_segments", at.size());
  const std::vector<std::int32_t> sizes = tree.Ints("categories_sizes", at.size());
  const std::vector<std::int32_t> categories = tree.Ints("categories");
  for (std::size_t i = 0; fitted.ok() && i < at.size(); ++i) {
    const auto node = static_cast<std::size_t>(at[i]);
    const auto begin = static_cast<std::size_t>(begins[i]);
    const auto size = static_cast<std::size_t>(sizes[i]);
    if (at[i] < 0 || node >= nodes.size() || begins[i] < 0 || begin > categories.size() ||
        sizes[i] < 0 || size > categories.size() - begin) {
      return fitted.Fail("the categories of its trees are not where they are said to be");
    }
    nodes[node].categories =
        trees.AddCategories(fitted, LeftOf(fitted, categories.data() + begin, size));
  }
}

// The leaves' numbers, [nodes, width]. Of splits they mean nothing.
std::vector<double> ReadLeaves(JsonFields tree, const std::vector<SourceNode<float>>& nodes,
                               std::size_t width) {
  if (width == 1) return tree.Numbers("split_conditions");
  if (!tree.Has("leaf_weights")) {  // XGBoost before 3.1
    return tree.Numbers("base_weights", nodes.size() * width);
  }
  // Here the leaves' own are together, and the right child of a leaf says which it is.
  const std::vector<double>& weights = tree.Numbers("leaf_weights");
  std::vector<double> leaves(nodes.size() * width);
  for (std::size_t i = 0; tree.fitted().ok() && i < nodes.size(); ++i) {
    if (nodes[i].left >= 0) continue;
    const auto leaf = static_cast<std::size_t>(nodes[i].right);
    if (nodes[i].right < 0 || leaf >= weights.size() / width) {
      tree.fitted().Fail("a leaf of its trees has no weights");
      break;
    }
    for (std::size_t k = 0; k < width; ++k) leaves[i * width + k] = weights[leaf * width + k];
  }
  return leaves;
}

}  // namespace

void AddTree(JsonFields tree, LeafRule rule, TreeSet<float>& trees) {
  Fitted& fitted = tree.fitted();
  const std::vector<std::int32_t> left = tree.Ints("left_children");
  const std::vector<std::int32_t> right = tree.Ints("right_children", left.size());
  const std::vector<std::int32_t> feature = tree.Ints("split_indices", left.size());
  const std::vector<double>& condition = tree.Numbers("split_conditions", left.size());
  const std::vector<double>& default_left = tree.Numbers("default_left", left.size());
  // Leaves of a tree for all targets at once have a number for each.
  const std::size_t width = tree.Object("tree_param").Count("size_leaf_vector", 0, 1 << 20);
  const std::size_t needed = left.size() * (sizeof(SourceNode<float>) + 2 * sizeof(double) * width);
  if (!fitted.limits().Charge(needed)) fitted.Fail("its trees are too large for its file");
  if (width > 1 ? width != trees.leaf_width() : trees.leaf_width() != 1) {
    fitted.Fail("a tree of it has leaves of " + std::to_string(width) + " numbers; " +
                std::to_string(trees.leaf_width()) + " were expected");
  }
  if (!fitted.ok()) return;

  std::vector<SourceNode<float>> nodes(left.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].left = left[i];
    nodes[i].right = right[i];
    nodes[i].feature = feature[i];
    nodes[i].missing_left = default_left[i] != 0;
  }
  std::vector<double> leaves = ReadLeaves(tree, nodes, trees.leaf_width());
  ReadCategories(tree, nodes, trees);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].left >= 0 && nodes[i].categories < 0) {
      SetThreshold(nodes[i], static_cast<float>(condition[i]));
    }
  }
  for (double& leaf : leaves) {
    leaf = ((static_cast<float>(leaf) + rule.base) - rule.base) * rule.weight;
  }
  trees.Add(fitted, nodes, leaves);
}

}  // namespace plinth::sklearn::xgboost
