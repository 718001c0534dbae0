// FixedThresholdClassifier and TunedThresholdClassifierCV: a binary classifier that says yes from
// another score on.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/labels.h"

namespace plinth::sklearn {
namespace {

struct Cut {
  bool by_decision = false;   // the score is the decision function, else a probability
  std::int32_t positive = 1;  // the class that is given from the threshold on
  double threshold = 0;
};

class Thresholded final : public BatchEstimator {
 public:
  Thresholded(Traits traits, EstimatorPtr classifier, Cut cut)
      : BatchEstimator(std::move(traits)), classifier_(std::move(classifier)), cut_(cut) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    Outputs to{
        .probabilities = out.probabilities, .logarithms = out.logarithms, .decision = out.decision};
    if (out.labels && cut_.by_decision && to.decision == nullptr) {
      to.decision = frame.Take<double>(batch.count());
    } else if (out.labels && !cut_.by_decision && to.probabilities == nullptr) {
      to.probabilities = frame.Take<double>(2 * batch.count());
    }
    if (Status status = classifier_->RunBatch(batch, to, scratch); !status) return status;
    for (std::size_t i = 0; out.labels && i < batch.count(); ++i) {
      double score = 0;
      if (cut_.by_decision) {
        score = cut_.positive == 1 ? to.decision[i] : -to.decision[i];
      } else {
        score = to.probabilities[2 * i + static_cast<std::size_t>(cut_.positive)];
        if (to.logarithms) score = std::exp(score);
      }
      out.labels[i] = score >= cut_.threshold ? cut_.positive : 1 - cut_.positive;
    }
    return {};
  }

 private:
  EstimatorPtr classifier_;
  Cut cut_;
};

// Which class a value names; the second if it is None.
std::int32_t PositiveClass(Fitted& fitted, const Value* label, const Classes& classes) {
  if (label == nullptr || label->IsNone()) return 1;
  const Classes named = ReadLabels(fitted, *label, "pos_label");
  const auto found = named.size() == 1 ? IndexOf(classes, named, 0) : std::nullopt;
  if (!found) fitted.FailFor("pos_label", "is not one of the classes");
  return static_cast<std::int32_t>(found.value_or(1));
}

// The class that the metric of the search was about: as it was told, or 1 for the metrics whose
// default that is.
std::int32_t MetricsClass(Fitted& fitted, const Classes& classes) {
  constexpr std::array<std::string_view, 6> kAboutOne = {
      "average_precision_score", "f1_score",        "fbeta_score",
      "jaccard_score",           "precision_score", "recall_score"};
  const Value* scorer = fitted.Require("_curve_scorer");
  if (scorer == nullptr) return 1;
  const Value* arguments = scorer->Attribute("_kwargs");
  const Value* label = arguments ? arguments->Get("pos_label") : nullptr;
  if (label) return PositiveClass(fitted, label, classes);
  const Value* metric = scorer->Attribute("_score_func");
  if (metric == nullptr || !metric->Is(Kind::kGlobal) ||
      !metric->text.starts_with("sklearn.metrics.")) {
    fitted.Fail("its metric is not one of scikit-learn's, so its positive class is not known");
    return 1;
  }
  const std::string_view name = metric->text.substr(metric->text.rfind('.') + 1);
  if (std::ranges::find(kAboutOne, name) == kAboutOne.end()) return 1;
  Classes one;
  one.ints = {1};
  const auto found = IndexOf(classes, one, 0);
  if (!found) fitted.FailFor("pos_label", "is not one of the classes");
  return static_cast<std::int32_t>(found.value_or(1));
}

EstimatorPtr ReadClassifier(Fitted& fitted) {
  // Since 1.9 one that was fitted before may be used as it is.
  const Value* estimator = fitted.Require(fitted.Has("estimator_") ? "estimator_" : "estimator");
  EstimatorPtr classifier = estimator ? fitted.Child(*estimator, fitted.GivenWidth()) : nullptr;
  if (!fitted.ok()) return nullptr;
  const Traits& part = classifier->traits();
  if (part.role != Role::kClassifier || part.classes.size() != 2 || part.decision_width > 1) {
    fitted.Fail(part.name + " in it is not a classifier of two classes");
  }
  return classifier;
}

// By what the score is, from response_method.
Cut ChooseScore(Fitted& fitted, const Traits& part) {
  const std::string_view method = fitted.Text("response_method", "auto");
  Cut cut;
  cut.by_decision = method == "decision_function" || (method == "auto" && !part.probabilities);
  if (cut.by_decision ? part.decision_width == 0 : !part.probabilities) {
    fitted.FailFor("response_method", "is what " + part.name + " does not have");
  }
  return cut;
}

EstimatorPtr Make(Fitted& fitted, EstimatorPtr classifier, const Cut& cut) {
  if (!fitted.ok()) return nullptr;
  Traits traits = classifier->traits();
  traits.name = fitted.class_name();
  traits.transform_width = 0;
  traits.score_samples = false;
  return std::make_unique<Thresholded>(std::move(traits), std::move(classifier), cut);
}

EstimatorPtr ReadFixedThreshold(Fitted& fitted) {
  EstimatorPtr classifier = ReadClassifier(fitted);
  if (!fitted.ok()) return nullptr;
  Cut cut = ChooseScore(fitted, classifier->traits());
  cut.positive = PositiveClass(fitted, fitted.Find("pos_label"), classifier->traits().classes);
  const Value* threshold = fitted.Require("threshold");
  if (threshold && threshold->IsText()) {
    if (threshold->text != "auto") fitted.FailFor("threshold", "is not a number or 'auto'");
    cut.threshold = cut.by_decision ? 0.0 : 0.5;
  } else {
    cut.threshold = fitted.Number("threshold", 0);
  }
  return Make(fitted, std::move(classifier), cut);
}

EstimatorPtr ReadTunedThreshold(Fitted& fitted) {
  EstimatorPtr classifier = ReadClassifier(fitted);
  if (!fitted.ok()) return nullptr;
  Cut cut = ChooseScore(fitted, classifier->traits());
  cut.positive = MetricsClass(fitted, classifier->traits().classes);
  if (fitted.Require("best_threshold_")) cut.threshold = fitted.Number("best_threshold_", 0);
  return Make(fitted, std::move(classifier), cut);
}

}  // namespace

std::span<const RegistryEntry> Thresholds() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.model_selection.FixedThresholdClassifier", ReadFixedThreshold},
      {"sklearn.model_selection.TunedThresholdClassifierCV", ReadTunedThreshold},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
