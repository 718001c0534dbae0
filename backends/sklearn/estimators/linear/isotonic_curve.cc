#include "estimators/linear/isotonic_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plinth::sklearn {

IsotonicCurve IsotonicCurve::Read(Fitted& fitted) {
  IsotonicCurve curve;
  curve.thresholds_ = fitted.Vector("X_thresholds_");
  curve.values_ = fitted.Vector("y_thresholds_", curve.thresholds_.size());
  curve.low_ = fitted.Number("X_min_", 0);
  curve.high_ = fitted.Number("X_max_", 0);
  const std::string_view outside = fitted.Text("out_of_bounds", "nan");
  if (outside == "raise") curve.outside_ = Outside::kRaise;
  if (outside == "clip") curve.outside_ = Outside::kClip;
  if (!fitted.ok()) return curve;
  const bool rising = std::ranges::adjacent_find(curve.thresholds_, [](double a, double b) {
                        return !(a <= b);
                      }) == curve.thresholds_.end();
  if (curve.thresholds_.empty() || !rising || !(curve.low_ <= curve.high_)) {
    fitted.FailFor("X_thresholds_", "must be numbers in rising order, and X_min_ below X_max_");
  }
  return curve;
}

std::optional<double> IsotonicCurve::At(double x) const {
  if (outside_ == Outside::kClip) x = std::clamp(x, low_, high_);
  if (thresholds_.size() == 1) return values_[0];
  if (x < thresholds_.front() || x > thresholds_.back()) {
    if (outside_ == Outside::kRaise) return std::nullopt;
    return std::numeric_limits<double>::quiet_NaN();
  }
  const auto above = std::ranges::upper_bound(thresholds_, x);
  if (above == thresholds_.end()) return values_.back();
  if (above == thresholds_.begin()) return values_.front();
  const auto hi = static_cast<std::size_t>(above - thresholds_.begin());
  const double slope = (values_[hi] - values_[hi - 1]) / (thresholds_[hi] - thresholds_[hi - 1]);
  return slope * (x - thresholds_[hi - 1]) + values_[hi - 1];
}

}  // namespace plinth::sklearn
