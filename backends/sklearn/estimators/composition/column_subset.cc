#include "estimators/composition/column_subset.h"

#include <utility>

namespace plinth::sklearn {
namespace {

class ColumnSubset final : public Estimator {
 public:
  ColumnSubset(Traits traits, std::vector<std::size_t> columns, bool allow_nan)
      : Estimator(std::move(traits)), columns_(std::move(columns)), allow_nan_(allow_nan) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows, allow_nan_); !finite) return finite;
    if (out.values == nullptr) return {};
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      for (std::size_t column : columns_) *to++ = row[column];
    }
    return {};
  }

 private:
  std::vector<std::size_t> columns_;
  bool allow_nan_;
};

}  // namespace

EstimatorPtr MakeColumnSubset(Fitted& fitted, const std::vector<bool>& support, bool allow_nan) {
  const std::size_t inputs = fitted.Inputs(support.size());
  std::vector<std::size_t> columns;
  for (std::size_t j = 0; j < support.size(); ++j) {
    if (support[j]) columns.push_back(j);
  }
  if (fitted.ok() && columns.empty()) {
    fitted.Fail("it selects no feature, so there is nothing to serve; fit it with a wider choice");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = columns.size();
  return std::make_unique<ColumnSubset>(std::move(traits), std::move(columns), allow_nan);
}

}  // namespace plinth::sklearn
