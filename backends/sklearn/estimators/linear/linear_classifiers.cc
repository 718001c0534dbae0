// Classifiers that score X @ coef_.T + intercept_: one score for two classes, one a class for more.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/linear/linear_classifier.h"
#include "estimators/linear/linear_state.h"
#include "estimators/wrappers/label_targets.h"
#include "numeric/exponential.h"

namespace plinth::sklearn {
namespace {

// Divides by the sum; all zeros become uniform.
void Normalise(double* values, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += values[i];
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = sum == 0 ? 1.0 / static_cast<double>(n) : values[i] / sum;
  }
}

// The sigmoid of all scores at once: the probability of the second class of two, else shares of the
// classes. Room for what comes out is room enough for the scores.
void LinkSigmoid(const double* scores, std::size_t count, std::size_t width, double* out) {
  std::copy_n(scores, count * width, out);
  Sigmoids(out, count * width);
  if (width > 1) {
    for (std::size_t i = 0; i < count; ++i) Normalise(out + i * width, width);
    return;
  }
  // From the last on, so that none is overwritten before it is read.
  for (std::size_t i = count; i-- > 0;) {
    const double p = out[i];
    out[2 * i + 1] = p;
    out[2 * i] = 1.0 - p;
  }
}

void LinkSoftmax(const double* scores, std::size_t width, double* out) {
  if (width > 1) {
    std::copy_n(scores, width, out);
    return Softmax(out, width);
  }
  out[0] = -scores[0];
  out[1] = scores[0];
  Softmax(out, 2);
}

void LinkModifiedHuber(const double* scores, std::size_t width, double* out) {
  const auto link = [](double score) { return (std::clamp(score, -1.0, 1.0) + 1.0) / 2.0; };
  if (width > 1) {
    std::transform(scores, scores + width, out, link);
    return Normalise(out, width);
  }
  out[1] = link(scores[0]);
  out[0] = 1.0 - out[1];
}

// With several targets, a score says whether its target is there.
class LinearClassifier final : public Estimator {
 public:
  LinearClassifier(Traits traits, LinearState state, Link link)
      : Estimator(std::move(traits)), state_(std::move(state)), link_(link) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* scores = PlaceOfScores(rows.count, out, frame);
    Affine(rows, state_.weights.data(), state_.bias.data(), state_.outputs, scores);
    Answer(scores, rows.count, out);
    return {};
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* scores = PlaceOfScores(rows.count, out, frame);
    sparse_.Run(rows, state_.weights.data(), state_.bias.data(), state_.outputs, scores);
    Answer(scores, rows.count, out);
    return {};
  }

 private:
  double* PlaceOfScores(std::size_t count, const Outputs& out, Scratch::Frame& frame) const {
    return out.decision ? out.decision : frame.Take<double>(count * state_.outputs);
  }

  void Answer(const double* scores, std::size_t count, const Outputs& out) const {
    const std::size_t width = state_.outputs;
    if (out.labels) {
      const std::size_t targets = traits().LabelWidth();
      for (std::size_t i = 0; i < count; ++i) {
        WriteLabels(scores + i * width, out.labels + i * targets);
      }
    }
    if (out.probabilities == nullptr) return;
    if (link_ == Link::kOneVersusRest) return LinkSigmoid(scores, count, width, out.probabilities);
    const auto link = link_ == Link::kSoftmax ? LinkSoftmax : LinkModifiedHuber;
    const std::size_t classes = traits().classes.size();
    for (std::size_t i = 0; i < count; ++i) {
      link(scores + i * width, width, out.probabilities + i * classes);
    }
  }

  void WriteLabels(const double* score, std::int32_t* labels) const {
    const std::size_t width = state_.outputs;
    if (width == 1 || !traits().targets.empty()) {
      for (std::size_t i = 0; i < width; ++i) labels[i] = score[i] > 0 ? 1 : 0;
    } else {
      *labels = static_cast<std::int32_t>(ArgMax(score, width));
    }
  }

  LinearState state_;
  SparseAffine sparse_;
  Link link_;
};

EstimatorPtr Make(Fitted& fitted, Link link, LabelTargets labels) {
  LinearState state = ReadLinearState(fitted);
  if (!fitted.ok()) return nullptr;
  const std::size_t classes = labels.classes.size();
  if (classes < 2 || state.outputs != labels.Columns()) {
    fitted.Fail("'coef_' scores " + std::to_string(state.outputs) + " classes and 'classes_' has " +
                std::to_string(classes));
    return nullptr;
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, state.inputs);
  traits.takes_sparse = true;
  traits.probabilities = link != Link::kNone;
  traits.decision_width = state.outputs;
  labels.MoveTo(traits);
  return std::make_unique<LinearClassifier>(std::move(traits), std::move(state), link);
}

EstimatorPtr ReadWithoutProbabilities(Fitted& fitted) {
  return ReadLinearClassifier(fitted, Link::kNone);
}

// Ridge classifiers keep how y was made into numbers; classes_ is a property of that before 1.4.
// Before 1.1 targets of 0 and 1 were answered as if they were classes: by the largest score.
EstimatorPtr ReadRidge(Fitted& fitted) {
  LabelTargets labels = ReadLabelTargets(fitted, "_label_binarizer");
  if (!fitted.VersionAtLeast(1, 1)) labels.multilabel = false;
  return Make(fitted, Link::kNone, std::move(labels));
}

// `multi_class` was a parameter up to scikit-learn 1.7. Since then: the sigmoid for two classes,
// softmax for more.
EstimatorPtr ReadLogistic(Fitted& fitted) {
  const std::string_view multi_class = fitted.Text("multi_class", "auto");
  const std::string_view solver = fitted.Text("solver", "lbfgs");
  const Value* classes = fitted.Find("classes_");
  const bool binary =
      classes && classes->Is(Kind::kArray) && classes->array && classes->array->count <= 2;
  const bool old_newton_cholesky = solver == "newton-cholesky" && !fitted.VersionAtLeast(1, 6);
  bool sigmoid = multi_class == "ovr" || multi_class == "warn";
  if (multi_class == "auto" || multi_class == "deprecated") {
    sigmoid = binary || solver == "liblinear" || old_newton_cholesky;
  }
  return ReadLinearClassifier(fitted, sigmoid ? Link::kOneVersusRest : Link::kSoftmax);
}

EstimatorPtr ReadSgd(Fitted& fitted) {
  const std::string_view loss = fitted.Text("loss", "hinge");
  if (loss == "log_loss" || loss == "log")
    return ReadLinearClassifier(fitted, Link::kOneVersusRest);
  return ReadLinearClassifier(fitted,
                              loss == "modified_huber" ? Link::kModifiedHuber : Link::kNone);
}

}  // namespace

EstimatorPtr ReadLinearClassifier(Fitted& fitted, Link link) {
  LabelTargets labels;
  labels.classes = fitted.ReadClasses();
  return Make(fitted, link, std::move(labels));
}

std::span<const RegistryEntry> LinearClassifiers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.linear_model.LogisticRegression", ReadLogistic},
      {"sklearn.linear_model.LogisticRegressionCV", ReadLogistic},
      {"sklearn.linear_model.PassiveAggressiveClassifier", ReadWithoutProbabilities},
      {"sklearn.linear_model.Perceptron", ReadWithoutProbabilities},
      {"sklearn.linear_model.RidgeClassifier", ReadRidge},
      {"sklearn.linear_model.RidgeClassifierCV", ReadRidge},
      {"sklearn.linear_model.SGDClassifier", ReadSgd},
      {"sklearn.svm.LinearSVC", ReadWithoutProbabilities},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
