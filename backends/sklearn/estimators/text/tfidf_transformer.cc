// TfidfTransformer: counts weighted by how rare their columns are.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/text/tfidf_weights.h"

namespace plinth::sklearn {
namespace {

class TfidfOperator final : public SparseTransformer {
 public:
  TfidfOperator(Traits traits, TfidfWeights weights)
      : SparseTransformer(std::move(traits)), weights_(std::move(weights)) {}

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const auto rows = ToSparse(batch, frame);
    if (!rows) return Fail(rows.error());
    if (Status finite = CheckFinite(*rows); !finite) return finite;
    for (std::size_t i = 0; i < rows->count; ++i) {
      Scratch::Frame of_row(scratch);
      const std::size_t begin = rows->starts[i];
      const std::size_t n = rows->starts[i + 1] - begin;
      const std::int32_t* columns = rows->columns + begin;
      double* values = of_row.Take<double>(n);
      std::copy_n(rows->values + begin, n, values);
      weights_.Apply(columns, values, n);
      for (std::size_t j = 0; j < n; ++j) out.Add(static_cast<std::size_t>(columns[j]), values[j]);
      out.EndRow();
    }
    return {};
  }

 private:
  TfidfWeights weights_;
};

EstimatorPtr ReadTfidfTransformer(Fitted& fitted) {
  TfidfWeights weights = ReadTfidfWeights(fitted, 0);
  const std::size_t inputs =
      weights.idf.empty() ? fitted.Inputs() : fitted.Inputs(weights.idf.size());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  traits.takes_sparse = true;
  return std::make_unique<TfidfOperator>(std::move(traits), std::move(weights));
}

}  // namespace

std::span<const RegistryEntry> TfidfTransformers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_extraction.TfidfTransformer", ReadTfidfTransformer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
