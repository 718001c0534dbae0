// PowerTransformer: Yeo-Johnson and Box-Cox.
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double YeoJohnson(double x, double lambda) {
  if (x >= 0) {
    if (std::abs(lambda) < kEpsilon) return std::log1p(x);
    return std::expm1(lambda * std::log1p(x)) / lambda;
  }
  if (std::abs(lambda - 2) > kEpsilon) {
    return -std::expm1((2 - lambda) * std::log1p(-x)) / (2 - lambda);
  }
  return -std::log1p(-x);
}

double BoxCox(double x, double lambda) {
  if (std::abs(lambda) < 1e-19) return std::log(x);
  return std::expm1(lambda * std::log(x)) / lambda;
}

class Power final : public Estimator {
 public:
  Power(Traits traits, std::vector<double> lambdas, bool box_cox, EstimatorPtr scaler)
      : Estimator(std::move(traits)),
        lambdas_(std::move(lambdas)),
        box_cox_(box_cox),
        scaler_(std::move(scaler)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, true); !finite) return finite;
    if (box_cox_) {
      if (Status positive = CheckPositive(rows); !positive) return positive;
    }
    Scratch::Frame frame(scratch);
    double* powers =
        scaler_ || out.values == nullptr ? frame.Take<double>(rows.count * rows.width) : out.values;
    const auto transform = box_cox_ ? BoxCox : YeoJohnson;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      for (std::size_t j = 0; j < rows.width; ++j) {
        const double x = row[j];
        powers[i * rows.width + j] = std::isnan(x) ? x : transform(x, lambdas_[j]);
      }
    }
    if (!scaler_) return {};
    return scaler_->Run(Rows{powers, rows.count, rows.width, rows.first}, out, scratch);
  }

 private:
  Status CheckPositive(Rows rows) const {
    for (std::size_t i = 0; i < rows.count * rows.width; ++i) {
      if (rows.data[i] <= 0) {
        return Fail(Code::kInvalidArgument,
                    "PowerTransformer: the Box-Cox transformation takes positive numbers only; "
                    "column " +
                        std::to_string(i % rows.width) + " of row " +
                        std::to_string(rows.first + i / rows.width) + " is not");
      }
    }
    return {};
  }

  std::vector<double> lambdas_;
  bool box_cox_;
  EstimatorPtr scaler_;  // null: not standardised
};

EstimatorPtr ReadPowerTransformer(Fitted& fitted) {
  std::vector<double> lambdas = fitted.Vector("lambdas_");
  const std::size_t inputs = fitted.Inputs(lambdas.size());
  const std::string_view method = fitted.Text("method", "yeo-johnson");
  if (method != "yeo-johnson" && method != "box-cox") {
    fitted.FailFor("method", "is not yeo-johnson or box-cox");
  }
  EstimatorPtr scaler;
  if (fitted.Flag("standardize", true)) {
    if (const Value* object = fitted.Require("_scaler")) scaler = fitted.Child(*object, inputs);
    if (scaler &&
        (scaler->traits().role != Role::kTransformer || scaler->traits().outputs != inputs)) {
      fitted.FailFor("_scaler", "is not a scaler of the same columns");
    }
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<Power>(std::move(traits), std::move(lambdas), method == "box-cox",
                                 std::move(scaler));
}

}  // namespace

std::span<const RegistryEntry> PowerTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.PowerTransformer", ReadPowerTransformer}};
  return kEntries;
}

}  // namespace plinth::sklearn
