// RandomForest* and ExtraTrees*: the mean over trees.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/tree_set.h"

namespace plinth::sklearn {
namespace {

class Forest final : public TreeEstimator {
 public:
  using TreeEstimator::TreeEstimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    float* features = frame.Take<float>(rows.count * rows.width);
    bool has_nan = false;
    if (Status fit = ToFeatures(rows, features, has_nan); !fit) return fit;
    const std::size_t width = trees().leaf_width();
    double* wanted = traits().role == Role::kRegressor ? out.values : out.probabilities;
    double* mean = wanted ? wanted : frame.Take<double>(rows.count * width);
    std::fill_n(mean, rows.count * width, 0.0);
    // Summed in the order of the trees and divided at the end, as scikit-learn does with one job.
    trees().ForEachLeaf(features, rows.count, has_nan,
                        [&](std::size_t row, std::size_t, const double* leaf) {
                          double* sum = mean + row * width;
                          for (std::size_t i = 0; i < width; ++i) sum[i] += leaf[i];
                        });
    const auto count = static_cast<double>(trees().size());
    for (std::size_t i = 0; i < rows.count * width; ++i) mean[i] /= count;
    if (out.labels == nullptr) return {};
    for (std::size_t row = 0; row < rows.count; ++row) {
      out.labels[row] = static_cast<std::int32_t>(ArgMax(mean + row * width, width));
    }
    return {};
  }
};

// The fitted trees of a forest, in order.
void AddTrees(Fitted& fitted, TreeSet& trees, TreeSet::LeafRule rule) {
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
    trees.Add(fitted, *tree, rule);
    if (!fitted.ok()) return;
  }
}

template <int kNaNSince>
EstimatorPtr ReadClassifier(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  if (!fitted.ok()) return nullptr;
  TreeSet trees(inputs, classes.size());
  AddTrees(fitted, trees,
           fitted.VersionAtLeast(1, 4) ? TreeSet::LeafRule::kKeep : TreeSet::LeafRule::kNormalise);
  const bool allow_nan = TreeAllowsNaN(fitted, kNaNSince);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.classes = std::move(classes);
  traits.probabilities = true;
  return std::make_unique<Forest>(std::move(traits), std::move(trees), allow_nan);
}

template <int kNaNSince>
EstimatorPtr ReadRegressor(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const double outputs = fitted.Number("n_outputs_", 1);
  if (!(outputs >= 1 && outputs <= 1e6)) fitted.Fail("'n_outputs_' is out of range");
  if (!fitted.ok()) return nullptr;
  TreeSet trees(inputs, static_cast<std::size_t>(outputs));
  AddTrees(fitted, trees, TreeSet::LeafRule::kKeep);
  const bool allow_nan = TreeAllowsNaN(fitted, kNaNSince);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = trees.leaf_width();
  traits.flat = traits.outputs == 1;
  return std::make_unique<Forest>(std::move(traits), std::move(trees), allow_nan);
}

}  // namespace

std::span<const RegistryEntry> Forests() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.ensemble.ExtraTreesClassifier", ReadClassifier<6>},
      {"sklearn.ensemble.ExtraTreesRegressor", ReadRegressor<6>},
      {"sklearn.ensemble.RandomForestClassifier", ReadClassifier<4>},
      {"sklearn.ensemble.RandomForestRegressor", ReadRegressor<4>},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
