// EllipticEnvelope: outliers by their Mahalanobis distance from a robust centre.
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "numeric/cholesky.h"
#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

class Envelope final : public Estimator {
 public:
  Envelope(Traits traits, std::vector<double> location, Panels precision, double offset)
      : Estimator(std::move(traits)),
        location_(std::move(location)),
        precision_(std::move(precision)),
        offset_(offset) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* deltas = frame.Take<double>(rows.count * rows.width);
    double* turned = frame.Take<double>(rows.count * rows.width);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < rows.width; ++j) {
        deltas[i * rows.width + j] = rows.row(i)[j] - location_[j];
      }
    }
    InnerProducts(Rows{deltas, rows.count, rows.width, rows.first}, precision_, AllOf(precision_),
                  turned);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double distance =
          std::sqrt(Dot(deltas + i * rows.width, turned + i * rows.width, rows.width));
      const double score = -(distance * distance);
      if (out.scores) out.scores[i] = score;
      if (out.decision) out.decision[i] = score - offset_;
      if (out.labels) out.labels[i] = score - offset_ >= 0 ? 1 : 0;
    }
    return {};
  }

 private:
  std::vector<double> location_;
  Panels precision_;
  double offset_;
};

// The inverse of covariance_, where the precision was not stored.
std::vector<double> InvertCovariance(Fitted& fitted, std::size_t inputs) {
  std::vector<double> covariance = fitted.Vector("covariance_", inputs * inputs);
  if (!fitted.ok()) return {};
  if (!FactorCholesky(covariance.data(), inputs)) {
    fitted.FailFor("covariance_", "is singular; fit it with store_precision=True");
    return {};
  }
  std::vector<double> inverse(inputs * inputs, 0.0);
  for (std::size_t j = 0; j < inputs; ++j) {
    inverse[j * inputs + j] = 1;
    SolveCholesky(covariance.data(), inputs, &inverse[j * inputs]);
  }
  return inverse;
}

EstimatorPtr ReadEllipticEnvelope(Fitted& fitted) {
  std::vector<double> location = fitted.Vector("location_");
  const std::size_t inputs = fitted.Inputs(location.size());
  // Twice, for the inverse of a matrix that is small in its file may not be.
  if (!fitted.limits().Charge(2 * Panels::SizeFor(inputs, inputs))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  const std::vector<double> precision = fitted.Has("precision_")
                                            ? fitted.Vector("precision_", inputs * inputs)
                                            : InvertCovariance(fitted, inputs);
  const Value* offset = fitted.Require("offset_");
  const double threshold = offset ? fitted.Number("offset_", 0) : 0;
  if (!fitted.ok()) return nullptr;
  // Products run over the rows of the fitted matrix: those of a symmetric one are its columns.
  Traits traits = fitted.MakeTraits(Role::kOutlierDetector, inputs);
  traits.classes.ints = {-1, 1};
  traits.decision_width = 1;
  traits.score_samples = true;
  traits.widest = 2 * inputs;
  return std::make_unique<Envelope>(std::move(traits), std::move(location),
                                    Panels(precision.data(), inputs, inputs), threshold);
}

}  // namespace

std::span<const RegistryEntry> EllipticEnvelopes() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.covariance.EllipticEnvelope", ReadEllipticEnvelope}};
  return kEntries;
}

}  // namespace plinth::sklearn
