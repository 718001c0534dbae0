// DecisionTree* and ExtraTree*: one tree.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/tree_set.h"

namespace plinth::sklearn {
namespace {

class TreeRegressor final : public TreeEstimator {
 public:
  using TreeEstimator::TreeEstimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    float* features = frame.Take<float>(rows.count * rows.width);
    bool has_nan = false;
    if (Status fit = ToFeatures(rows, features, has_nan); !fit) return fit;
    if (out.values == nullptr) return {};
    const std::size_t width = trees().leaf_width();
    trees().ForEachLeaf(features, rows.count, has_nan,
                        [&](std::size_t row, std::size_t, const double* leaf) {
                          std::copy_n(leaf, width, out.values + row * width);
                        });
    return {};
  }
};

class TreeClassifier final : public TreeEstimator {
 public:
  using TreeEstimator::TreeEstimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    float* features = frame.Take<float>(rows.count * rows.width);
    bool has_nan = false;
    if (Status fit = ToFeatures(rows, features, has_nan); !fit) return fit;
    const std::size_t width = trees().leaf_width();
    trees().ForEachLeaf(features, rows.count, has_nan,
                        [&](std::size_t row, std::size_t, const double* leaf) {
                          if (out.labels) {
                            out.labels[row] = static_cast<std::int32_t>(ArgMax(leaf, width));
                          }
                          if (out.probabilities) {
                            std::copy_n(leaf, width, out.probabilities + row * width);
                          }
                        });
    return {};
  }
};

template <int kNaNSince>
EstimatorPtr ReadRegressor(Fitted& fitted) {
  const Value* tree = fitted.Require("tree_");
  const std::size_t inputs = fitted.Inputs();
  const double outputs = fitted.Number("n_outputs_", 1);
  if (!(outputs >= 1 && outputs <= 1e6)) fitted.Fail("'n_outputs_' is out of range");
  if (!fitted.ok()) return nullptr;
  TreeSet trees(inputs, static_cast<std::size_t>(outputs));
  trees.Add(fitted, *tree, TreeSet::LeafRule::kKeep);
  const bool allow_nan = TreeAllowsNaN(fitted, kNaNSince);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = trees.leaf_width();
  traits.flat = traits.outputs == 1;
  return std::make_unique<TreeRegressor>(std::move(traits), std::move(trees), allow_nan);
}

template <int kNaNSince>
EstimatorPtr ReadClassifier(Fitted& fitted) {
  const Value* tree = fitted.Require("tree_");
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  if (!fitted.ok()) return nullptr;
  TreeSet trees(inputs, classes.size());
  // Up to 1.3 a leaf holds how many samples of each class, since then which share.
  trees.Add(fitted, *tree,
            fitted.VersionAtLeast(1, 4) ? TreeSet::LeafRule::kKeep : TreeSet::LeafRule::kNormalise);
  const bool allow_nan = TreeAllowsNaN(fitted, kNaNSince);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.classes = std::move(classes);
  traits.probabilities = true;
  return std::make_unique<TreeClassifier>(std::move(traits), std::move(trees), allow_nan);
}

}  // namespace

std::span<const RegistryEntry> Trees() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.tree.DecisionTreeClassifier", ReadClassifier<3>},
      {"sklearn.tree.DecisionTreeRegressor", ReadRegressor<3>},
      {"sklearn.tree.ExtraTreeClassifier", ReadClassifier<6>},
      {"sklearn.tree.ExtraTreeRegressor", ReadRegressor<6>},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
