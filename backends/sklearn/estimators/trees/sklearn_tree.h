// The trees of sklearn.tree, alone or in forests: how they are read, and how X comes to them.
//
// scikit-learn compares float32 features with float64 thresholds. Here a threshold is the largest
// float32 that is not above it, which decides every float32 in the same way.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "estimators/trees/tree_set.h"

namespace plinth::sklearn {

// A fitted sklearn.tree._tree.Tree.
struct SklearnTree {
  std::vector<SourceNode<float>> nodes;
  std::vector<double> values;  // [nodes, width]
  std::size_t width = 0;
};

// Reads it. Empty, and an error in `fitted`, if it is not a tree.
SklearnTree ReadSklearnTree(Fitted& fitted, const Value& tree);

// Numbers of one field of each node ("n_node_samples"), in their order.
std::vector<std::int64_t> ReadNodeField(Fitted& fitted, const Value& tree, std::string_view field);
std::vector<double> ReadNodeNumbers(Fitted& fitted, const Value& tree, std::string_view field);

// Adds a tree whose leaves have the set's width.
void AddSklearnTree(Fitted& fitted, TreeSet<float>& trees, const Value& tree);

// Calls add(tree) for the tree_ of each estimator of the list estimators_.
void ForEachFittedTree(Fitted& fitted, const std::function<void(const Value& tree)>& add);

// What may stand in X.
enum class Accepts : std::uint8_t { kFinite, kNaN, kAny };

// What the scikit-learn that fitted this tree or forest accepts in it: missing values since
// 1.`nan_since`.
Accepts TreeAccepts(Fitted& fitted, int nan_since);

// An estimator made of such trees: they look at X in float32.
class TreeEstimator : public Estimator {
 public:
  TreeEstimator(Traits traits, TreeSet<float> trees, Accepts accepts)
      : Estimator(InBlocks(std::move(traits))), trees_(std::move(trees)), accepts_(accepts) {}

 protected:
  // The rows as the trees want them, in memory of the frame. INVALID_ARGUMENT for what is not
  // accepted: infinity, a number that is too large for float32, NaN.
  Result<FeatureBlock<float>> ToFeatures(Rows rows, Scratch::Frame& frame) const;

  const TreeSet<float>& trees() const { return trees_; }

 private:
  static Traits InBlocks(Traits traits) {
    traits.block_rows = kTreeBlockRows;
    return traits;
  }

  TreeSet<float> trees_;
  Accepts accepts_;
};

}  // namespace plinth::sklearn
