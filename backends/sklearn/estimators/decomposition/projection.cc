#include "estimators/decomposition/projection.h"

#include <utility>

#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

class ProjectionOperator final : public Estimator {
 public:
  ProjectionOperator(Traits traits, Projection projection)
      : Estimator(std::move(traits)),
        components_(projection.components.data.data(), projection.components.rows,
                    projection.components.columns),
        state_(std::move(projection)) {
    state_.components.data = {};
  }

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    Scratch::Frame frame(scratch);
    if (!state_.mean.empty()) rows = Centred(rows, frame);
    InnerProducts(rows, components_, AllOf(components_), out.values);
    Finish(rows.count, out.values);
    return {};
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const override {
    if (!traits().takes_sparse) return Estimator::RunSparse(rows, out, scratch);
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    InnerProducts(rows, components_, out.values);
    Finish(rows.count, out.values);
    return {};
  }

 private:
  Rows Centred(Rows rows, Scratch::Frame& frame) const {
    double* centred = frame.Take<double>(rows.count * rows.width);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      for (std::size_t j = 0; j < rows.width; ++j) {
        centred[i * rows.width + j] = row[j] - state_.mean[j];
      }
    }
    return Rows{centred, rows.count, rows.width, rows.first};
  }

  void Finish(std::size_t count, double* values) const {
    const std::size_t width = traits().outputs;
    for (std::size_t i = 0; i < count; ++i) {
      double* row = values + i * width;
      if (!state_.shift.empty()) {
        for (std::size_t j = 0; j < width; ++j) row[j] += state_.shift[j];
      }
      if (!state_.divisor.empty()) {
        for (std::size_t j = 0; j < width; ++j) row[j] /= state_.divisor[j];
      }
      if (state_.sigmoid) {
        for (std::size_t j = 0; j < width; ++j) row[j] = Sigmoid(row[j]);
      }
    }
  }

  Panels components_;
  Projection state_;  // its components are in the panels
};

}  // namespace

EstimatorPtr MakeProjection(Fitted& fitted, Projection projection) {
  const Matrix& components = projection.components;
  const std::size_t inputs = fitted.Inputs(components.columns);
  if (fitted.ok() && components.rows == 0) fitted.Fail("'components_' is empty");
  if (!fitted.limits().Charge(Panels::SizeFor(components.rows, components.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = components.rows;
  traits.takes_sparse = projection.mean.empty();
  return std::make_unique<ProjectionOperator>(std::move(traits), std::move(projection));
}

}  // namespace plinth::sklearn
