// The step-wise linear function that isotonic regression fits: thresholds with values, straight
// lines between them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

class IsotonicCurve {
 public:
  // Reads an IsotonicRegression. Fails in `fitted` if its state cannot be used.
  static IsotonicCurve Read(Fitted& fitted);

  // The value at x, which is not NaN; nothing if x is out of bounds and may not be. A curve of one
  // point is the same everywhere.
  std::optional<double> At(double x) const;

  double low() const { return low_; }
  double high() const { return high_; }

 private:
  enum class Outside : std::uint8_t { kRaise, kNaN, kClip };

  std::vector<double> thresholds_;  // rising, not empty
  std::vector<double> values_;      // as many
  double low_ = 0;                  // of X at fit(): where kClip clips
  double high_ = 0;
  Outside outside_ = Outside::kNaN;
};

}  // namespace plinth::sklearn
