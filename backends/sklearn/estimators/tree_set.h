// Any number of decision trees, flattened into one array of nodes.
//
// A node is 16 bytes. The two children of a node stand next to each other, so a step is child + (x
// > threshold): no branch to mispredict. A leaf leads to itself, so several descents can go in step
// until the last of them has arrived, which hides the latency of memory: rows of a batch through
// one tree, or one row through several trees.
//
// scikit-learn compares float32 features with float64 thresholds. Here a threshold is the largest
// float32 that is not above it, which decides every float32 in the same way.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

class TreeSet {
 public:
  // What is done to the numbers of a leaf when a tree is added.
  enum class LeafRule : std::uint8_t { kKeep, kNormalise, kScale };

  // `inputs`: columns of the rows that will come; `leaf_width`: numbers in a leaf.
  TreeSet(std::size_t inputs, std::size_t leaf_width) : inputs_(inputs), leaf_width_(leaf_width) {}

  // Adds a fitted sklearn.tree._tree.Tree. Fails in `fitted` if it is not a tree, or one for other
  // columns or outputs. kNormalise divides a leaf by its sum, kScale multiplies it by `scale`.
  void Add(Fitted& fitted, const Value& tree, LeafRule rule, double scale = 1);

  std::size_t size() const { return roots_.size(); }
  std::size_t leaf_width() const { return leaf_width_; }

  // Rows of `inputs` float32, and whether any of them is NaN.
  struct Features {
    const float* data;
    bool has_nan;
  };

  // Calls visit(row, tree, leaf's numbers) for every row and tree; for each row in the order in
  // which the trees were added.
  template <typename Visit>
  void ForEachLeaf(const Features& features, std::size_t rows, Visit visit) const {
    if (features.has_nan) {
      Walk<true>(features.data, rows, visit);
    } else {
      Walk<false>(features.data, rows, visit);
    }
  }

 private:
  static constexpr std::uint32_t kMissingRight = 0xffffffff;
  static constexpr std::uint32_t kMissingLeft = 0xfffffffe;
  static constexpr std::size_t kLanes = 8;

  struct Node {
    float threshold;        // of a leaf: infinity
    std::uint32_t feature;  // of a leaf: 0
    std::uint32_t child;    // the left child, the right one behind it; of a leaf: itself
    std::uint32_t leaf;     // a leaf's index, or kMissingLeft or kMissingRight: where NaN goes
  };
  // A tree as it is in the file.
  struct Source;

  void Flatten(Fitted& fitted, const Source& source, LeafRule rule, double scale);
  void AddLeaf(const double* values, LeafRule rule, double scale);

  template <bool kNaN>
  std::uint32_t Next(const Node& node, const float* row) const {
    const float x = row[node.feature];
    const bool right = kNaN && std::isnan(x) ? node.leaf == kMissingRight : !(x <= node.threshold);
    return node.child + (right ? 1 : 0);
  }

  template <bool kNaN>
  void DescendTogether(const float* const (&rows)[kLanes], std::uint32_t (&at)[kLanes]) const {
    const Node* nodes = nodes_.data();
    bool arrived = false;
    while (!arrived) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        at[lane] = Next<kNaN>(nodes[at[lane]], rows[lane]);
      }
      arrived = true;
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        arrived = arrived && nodes[at[lane]].leaf < kMissingLeft;
      }
    }
  }

  template <bool kNaN>
  std::uint32_t Descend(const float* row, std::uint32_t at) const {
    while (nodes_[at].leaf >= kMissingLeft) at = Next<kNaN>(nodes_[at], row);
    return at;
  }

  const double* LeafOf(std::uint32_t node) const {
    return leaves_.data() + nodes_[node].leaf * leaf_width_;
  }

  template <bool kNaN, typename Visit>
  void Walk(const float* features, std::size_t rows, Visit& visit) const {
    if (rows < kLanes) {
      for (std::size_t row = 0; row < rows; ++row) {
        WalkTrees<kNaN>(features + row * inputs_, row, visit);
      }
    } else {
      for (std::size_t tree = 0; tree < roots_.size(); ++tree) {
        WalkRows<kNaN>(features, rows, tree, visit);
      }
    }
  }

  // One row through all trees.
  template <bool kNaN, typename Visit>
  void WalkTrees(const float* row, std::size_t row_index, Visit& visit) const {
    const float* const same_row[kLanes] = {row, row, row, row, row, row, row, row};
    std::size_t tree = 0;
    for (; tree + kLanes <= roots_.size(); tree += kLanes) {
      std::uint32_t at[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) at[lane] = roots_[tree + lane];
      DescendTogether<kNaN>(same_row, at);
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        visit(row_index, tree + lane, LeafOf(at[lane]));
      }
    }
    for (; tree < roots_.size(); ++tree) {
      visit(row_index, tree, LeafOf(Descend<kNaN>(row, roots_[tree])));
    }
  }

  // All rows through one tree.
  template <bool kNaN, typename Visit>
  void WalkRows(const float* features, std::size_t rows, std::size_t tree, Visit& visit) const {
    std::size_t row = 0;
    for (; row + kLanes <= rows; row += kLanes) {
      const float* lanes[kLanes];
      std::uint32_t at[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        lanes[lane] = features + (row + lane) * inputs_;
        at[lane] = roots_[tree];
      }
      DescendTogether<kNaN>(lanes, at);
      for (std::size_t lane = 0; lane < kLanes; ++lane) visit(row + lane, tree, LeafOf(at[lane]));
    }
    for (; row < rows; ++row) {
      visit(row, tree, LeafOf(Descend<kNaN>(features + row * inputs_, roots_[tree])));
    }
  }

  std::size_t inputs_;
  std::size_t leaf_width_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;
  std::vector<double> leaves_;
};

// An estimator made of trees: they look at X in float32.
class TreeEstimator : public Estimator {
 public:
  TreeEstimator(Traits traits, TreeSet trees, bool allow_nan)
      : Estimator(std::move(traits)), trees_(std::move(trees)), allow_nan_(allow_nan) {}

 protected:
  // The rows as the trees want them, in memory of the frame. INVALID_ARGUMENT for infinity, a
  // number that is too large for float32, and NaN where it is not accepted.
  Result<TreeSet::Features> ToFeatures(Rows rows, Scratch::Frame& frame) const;

  const TreeSet& trees() const { return trees_; }

 private:
  TreeSet trees_;
  bool allow_nan_;
};

// Whether the scikit-learn that fitted this tree or forest accepts missing values in it.
// `since_minor`: the 1.x that began to.
bool TreeAllowsNaN(Fitted& fitted, int since_minor);

// What is read of a classifier or regressor that is a tree or many.
struct TreeModel {
  Traits traits;
  TreeSet trees;
  bool allow_nan;
};

// Adds the fitted trees by the rule.
using AddTrees = void (*)(Fitted& fitted, TreeSet& trees, TreeSet::LeafRule rule);

// Nothing if reading failed in `fitted`. `nan_since` as for TreeAllowsNaN().
std::optional<TreeModel> ReadTreeClassifier(Fitted& fitted, AddTrees add, int nan_since);
std::optional<TreeModel> ReadTreeRegressor(Fitted& fitted, AddTrees add, int nan_since);

template <typename T>
EstimatorPtr MakeTreeEstimator(std::optional<TreeModel> model) {
  if (!model) return nullptr;
  return std::make_unique<T>(std::move(model->traits), std::move(model->trees), model->allow_nan);
}

}  // namespace plinth::sklearn
