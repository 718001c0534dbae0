// SplineTransformer: each column as the values of a basis of B-splines.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

enum class Beyond : std::uint8_t { kError, kConstant, kLinear, kContinue, kPeriodic };

// The splines of one column. knots is ascending as a rule; whatever a file says, reading them stays
// in bounds: there are count + degree + 1 knots, and count > degree.
struct Basis {
  std::vector<double> knots;
  std::size_t count = 0;  // of splines, before periodic ones are folded together
  // Where the column's range ends; beyond it, splines are extrapolated.
  double low = 0;
  double high = 0;
  // constant and linear: the values and slopes of all splines at the ends.
  std::vector<double> low_values, high_values;
  std::vector<double> low_slopes, high_slopes;
};

constexpr std::size_t kMaxDegree = 63;

// The knots' interval that x is in, kept within those where the basis is complete.
std::size_t IntervalOf(const Basis& basis, std::size_t degree, double x) {
  const auto begin = basis.knots.begin() + static_cast<std::ptrdiff_t>(degree);
  const auto end = basis.knots.begin() + static_cast<std::ptrdiff_t>(basis.count);
  const auto above = std::upper_bound(begin + 1, end, x);
  return static_cast<std::size_t>(above - basis.knots.begin()) - 1;
}

// de Boor's recurrence, as SciPy evaluates it: the values (or with `slopes` the first derivatives)
// at x of the degree + 1 splines that are not zero in an interval.
void Evaluate(const Basis& basis, std::size_t degree, std::size_t interval, double x, bool slopes,
              double* values) {
  std::array<double, kMaxDegree + 1> before;
  values[0] = 1;
  for (std::size_t j = 1; j <= degree; ++j) {
    std::copy_n(values, j, before.begin());
    const bool differentiate = slopes && j == degree;
    values[0] = 0;
    for (std::size_t n = 1; n <= j; ++n) {
      const double right = basis.knots[interval + n];
      const double left = basis.knots[interval + n - j];
      if (right == left) {
        values[n] = 0;
        continue;
      }
      const double weight = before[n - 1] / (right - left);
      if (differentiate) {
        values[n - 1] -= static_cast<double>(j) * weight;
        values[n] = static_cast<double>(j) * weight;
      } else {
        values[n - 1] += weight * (right - x);
        values[n] = weight * (x - left);
      }
    }
  }
  if (slopes && degree == 0) values[0] = 0;
}

struct Splines {
  std::vector<Basis> columns;
  std::size_t degree = 0;
  Beyond beyond = Beyond::kConstant;
  bool allow_nan = false;
  std::size_t width = 0;  // splines a column, with the one that is dropped without the bias
  bool bias = true;
  // linear: how many splines are continued at each end, for each column.
  std::vector<std::size_t> continued;
};

class SplineOperator final : public Estimator {
 public:
  SplineOperator(Traits traits, Splines splines)
      : Estimator(std::move(traits)), splines_(std::move(splines)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, splines_.allow_nan); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* values = frame.Take<double>(splines_.width);
    const std::size_t given = splines_.width - (splines_.bias ? 0 : 1);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < rows.width; ++j) {
        std::fill_n(values, splines_.width, 0.0);
        if (!Expand(j, rows.row(i)[j], values)) return BeyondKnots(rows.first + i, j);
        if (out.values == nullptr) continue;
        std::copy_n(values, given, out.values + (i * rows.width + j) * given);
      }
    }
    return {};
  }

 private:
  // Adds the values at x of a column's splines to zeros. False if x is where there are none.
  bool Expand(std::size_t column, double x, double* values) const;
  void AddInside(const Basis& basis, double x, double* values) const;
  bool AddBeyond(std::size_t column, double x, double* values) const;

  static Status BeyondKnots(std::size_t row, std::size_t column) {
    return Fail(Code::kInvalidArgument, "SplineTransformer: column " + std::to_string(column) +
                                            " of row " + std::to_string(row) +
                                            " is beyond the limits of the knots");
  }

  Splines splines_;
};

bool SplineOperator::Expand(std::size_t column, double x, double* values) const {
  const Basis& basis = splines_.columns[column];
  if (std::isnan(x)) return true;
  if (splines_.beyond == Beyond::kPeriodic) {
    const double period = basis.high - basis.low;
    double turned = period > 0 ? std::fmod(x - basis.low, period) : 0;
    if (turned < 0) turned += period;
    AddInside(basis, period > 0 ? basis.low + turned : 0, values);
    return true;
  }
  const bool inside = basis.low <= x && x <= basis.high;
  if (!inside && splines_.beyond != Beyond::kContinue) return AddBeyond(column, x, values);
  AddInside(basis, x, values);
  return true;
}

void SplineOperator::AddInside(const Basis& basis, double x, double* values) const {
  std::array<double, kMaxDegree + 1> some;
  const std::size_t interval = IntervalOf(basis, splines_.degree, x);
  Evaluate(basis, splines_.degree, interval, x, false, some.data());
  for (std::size_t k = 0; k <= splines_.degree; ++k) {
    // Periodic: the last splines are the first ones again.
    const std::size_t spline = interval - splines_.degree + k;
    values[spline < splines_.width ? spline : spline - splines_.width] += some[k];
  }
}

