// PCA and TruncatedSVD: a projection on components.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// (X @ components.T - offset) / divisor: the mean is subtracted after the projection, as
// scikit-learn does for dense X.
class Projection final : public Estimator {
 public:
  Projection(Traits traits, std::vector<double> components, std::vector<double> shift,
             std::vector<double> divisor)
      : Estimator(std::move(traits)),
        components_(std::move(components)),
        shift_(std::move(shift)),
        divisor_(std::move(divisor)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t outputs = shift_.size();
    Affine(rows, components_.data(), shift_.data(), outputs, out.values);
    if (divisor_.empty()) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < outputs; ++j) out.values[i * outputs + j] /= divisor_[j];
    }
    return {};
  }

 private:
  std::vector<double> components_;  // outputs x inputs
  std::vector<double> shift_;       // minus the projected mean
  std::vector<double> divisor_;     // empty: 1
};

EstimatorPtr Make(Fitted& fitted, bool centred, bool whiten) {
  Matrix components = fitted.ReadMatrix("components_");
  const std::size_t inputs = fitted.Inputs(components.columns);
  std::vector<double> shift(components.rows, 0.0);
  if (centred && fitted.Has("mean_")) {
    const std::vector<double> mean = fitted.Vector("mean_", inputs);
    for (std::size_t i = 0; fitted.ok() && i < components.rows; ++i) {
      shift[i] = -Dot(mean.data(), &components.data[i * inputs], inputs);
    }
  }
  std::vector<double> divisor;
  if (whiten) {
    divisor = fitted.Vector("explained_variance_", components.rows);
    for (double& variance : divisor) {
      variance = std::max(std::sqrt(variance), std::numeric_limits<double>::epsilon());
    }
  }
  if (fitted.ok() && components.rows == 0) fitted.Fail("'components_' is empty");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = components.rows;
  return std::make_unique<Projection>(std::move(traits), std::move(components.data),
                                      std::move(shift), std::move(divisor));
}

EstimatorPtr ReadPca(Fitted& fitted) { return Make(fitted, true, fitted.Flag("whiten", false)); }
EstimatorPtr ReadTruncatedSvd(Fitted& fitted) { return Make(fitted, false, false); }

}  // namespace

std::span<const RegistryEntry> Decompositions() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.decomposition.IncrementalPCA", ReadPca},
      {"sklearn.decomposition.PCA", ReadPca},
      {"sklearn.decomposition.TruncatedSVD", ReadTruncatedSvd},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
