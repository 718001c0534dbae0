// LinearDiscriminantAnalysis: a linear classifier that can also project onto the directions that
// tell its classes apart.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "estimators/linear/linear_classifier.h"

namespace plinth::sklearn {
namespace {

struct DiscriminantAxes {
  std::vector<double> axes;    // components x inputs
  std::vector<double> centre;  // what is subtracted from X before
  std::size_t components = 0;
};

class LinearDiscriminant final : public Estimator {
 public:
  LinearDiscriminant(Traits traits, EstimatorPtr classifier, DiscriminantAxes axes)
      : Estimator(std::move(traits)),
        classifier_(std::move(classifier)),
        axes_(std::move(axes)),
        zeros_(axes_.components, 0.0) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Outputs to = out;
    to.logarithms = false;
    if (Status status = classifier_->Run(rows, to, scratch); !status) return status;
    if (out.logarithms) TakeLogarithms(out.probabilities, rows.count * traits().classes.size());
    if (out.transformed == nullptr) return {};
    Scratch::Frame frame(scratch);
    double* centred = frame.Take<double>(rows.count * rows.width);
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < rows.width; ++j) {
        centred[i * rows.width + j] = rows.row(i)[j] - axes_.centre[j];
      }
    }
    rows.data = centred;
    Affine(rows, axes_.axes.data(), zeros_.data(), axes_.components, out.transformed);
    return {};
  }

 private:
  // As scikit-learn takes them: that of 0 is that of the smallest normal number.
  static void TakeLogarithms(double* probabilities, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const double p = probabilities[i];
      probabilities[i] = std::log(p == 0 ? std::numeric_limits<double>::min() : p);
    }
  }

  EstimatorPtr classifier_;
  DiscriminantAxes axes_;
  std::vector<double> zeros_;  // a component
};

// scalings_ is [inputs, rank], of which the first _max_components are used.
DiscriminantAxes ReadAxes(Fitted& fitted, std::size_t inputs, bool centred) {
  const Matrix scalings = fitted.ReadMatrix("scalings_");
  const double most = fitted.Number("_max_components", static_cast<double>(scalings.columns));
  DiscriminantAxes axes;
  axes.centre = centred ? fitted.Vector("xbar_", inputs) : std::vector<double>(inputs, 0.0);
  if (fitted.ok() && (scalings.is_vector || scalings.rows != inputs || !(most >= 1))) {
    fitted.FailFor("scalings_", "must have a row for each feature, and some columns");
  }
  if (!fitted.ok()) return axes;
  axes.axes = Transposed(scalings);
  axes.components = most < static_cast<double>(scalings.columns) ? static_cast<std::size_t>(most)
                                                                 : scalings.columns;
  return axes;
}

EstimatorPtr ReadLinearDiscriminant(Fitted& fitted) {
  const std::size_t classes = fitted.ReadClasses().size();
  EstimatorPtr classifier =
      ReadLinearClassifier(fitted, classes == 2 ? Link::kOneVersusRest : Link::kSoftmax);
  const std::string_view solver = fitted.Text("solver", "svd");
  if (!fitted.ok()) return nullptr;
  Traits traits = classifier->traits();
  traits.logarithms = true;
  DiscriminantAxes axes;
  if (solver != "lsqr") axes = ReadAxes(fitted, traits.inputs, solver == "svd");  // it finds none
  if (!fitted.ok()) return nullptr;
  traits.transform_width = axes.components;
  return std::make_unique<LinearDiscriminant>(std::move(traits), std::move(classifier),
                                              std::move(axes));
}

}  // namespace

std::span<const RegistryEntry> LinearDiscriminants() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.discriminant_analysis.LinearDiscriminantAnalysis", ReadLinearDiscriminant}};
  return kEntries;
}

}  // namespace plinth::sklearn
