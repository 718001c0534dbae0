// DecisionTree* and ExtraTree*: one tree.
#include <algorithm>

#include "estimators/families.h"
#include "estimators/trees/tree_models.h"

namespace plinth::sklearn {
namespace {

class TreeRegressor final : public TreeEstimator {
 public:
  using TreeEstimator::TreeEstimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const auto features = ToFeatures(rows, frame);
    if (!features) return Fail(features.error());
    if (out.values == nullptr) return {};
    const std::size_t width = trees().leaf_width();
    trees().ForEachLeaf(*features, [&](std::size_t row, std::size_t, const double* leaf) {
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
    const auto features = ToFeatures(rows, frame);
    if (!features) return Fail(features.error());
    const std::size_t width = trees().leaf_width();
    trees().ForEachLeaf(*features, [&](std::size_t row, std::size_t, const double* leaf) {
      if (out.labels) {
        ChooseLabels(traits(), leaf, out.labels + row * traits().LabelWidth());
      }
      if (out.probabilities) {
        std::copy_n(leaf, width, out.probabilities + row * width);
      }
    });
    return {};
  }
};

void ForTheTree(Fitted& fitted, const std::function<void(const Value& tree)>& add) {
  if (const Value* tree = fitted.Require("tree_")) add(*tree);
}

template <int kNaNSince>
EstimatorPtr ReadClassifier(Fitted& fitted) {
  return MakeTreeEstimator<TreeClassifier>(ReadTreeClassifier(fitted, ForTheTree, kNaNSince));
}

template <int kNaNSince>
EstimatorPtr ReadRegressor(Fitted& fitted) {
  return MakeTreeEstimator<TreeRegressor>(ReadTreeRegressor(fitted, ForTheTree, kNaNSince));
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
