#include "estimators/linear_state.h"

#include <utility>

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

// scipy.sparse.csr_matrix: _shape, data, indices, indptr.
Matrix ReadCsr(Fitted& fitted, const Value& object) {
  Fitted csr = fitted.Part(object);
  const std::vector<std::int64_t> shape = csr.Ints("_shape");
  const std::vector<double> data = csr.Vector("data");
  const std::vector<std::int64_t> indices = csr.Ints("indices");
  const std::vector<std::int64_t> starts = csr.Ints("indptr");
  Matrix matrix;
  if (!csr.ok()) {
    fitted.Fail(csr.error().message);
    return matrix;
  }
  std::size_t count = 0;
  const bool shaped =
      shape.size() == 2 && shape[0] >= 0 && shape[1] >= 0 && indices.size() == data.size() &&
      CountElements({static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(shape[1])},
                    std::size_t{1} << 34, count) &&
      starts.size() == static_cast<std::size_t>(shape[0]) + 1;
  if (!shaped || !fitted.limits().Charge(count * sizeof(double))) {
    fitted.Fail("'coef_' is a sparse matrix whose parts do not agree");
    return matrix;
  }
  matrix = Matrix{std::vector<double>(count), static_cast<std::size_t>(shape[0]),
                  static_cast<std::size_t>(shape[1]), false};
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    const std::int64_t end = starts[row + 1];
    if (starts[row] < 0 || end < starts[row] || static_cast<std::size_t>(end) > data.size()) {
      fitted.Fail("'coef_' is a sparse matrix with rows out of range");
      return {};
    }
    for (auto at = static_cast<std::size_t>(starts[row]); at < static_cast<std::size_t>(end);
         ++at) {
      if (indices[at] < 0 || static_cast<std::size_t>(indices[at]) >= matrix.columns) {
        fitted.Fail("'coef_' is a sparse matrix with columns out of range");
        return {};
      }
      matrix.data[row * matrix.columns + static_cast<std::size_t>(indices[at])] += data[at];
    }
  }
  return matrix;
}

}  // namespace

LinearState ReadLinearState(Fitted& fitted) {
  LinearState state;
  const Value* coef = fitted.Require("coef_");
  if (coef == nullptr) return state;
  Matrix weights =
      coef->Is(Kind::kObject) ? ReadCsr(fitted, *coef) : fitted.ReadMatrix(*coef, "coef_");
  std::vector<double> bias = fitted.Vector("intercept_");
  if (!fitted.ok()) return state;
  if (weights.data.empty()) {
    fitted.Fail("'coef_' is empty");
    return state;
  }
  if (bias.size() == 1) bias.resize(weights.rows, bias[0]);
  if (bias.size() != weights.rows) {
    fitted.Fail("'intercept_' has " + std::to_string(bias.size()) + " numbers; " +
                std::to_string(weights.rows) + " were expected");
    return state;
  }
  state.inputs = fitted.Inputs(weights.columns);
  state.outputs = weights.rows;
  state.flat = weights.is_vector;
  state.weights = std::move(weights.data);
  state.bias = std::move(bias);
  return state;
}

}  // namespace plinth::sklearn
