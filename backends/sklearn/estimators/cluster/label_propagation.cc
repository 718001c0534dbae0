// LabelPropagation and LabelSpreading: the label distributions of the fitted rows, weighted by a
// kernel, or of the nearest ones.
#include <algorithm>
#include <optional>
#include <utility>

#include "estimators/families.h"
#include "estimators/kernels/kernel_state.h"
#include "estimators/neighbors/neighbor_query.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

class LabelSpreader final : public Estimator {
 public:
  struct State {
    Kernel kernel;                      // "rbf"
    Panels by_class;                    // "rbf": classes x fitted rows
    std::optional<NeighborQuery> near;  // "knn"
    std::vector<double> distributions;  // "knn": fitted rows x classes
  };

  LabelSpreader(Traits traits, State state) : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t classes = traits().classes.size();
    Scratch::Frame frame(scratch);
    double* sums = out.probabilities ? out.probabilities : frame.Take<double>(rows.count * classes);
    if (s_.near) {
      SumNearest(rows, sums, scratch);
    } else {
      SumKernel(rows, sums, scratch);
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      double* row = sums + i * classes;
      double total = 0;
      for (std::size_t c = 0; c < classes; ++c) total += row[c];
      for (std::size_t c = 0; c < classes; ++c) row[c] /= total;
      if (out.labels) out.labels[i] = static_cast<std::int32_t>(ArgMax(row, classes));
    }
    return {};
  }

 private:
  void SumKernel(Rows rows, double* sums, Scratch& scratch) const {
    const std::size_t step = s_.kernel.RowsAtOnce();
    Scratch::Frame frame(scratch);
    double* values = frame.Take<double>(step * s_.kernel.size());
    for (std::size_t at = 0; at < rows.count; at += step) {
      const Rows part{rows.row(at), std::min(step, rows.count - at), rows.width, 0};
      s_.kernel.Compute(part, values, scratch);
      InnerProducts(Rows{values, part.count, s_.kernel.size(), 0}, s_.by_class, AllOf(s_.by_class),
                    sums + at * s_.by_class.rows());
    }
  }

  void SumNearest(Rows rows, double* sums, Scratch& scratch) const {
    const std::size_t classes = traits().classes.size();
    std::fill_n(sums, rows.count * classes, 0.0);
    // Always ends well: what is called gives no error.
    (void)s_.near->ForEach(rows, scratch, [&](std::size_t i, const Neighborhood& found) -> Status {
      for (std::size_t k = 0; k < found.count; ++k) {
        const double* from = &s_.distributions[found.indices[k] * classes];
        for (std::size_t c = 0; c < classes; ++c) sums[i * classes + c] += from[c];
      }
      return {};
    });
  }

  State s_;
};

void ReadNear(Fitted& fitted, LabelSpreader::State& state) {
  const Value* near = fitted.Require("nn_fit");
  if (near == nullptr) return;
  Fitted part = fitted.Part(*near);
  state.near = NeighborQuery::ReadNearest(part);
  if (!part.ok()) fitted.Fail(part.error().message);
}

EstimatorPtr ReadLabelSpreader(Fitted& fitted) {
  const Value* kernel = fitted.Find("kernel");
  if (kernel && !kernel->IsText()) {
    fitted.Fail("its kernel is a Python function, which cannot be read; use 'rbf' or 'knn'");
  }
  const bool near = fitted.Text("kernel", "rbf") == "knn";
  Classes classes = fitted.ReadClasses();
  Matrix distributions = fitted.ReadMatrix("label_distributions_");
  if (fitted.ok() && (distributions.columns != classes.size() || distributions.rows == 0)) {
    fitted.FailFor("label_distributions_", "have not one column for each class");
  }
  if (!fitted.ok()) return nullptr;
  LabelSpreader::State state;
  std::size_t inputs = 0;
  if (near) {
    ReadNear(fitted, state);
    if (fitted.ok()) inputs = fitted.Inputs(state.near->search().inputs());
  } else {
    state.kernel = ReadKernel(fitted, "X_", inputs);
  }
  if (!fitted.ok()) return nullptr;
  const std::size_t rows = near ? state.near->search().size() : state.kernel.size();
  if (rows != distributions.rows) {
    fitted.FailFor("label_distributions_", "are not one for each fitted row");
    return nullptr;
  }
  if (near) {
    state.distributions = std::move(distributions.data);
  } else {
    std::vector<double> by_class(distributions.data.size());
    for (std::size_t i = 0; i < by_class.size(); ++i) {
      by_class[i % classes.size() * rows + i / classes.size()] = distributions.data[i];
    }
    state.by_class = Panels(by_class.data(), classes.size(), rows);
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = true;
  traits.classes = std::move(classes);
  return std::make_unique<LabelSpreader>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> LabelSpreaders() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.semi_supervised.LabelPropagation", ReadLabelSpreader},
      {"sklearn.semi_supervised.LabelSpreading", ReadLabelSpreader},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
