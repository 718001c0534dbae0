#include "estimators/sparse_state.h"

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

// scipy.sparse.csr_matrix: _shape, data, indices, indptr.
Matrix ReadCsr(Fitted& fitted, const Value& object, std::string_view name) {
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
    fitted.FailFor(name, "is a sparse matrix whose parts do not agree");
    return matrix;
  }
  matrix = Matrix{std::vector<double>(count), static_cast<std::size_t>(shape[0]),
                  static_cast<std::size_t>(shape[1]), false};
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    const std::int64_t end = starts[row + 1];
    if (starts[row] < 0 || end < starts[row] || static_cast<std::size_t>(end) > data.size()) {
      fitted.FailFor(name, "is a sparse matrix with rows out of range");
      return {};
    }
    for (auto at = static_cast<std::size_t>(starts[row]); at < static_cast<std::size_t>(end);
         ++at) {
      if (indices[at] < 0 || static_cast<std::size_t>(indices[at]) >= matrix.columns) {
        fitted.FailFor(name, "is a sparse matrix with columns out of range");
        return {};
      }
      matrix.data[row * matrix.columns + static_cast<std::size_t>(indices[at])] += data[at];
    }
  }
  return matrix;
}

}  // namespace

Matrix ReadMaybeSparse(Fitted& fitted, std::string_view name) {
  const Value* value = fitted.Require(name);
  if (value == nullptr) return {};
  return value->Is(Kind::kObject) ? ReadCsr(fitted, *value, name) : fitted.ReadMatrix(*value, name);
}

}  // namespace plinth::sklearn
