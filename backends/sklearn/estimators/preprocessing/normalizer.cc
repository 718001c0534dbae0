// Normalizer: each row divided by its norm.
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "numeric/norm.h"

namespace plinth::sklearn {
namespace {

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
  const auto norm = FindNorm(name);
  if (!norm) {
    fitted.Fail("'norm' is '" + std::string(name) + "'; l1, l2 or max was expected");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<NormalizerOperator>(std::move(traits), *norm);
}

}  // namespace

std::span<const RegistryEntry> Normalizers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.Normalizer", ReadNormalizer}};
  return kEntries;
}

}  // namespace plinth::sklearn
