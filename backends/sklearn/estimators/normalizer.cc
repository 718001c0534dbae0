// Normalizer: each row divided by its norm.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

enum class Norm : std::uint8_t { kL1, kL2, kMax };

double NormOf(Norm norm, const double* row, std::size_t n) {
  double total = 0;
  switch (norm) {
    case Norm::kL1:
      for (std::size_t j = 0; j < n; ++j) total += std::abs(row[j]);
      return total;
    case Norm::kL2:
      return std::sqrt(Dot(row, row, n));
    case Norm::kMax:
      for (std::size_t j = 0; j < n; ++j) total = std::max(total, std::abs(row[j]));
      return total;
  }
  return total;
}

class NormalizerOperator final : public Estimator {
 public:
  NormalizerOperator(Traits traits, Norm norm) : Estimator(std::move(traits)), norm_(norm) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    // scikit-learn takes a norm below this for a row of zeros and leaves it.
    constexpr double kZero = 10 * std::numeric_limits<double>::epsilon();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      double norm = NormOf(norm_, row, rows.width);
      if (norm < kZero) norm = 1;
      for (std::size_t j = 0; j < rows.width; ++j) out.values[i * rows.width + j] = row[j] / norm;
    }
    return {};
  }

 private:
  Norm norm_;
};

EstimatorPtr ReadNormalizer(Fitted& fitted) {
  const std::string_view name = fitted.Text("norm", "l2");
  const std::size_t inputs = fitted.Inputs();
  if (name != "l1" && name != "l2" && name != "max") {
    fitted.Fail("'norm' is '" + std::string(name) + "'; l1, l2 or max was expected");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<NormalizerOperator>(std::move(traits), name == "l1"   ? Norm::kL1
                                                                 : name == "l2" ? Norm::kL2
                                                                                : Norm::kMax);
}

}  // namespace

std::span<const RegistryEntry> Normalizers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.Normalizer", ReadNormalizer}};
  return kEntries;
}

}  // namespace plinth::sklearn
