// NMF and MiniBatchNMF: rows as sums of components, none negative.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/decomposition/factor_solver.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

using Solver = void (*)(const Factors& factors, Rows rows, double* w, Scratch& scratch);

class NonNegative final : public Estimator {
 public:
  NonNegative(Traits traits, Factors factors, Solver solve)
      : Estimator(std::move(traits)), factors_(std::move(factors)), solve_(solve) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    for (std::size_t i = 0; i < rows.count * rows.width; ++i) {
      // With Itakura-Saito and its like the error of a zero is infinite.
      if (rows.data[i] < 0 || (rows.data[i] == 0 && factors_.beta <= 0)) {
        return Fail(Code::kInvalidArgument,
                    traits().name + " takes " +
                        (factors_.beta <= 0 ? "positive numbers only" : "no negative numbers") +
                        "; column " + std::to_string(i % rows.width) + " of row " +
                        std::to_string(rows.first + i / rows.width) + " is " +
                        (rows.data[i] < 0 ? "negative" : "0"));
      }
    }
    if (out.values != nullptr && rows.count > 0) solve_(factors_, rows, out.values, scratch);
    return {};
  }

 private:
  Factors factors_;
  Solver solve_;
};

double ReadBeta(Fitted& fitted) {
  const Value* loss = fitted.Find("beta_loss");
  if (loss == nullptr || !loss->IsText()) return fitted.Number("beta_loss", 2);
  if (loss->text == "frobenius") return 2;
  if (loss->text == "kullback-leibler") return 1;
  if (loss->text != "itakura-saito") fitted.FailFor("beta_loss", "is not known");
  return 0;
}

// The penalties on W: alpha_W times the number of features; before version 1.0 alpha as it is.
void ReadPenalties(Fitted& fitted, std::size_t inputs, Factors& factors) {
  double alpha = fitted.Number("alpha_W", 0) * static_cast<double>(inputs);
  const Value* old = fitted.Find("alpha");
  if (alpha == 0 && old != nullptr && !old->IsText()) {
    const std::string_view on = fitted.Text("regularization", "both");
    alpha = on == "components" ? 0 : fitted.Number("alpha", 0);
  }
  const double l1_ratio = fitted.Number("l1_ratio", 0);
  factors.l1 = alpha * l1_ratio;
  factors.l2 = alpha * (1 - l1_ratio);
}

Factors ReadFactors(Fitted& fitted, const Matrix& components) {
  Factors factors;
  const std::size_t n = components.rows;
  const std::size_t inputs = components.columns;
  factors.components = n;
  factors.beta = ReadBeta(fitted);
  factors.tolerance = fitted.Number("tol", 1e-4);
  ReadPenalties(fitted, inputs, factors);
  if (n > ReadLimits::kMaxColumns || !fitted.limits().Charge(n * n * sizeof(double)) ||
      !fitted.limits().Charge(Panels::SizeFor(n, inputs) + Panels::SizeFor(inputs, n))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return factors;
  std::vector<double> transposed(components.data.size());
  factors.gram.resize(n * n);
  factors.sums.assign(n, 0.0);
  for (std::size_t k = 0; k < n; ++k) {
    const double* component = &components.data[k * inputs];
    for (std::size_t j = 0; j < inputs; ++j) {
      transposed[j * n + k] = component[j];
      factors.sums[k] += component[j];
    }
    for (std::size_t other = 0; other < n; ++other) {
      factors.gram[k * n + other] = Dot(component, &components.data[other * inputs], inputs);
    }
  }
  factors.by_component = Panels(components.data.data(), n, inputs);
  factors.by_feature = Panels(transposed.data(), inputs, n);
  return factors;
}

EstimatorPtr Make(Fitted& fitted, std::string_view steps, Solver solve) {
  const Matrix components = fitted.ReadMatrix("components_");
  const std::size_t inputs = fitted.Inputs(components.columns);
  if (!fitted.ok()) return nullptr;
  Factors factors = ReadFactors(fitted, components);
  const double max_steps = fitted.Number(steps, 200);
  if (!(max_steps >= 1 && max_steps <= 1e6)) fitted.FailFor(steps, "is not from 1 to 1e6");
  if (!fitted.ok()) return nullptr;
  factors.max_steps = static_cast<std::size_t>(max_steps);
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = components.rows;
  traits.joint = true;
  return std::make_unique<NonNegative>(std::move(traits), std::move(factors), solve);
}

EstimatorPtr ReadNmf(Fitted& fitted) {
  const std::string_view solver = fitted.Text("solver", "cd");
  if (solver != "cd" && solver != "mu") fitted.FailFor("solver", "is not cd or mu");
  if (solver == "cd" && fitted.Flag("shuffle", false)) {
    fitted.Fail("with shuffle=True its answers hang on random numbers; fit it without");
  }
  return Make(fitted, "max_iter", solver == "cd" ? SolveByDescent : SolveByUpdates);
}

EstimatorPtr ReadMiniBatchNmf(Fitted& fitted) {
  return Make(fitted, "_transform_max_iter", SolveByChange);
}

}  // namespace

std::span<const RegistryEntry> NonNegativeFactorizations() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.decomposition.MiniBatchNMF", ReadMiniBatchNmf},
      {"sklearn.decomposition.NMF", ReadNmf},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
