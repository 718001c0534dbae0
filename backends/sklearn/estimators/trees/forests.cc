// RandomForest* and ExtraTrees*: the mean over trees.
#include <algorithm>

#include "estimators/families.h"
#include "estimators/trees/tree_models.h"

namespace plinth::sklearn {
namespace {

class Forest final : public TreeEstimator {
 public:
  using TreeEstimator::TreeEstimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const auto features = ToFeatures(rows, frame);
    if (!features) return Fail(features.error());
    const std::size_t width = trees().leaf_width();
    double* wanted = traits().role == Role::kRegressor ? out.values : out.probabilities;
    double* mean = wanted ? wanted : frame.Take<double>(rows.count * width);
    std::fill_n(mean, rows.count * width, 0.0);
    // Summed in the order of the trees and divided at the end, as scikit-learn does with one job.
    trees().ForEachLeaf(*features, [&](std::size_t row, std::size_t, const double* leaf) {
      double* sum = mean + row * width;
      for (std::size_t i = 0; i < width; ++i) sum[i] += leaf[i];
    });
    const auto count = static_cast<double>(trees().size());
    for (std::size_t i = 0; i < rows.count * width; ++i) mean[i] /= count;
    if (out.labels == nullptr) return {};
    for (std::size_t row = 0; row < rows.count; ++row) {
      ChooseLabels(traits(), mean + row * width, out.labels + row * traits().LabelWidth());
    }
    return {};
  }
};

template <int kNaNSince>
EstimatorPtr ReadClassifier(Fitted& fitted) {
  return MakeTreeEstimator<Forest>(ReadTreeClassifier(fitted, ForEachFittedTree, kNaNSince));
}

template <int kNaNSince>
EstimatorPtr ReadRegressor(Fitted& fitted) {
  return MakeTreeEstimator<Forest>(ReadTreeRegressor(fitted, ForEachFittedTree, kNaNSince));
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
