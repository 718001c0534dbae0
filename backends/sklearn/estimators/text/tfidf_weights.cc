#include "estimators/text/tfidf_weights.h"

#include <cmath>
#include <utility>

namespace plinth::sklearn {

void TfidfWeights::Apply(const std::int32_t* columns, double* counts, std::size_t n) const {
  if (sublinear) {
    for (std::size_t i = 0; i < n; ++i) counts[i] = std::log(counts[i]) + 1;
  }
  if (!idf.empty()) {
    for (std::size_t i = 0; i < n; ++i) counts[i] *= idf[static_cast<std::size_t>(columns[i])];
  }
  if (norm) ScaleToNorm(*norm, counts, n);
}

std::optional<Norm> ReadNorm(Fitted& fitted) {
  const Value* value = fitted.Find("norm");
  if (value != nullptr && value->IsNone()) return std::nullopt;
  const std::string_view name = fitted.Text("norm", "l2");
  const auto norm = FindNorm(name);
  if (!norm || *norm == Norm::kMax) {
    fitted.FailFor("norm", "is '" + std::string(name) + "'; l1, l2 or None was expected");
  }
  return norm;
}

TfidfWeights ReadTfidfWeights(Fitted& fitted, std::size_t width) {
  TfidfWeights weights;
  weights.sublinear = fitted.Flag("sublinear_tf", false);
  weights.norm = ReadNorm(fitted);
  if (!fitted.Flag("use_idf", true)) return weights;
  // Up to scikit-learn 1.4, the diagonal of a sparse matrix.
  const Value* diagonal = fitted.Find("_idf_diag");
  if (diagonal != nullptr && !fitted.Has("idf_")) {
    Fitted matrix = fitted.Part(*diagonal);
    weights.idf = matrix.Vector("data");
    if (!matrix.ok()) fitted.Fail(matrix.error().message);
  } else {
    weights.idf = fitted.Vector("idf_");
  }
  if (fitted.ok() && width != 0 && weights.idf.size() != width) {
    fitted.FailFor("idf_", "has " + std::to_string(weights.idf.size()) + " numbers; " +
                               std::to_string(width) + " were expected");
  }
  return weights;
}

}  // namespace plinth::sklearn
