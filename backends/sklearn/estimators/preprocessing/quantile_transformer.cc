// QuantileTransformer: each column mapped to a uniform or normal distribution by its quantiles.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "numeric/special.h"

namespace plinth::sklearn {
namespace {

// Quantiles of one column, ascending, and what they are mapped to, both with their order turned and
// their signs changed as well: scikit-learn interpolates from both ends and takes the mean, which
// puts a repeated quantile in the middle of what it could be.
struct Tables {
  std::vector<double> quantiles;          // inputs x count
  std::vector<double> turned_quantiles;   // inputs x count
  std::vector<double> references;         // count
  std::vector<double> turned_references;  // count
};

// np.interp: linear between the points (x[i], y[i]), constant beyond them.
double Interpolate(double at, const double* x, const double* y, std::size_t n) {
  if (at > x[n - 1]) return y[n - 1];
  if (at < x[0]) return y[0];
  // A column that had no number at fit() has NaN for its quantiles.
  if (std::isnan(x[0])) return x[0];
  const auto i = static_cast<std::size_t>(std::upper_bound(x, x + n, at) - x);
  if (i == n || x[i - 1] == at) return y[i - 1];
  const double slope = (y[i] - y[i - 1]) / (x[i] - x[i - 1]);
  return slope * (at - x[i - 1]) + y[i - 1];
}

// Values this near to an end of the distribution are taken for its end.
constexpr double kBounds = 1e-7;

class Quantile final : public Estimator {
 public:
  Quantile(Traits traits, Tables tables, bool normal)
      : Estimator(std::move(traits)),
        tables_(std::move(tables)),
        normal_(normal),
        least_(NormalQuantile(kBounds - std::numeric_limits<double>::epsilon())),
        greatest_(NormalQuantile(1 - (kBounds - std::numeric_limits<double>::epsilon()))) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows, true); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t count = rows.count * rows.width;
    for (std::size_t i = 0; i < count; ++i) {
      const double x = rows.data[i];
      out.values[i] = std::isnan(x) ? x : Map(x, i % rows.width);
    }
    return {};
  }

 private:
  double Map(double x, std::size_t column) const {
    const double p = Rank(x, column);
    return normal_ ? std::clamp(NormalQuantile(p), least_, greatest_) : p;
  }

  double Rank(double x, std::size_t column) const {
    const std::size_t n = tables_.references.size();
    const double* quantiles = &tables_.quantiles[column * n];
    const double slack = normal_ ? kBounds : 0;
    if (normal_ ? x - slack < quantiles[0] : x == quantiles[0]) return 0;
    if (normal_ ? x + slack > quantiles[n - 1] : x == quantiles[n - 1]) return 1;
    return 0.5 * (Interpolate(x, quantiles, tables_.references.data(), n) -
                  Interpolate(-x, &tables_.turned_quantiles[column * n],
                              tables_.turned_references.data(), n));
  }

  Tables tables_;
  bool normal_;
  double least_;
  double greatest_;
};

std::vector<double> Turned(const std::vector<double>& numbers) {
  std::vector<double> turned(numbers.rbegin(), numbers.rend());
  for (double& number : turned) number = -number;
  return turned;
}

EstimatorPtr ReadQuantileTransformer(Fitted& fitted) {
  const Matrix quantiles = fitted.ReadMatrix("quantiles_");  // count x inputs
  const std::size_t inputs = fitted.Inputs(quantiles.columns);
  Tables tables;
  tables.references = fitted.Vector("references_", quantiles.rows);
  const std::string_view distribution = fitted.Text("output_distribution", "uniform");
  if (distribution != "uniform" && distribution != "normal") {
    fitted.FailFor("output_distribution", "is not uniform or normal");
  }
  if (!fitted.limits().Charge(2 * quantiles.data.size() * sizeof(double))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  tables.turned_references = Turned(tables.references);
  for (std::size_t j = 0; j < inputs; ++j) {
    std::vector<double> column;
    for (std::size_t i = 0; i < quantiles.rows; ++i) {
      column.push_back(quantiles.data[i * inputs + j]);
    }
    const std::vector<double> turned = Turned(column);
    tables.quantiles.insert(tables.quantiles.end(), column.begin(), column.end());
    tables.turned_quantiles.insert(tables.turned_quantiles.end(), turned.begin(), turned.end());
  }
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<Quantile>(std::move(traits), std::move(tables), distribution == "normal");
}

}  // namespace

std::span<const RegistryEntry> QuantileTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.QuantileTransformer", ReadQuantileTransformer}};
  return kEntries;
}

}  // namespace plinth::sklearn
