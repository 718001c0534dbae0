// Transformers that treat each column on its own with one or two numbers.
#include <algorithm>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// (x - offset) / divisor, then clipped. Divides, rather than multiply by an inverse, to round as
// scikit-learn does: a tree behind it compares the result with thresholds. Where there is nothing
// to subtract or divide by, the numbers are 0 and 1, which change no bit of any x except the sign
// of a zero.
class Standardiser final : public Estimator {
 public:
  Standardiser(Traits traits, std::vector<double> offset, std::vector<double> divisor, bool clip)
      : Estimator(std::move(traits)),
        offset_(std::move(offset)),
        divisor_(std::move(divisor)),
        clip_(clip) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows, true); !finite) return finite;
    if (out.values == nullptr) return {};
    const double* offset = offset_.data();
    const double* divisor = divisor_.data();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      double* to = out.values + i * rows.width;
      for (std::size_t j = 0; j < rows.width; ++j) to[j] = (row[j] - offset[j]) / divisor[j];
      if (!clip_) continue;
      for (std::size_t j = 0; j < rows.width; ++j) to[j] = std::clamp(to[j], -1.0, 1.0);
    }
    return {};
  }

 private:
  std::vector<double> offset_;
  std::vector<double> divisor_;
  bool clip_;
};

// x * scale + shift, then clipped.
class RangeScaler final : public Estimator {
 public:
  RangeScaler(Traits traits, std::vector<double> scale, std::vector<double> shift, bool clip,
              double low, double high)
      : Estimator(std::move(traits)),
        scale_(std::move(scale)),
        shift_(std::move(shift)),
        clip_(clip),
        low_(low),
        high_(high) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows, true); !finite) return finite;
    if (out.values == nullptr) return {};
    const double* scale = scale_.data();
    const double* shift = shift_.data();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      double* to = out.values + i * rows.width;
      for (std::size_t j = 0; j < rows.width; ++j) to[j] = row[j] * scale[j] + shift[j];
      if (!clip_) continue;
      for (std::size_t j = 0; j < rows.width; ++j) to[j] = std::clamp(to[j], low_, high_);
    }
    return {};
  }

 private:
  std::vector<double> scale_;
  std::vector<double> shift_;
  bool clip_;
  double low_;
  double high_;
};

// One number a column, or `otherwise` for every column if that part of the scaling is off.
std::vector<double> ColumnNumbers(Fitted& fitted, bool used, std::string_view name,
                                  std::size_t inputs, double otherwise) {
  return used ? fitted.Vector(name, inputs) : std::vector<double>(inputs, otherwise);
}

EstimatorPtr MakeStandardiser(Fitted& fitted, bool centred, std::string_view offset, bool scaled,
                              std::string_view divisor, bool clip) {
  std::size_t derived = 0;
  if (centred) derived = fitted.Vector(offset).size();
  if (scaled) derived = fitted.Vector(divisor).size();
  const std::size_t inputs = centred || scaled ? fitted.Inputs(derived) : fitted.Inputs();
  std::vector<double> offsets = ColumnNumbers(fitted, centred, offset, inputs, 0);
  std::vector<double> divisors = ColumnNumbers(fitted, scaled, divisor, inputs, 1);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<Standardiser>(std::move(traits), std::move(offsets), std::move(divisors),
                                        clip);
}

EstimatorPtr ReadStandardScaler(Fitted& fitted) {
  return MakeStandardiser(fitted, fitted.Flag("with_mean", true), "mean_",
                          fitted.Flag("with_std", true), "scale_", false);
}

EstimatorPtr ReadRobustScaler(Fitted& fitted) {
  return MakeStandardiser(fitted, fitted.Flag("with_centering", true), "center_",
                          fitted.Flag("with_scaling", true), "scale_", false);
}

EstimatorPtr ReadMaxAbsScaler(Fitted& fitted) {
  return MakeStandardiser(fitted, false, "", true, "scale_", fitted.Flag("clip", false));
}

EstimatorPtr ReadMinMaxScaler(Fitted& fitted) {
  std::vector<double> scale = fitted.Vector("scale_");
  const std::size_t inputs = fitted.Inputs(scale.size());
  std::vector<double> shift = fitted.Vector("min_", inputs);
  const bool clip = fitted.Flag("clip", false);
  const std::vector<double> range =
      clip ? fitted.Vector("feature_range", 2) : std::vector<double>{0, 1};
  if (fitted.ok() && !(range[0] <= range[1])) fitted.Fail("'feature_range' is not a range");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<RangeScaler>(std::move(traits), std::move(scale), std::move(shift), clip,
                                       range[0], range[1]);
}

}  // namespace

std::span<const RegistryEntry> Scalers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.MaxAbsScaler", ReadMaxAbsScaler},
      {"sklearn.preprocessing.MinMaxScaler", ReadMinMaxScaler},
      {"sklearn.preprocessing.RobustScaler", ReadRobustScaler},
      {"sklearn.preprocessing.StandardScaler", ReadStandardScaler},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
