#include "estimators/sparse_state.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

// Adds a row of entries, by column; what is there twice is summed, as SciPy does.
void AddRow(std::vector<std::pair<std::int64_t, double>>& entries, SparseMatrix& to) {
  std::ranges::stable_sort(entries, {}, &std::pair<std::int64_t, double>::first);
  for (std::size_t i = 0; i < entries.size();) {
    const std::int64_t column = entries[i].first;
    double sum = 0;
    for (; i < entries.size() && entries[i].first == column; ++i) sum += entries[i].second;
    to.Add(static_cast<std::size_t>(column), sum);
  }
  to.EndRow();
}

}  // namespace

// _shape, data, indices, indptr.
SparseMatrix ReadCsr(Fitted& fitted, const Value& object, std::string_view name,
                     std::size_t& width) {
  SparseMatrix matrix;
  Fitted csr = fitted.Part(object);
  const std::vector<std::int64_t> shape = csr.Ints("_shape");
  const std::vector<double> data = csr.Vector("data");
  const std::vector<std::int64_t> indices = csr.Ints("indices");
  const std::vector<std::int64_t> starts = csr.Ints("indptr");
  if (!csr.ok()) {
    fitted.Fail(csr.error().message);
    return matrix;
  }
  const bool shaped = shape.size() == 2 && shape[0] >= 0 && shape[1] >= 0 &&
                      static_cast<std::size_t>(shape[1]) <= ReadLimits::kMaxColumns &&
                      indices.size() == data.size() &&
                      starts.size() == static_cast<std::size_t>(shape[0]) + 1;
  if (!shaped || !fitted.limits().Charge(2 * data.size() * sizeof(double))) {
    fitted.FailFor(name, "is a sparse matrix whose parts do not agree");
    return matrix;
  }
  width = static_cast<std::size_t>(shape[1]);
  std::vector<std::pair<std::int64_t, double>> entries;
  std::int64_t at = starts[0];
  for (std::size_t row = 1; row < starts.size(); ++row) {
    const std::int64_t end = starts[row];
    if (at < 0 || end < at || static_cast<std::size_t>(end) > data.size()) {
      fitted.FailFor(name, "is a sparse matrix with rows out of range");
      return matrix;
    }
    entries.clear();
    for (; at < end; ++at) {
      const auto i = static_cast<std::size_t>(at);
      if (indices[i] < 0 || indices[i] >= shape[1]) {
        fitted.FailFor(name, "is a sparse matrix with columns out of range");
        return matrix;
      }
      entries.emplace_back(indices[i], data[i]);
    }
    AddRow(entries, matrix);
  }
  return matrix;
}

Matrix ReadMaybeSparse(Fitted& fitted, std::string_view name) {
  const Value* value = fitted.Require(name);
  if (value == nullptr) return {};
  if (!value->Is(Kind::kObject)) return fitted.ReadMatrix(*value, name);
  std::size_t width = 0;
  const SparseMatrix sparse = ReadCsr(fitted, *value, name, width);
  std::size_t count = 0;
  const bool fits = CountElements({sparse.rows(), width}, std::size_t{1} << 34, count) &&
                    fitted.limits().Charge(count * sizeof(double));
  if (fitted.ok() && !fits) {
    fitted.FailFor(name, "is a sparse matrix that is too large to be made dense");
  }
  if (!fitted.ok()) return {};
  Matrix matrix{std::vector<double>(count), sparse.rows(), width, false};
  ToDense(sparse.View(width, 0), matrix.data.data());
  return matrix;
}

}  // namespace plinth::sklearn