bool SplineOperator::AddBeyond(std::size_t column, double x, double* values) const {
  const Basis& basis = splines_.columns[column];
  const std::size_t width = splines_.width;
  const bool below = x < basis.low;
  const std::vector<double>& ends = below ? basis.low_values : basis.high_values;
  if (splines_.beyond == Beyond::kConstant) {
    // Without a degree, scikit-learn has no value for what is above.
    if (splines_.degree == 0 && !below) return false;
    for (std::size_t k = 0; k < splines_.degree; ++k) {
      const std::size_t spline = below ? k : width - 1 - k;
      values[spline] = ends[spline];
    }
    return true;
  }
  if (splines_.beyond != Beyond::kLinear) return false;
  const std::vector<double>& slopes = below ? basis.low_slopes : basis.high_slopes;
  for (std::size_t k = 0; k < splines_.continued[column]; ++k) {
    const std::size_t spline = below ? k : width - 1 - k;
    values[spline] = ends[spline] + (x - (below ? basis.low : basis.high)) * slopes[spline];
  }
  return true;
}

std::vector<double> AllAt(const Basis& basis, std::size_t degree, double x, bool slopes) {
  std::array<double, kMaxDegree + 1> some;
  std::vector<double> all(basis.count, 0.0);
  const std::size_t interval = IntervalOf(basis, degree, x);
  Evaluate(basis, degree, interval, x, slopes, some.data());
  std::copy_n(some.begin(), degree + 1, &all[interval - degree]);
  return all;
}

// A scipy.interpolate.BSpline whose coefficients are a unit matrix: only the knots tell something.
// `margin` is how many knots at each end are beyond the column's range.
Basis ReadBasis(Fitted& fitted, const Value& object, std::size_t degree, std::size_t margin) {
  Basis basis;
  Fitted spline = fitted.Part(object);
  basis.knots = spline.Vector(spline.Has("_t") ? "_t" : "t");
  if (!spline.ok()) fitted.Fail(spline.error().message);
  if (fitted.ok() && basis.knots.size() < std::max(2 * degree + 2, 2 * margin + 1)) {
    fitted.FailFor("bsplines_", "has too few knots");
  }
  if (!fitted.ok()) return {};
  basis.count = basis.knots.size() - degree - 1;
  basis.low = basis.knots[margin];
  basis.high = basis.knots[basis.knots.size() - 1 - margin];
  return basis;
}

Beyond ReadBeyond(Fitted& fitted) {
  constexpr std::array<std::pair<std::string_view, Beyond>, 5> kNames = {{
      {"error", Beyond::kError},
      {"constant", Beyond::kConstant},
      {"linear", Beyond::kLinear},
      {"continue", Beyond::kContinue},
      {"periodic", Beyond::kPeriodic},
  }};
  const std::string_view name = fitted.Text("extrapolation", "constant");
  for (const auto& [known, beyond] : kNames) {
    if (name == known) return beyond;
  }
  fitted.FailFor("extrapolation", "is not known");
  return Beyond::kError;
}

void ReadColumns(Fitted& fitted, const std::vector<Value*>& objects, Splines& splines) {
  // With linear extrapolation scikit-learn counts a degree below 2 up by one with every column, and
  // takes the ends of the next column's range from that.
  std::size_t margin = splines.degree;
  for (const Value* object : objects) {
    Basis basis = ReadBasis(fitted, *object, splines.degree, margin);
    if (!fitted.ok()) return;
    if (splines.beyond == Beyond::kConstant || splines.beyond == Beyond::kLinear) {
      if (!fitted.limits().Charge(4 * basis.count * sizeof(double))) {
        fitted.Fail("it is too large for its file");
        return;
      }
      basis.low_values = AllAt(basis, splines.degree, basis.low, false);
      basis.high_values = AllAt(basis, splines.degree, basis.high, false);
      basis.low_slopes = AllAt(basis, splines.degree, basis.low, true);
      basis.high_slopes = AllAt(basis, splines.degree, basis.high, true);
    }
    if (splines.beyond == Beyond::kLinear && margin < 2) ++margin;
    splines.continued.push_back(margin);
    splines.columns.push_back(std::move(basis));
    if (splines.columns.front().count != splines.columns.back().count) {
      fitted.FailFor("bsplines_", "has columns with different numbers of knots");
      return;
    }
  }
}

EstimatorPtr ReadSplineTransformer(Fitted& fitted) {
  Splines splines;
  const Value* objects = fitted.Require("bsplines_");
  if (objects == nullptr) return nullptr;
  const double degree = fitted.Number("degree", 3);
  if (!(degree >= 0 && degree <= static_cast<double>(kMaxDegree))) {
    fitted.FailFor("degree", "is not from 0 to " + std::to_string(kMaxDegree));
    return nullptr;
  }
  splines.degree = static_cast<std::size_t>(degree);
  splines.beyond = ReadBeyond(fitted);
  splines.bias = fitted.Flag("include_bias", true);
  splines.allow_nan = fitted.Text("handle_missing", "error") == "zeros";
  const std::size_t inputs = fitted.Inputs(objects->IsSequence() ? objects->items.size() : 0);
  if (!fitted.ok()) return nullptr;
  ReadColumns(fitted, objects->items, splines);
  if (!fitted.ok()) return nullptr;
  const std::size_t folded = splines.beyond == Beyond::kPeriodic ? splines.degree : 0;
  splines.width = splines.columns.front().count - folded;
  const std::size_t most = *std::ranges::max_element(splines.continued);
  if (splines.width < std::max(most, folded) || splines.width < splines.degree ||
      splines.width + (splines.bias ? 1 : 0) < 2) {
    fitted.FailFor("bsplines_", "has too few knots");
    return nullptr;
  }
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs * (splines.width - (splines.bias ? 0 : 1));
  if (traits.outputs > ReadLimits::kMaxColumns) {
    fitted.Fail("it gives more columns than are supported");
    return nullptr;
  }
  return std::make_unique<SplineOperator>(std::move(traits), std::move(splines));
}

}  // namespace

std::span<const RegistryEntry> SplineTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.SplineTransformer", ReadSplineTransformer}};
  return kEntries;
}

}  // namespace plinth::sklearn
