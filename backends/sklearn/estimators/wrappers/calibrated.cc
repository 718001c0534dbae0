// CalibratedClassifierCV: classifiers whose scores are made into probabilities by a curve for each
// class, or by one temperature; the mean over those of all folds is the answer.
#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"
#include "estimators/linear/isotonic_curve.h"

namespace plinth::sklearn {
namespace {

struct SigmoidCurve {
  double slope = 0;
  double offset = 0;
};

struct Calibration {
  bool by_decision = false;  // scores are the decision function's, else the probabilities
  // One a column of the scores; none: the temperature.
  std::vector<std::variant<SigmoidCurve, IsotonicCurve>> curves;
  std::vector<std::int32_t> classes;  // which class each column is of
  double inverse_temperature = 1;
};

double At(const std::variant<SigmoidCurve, IsotonicCurve>& curve, double x) {
  if (const auto* sigmoid = std::get_if<SigmoidCurve>(&curve)) {
    return 1.0 / (1.0 + std::exp(sigmoid->slope * x + sigmoid->offset));
  }
  return *std::get<IsotonicCurve>(curve).At(x);  // these clip, so there is a value everywhere
}

class Calibrated final : public BatchEstimator {
 public:
  Calibrated(Traits traits, std::vector<EstimatorPtr> members,
             std::vector<Calibration> calibrations)
      : BatchEstimator(std::move(traits)),
        members_(std::move(members)),
        calibrations_(std::move(calibrations)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t classes = traits().classes.size();
    const std::size_t numbers = batch.count() * classes;
    double* mean = out.probabilities ? out.probabilities : frame.Take<double>(numbers);
    double* scores = frame.Take<double>(numbers);
    double* calibrated = frame.Take<double>(classes);
    std::fill_n(mean, numbers, 0.0);
    for (std::size_t k = 0; k < members_.size(); ++k) {
      const Calibration& calibration = calibrations_[k];
      const bool one = calibration.by_decision && classes == 2;
      const Outputs to =
          calibration.by_decision ? Outputs{.decision = scores} : Outputs{.probabilities = scores};
      if (Status status = members_[k]->RunBatch(batch, to, scratch); !status) return status;
      for (std::size_t i = 0; i < batch.count(); ++i) {
        const double* of_row = scores + i * (one ? 1 : classes);
        if (calibration.curves.empty()) {
          Temper(calibration, of_row, calibrated);
        } else {
          Curve(calibration, of_row, calibrated);
        }
        double* sum = mean + i * classes;
        for (std::size_t c = 0; c < classes; ++c) {
          const bool rounded_up = calibrated[c] > 1.0 && calibrated[c] <= 1.0 + 1e-5;
          sum[c] += rounded_up ? 1.0 : calibrated[c];
        }
      }
    }
    for (std::size_t i = 0; i < numbers; ++i) mean[i] /= static_cast<double>(members_.size());
    for (std::size_t i = 0; out.labels && i < batch.count(); ++i) {
      out.labels[i] = static_cast<std::int32_t>(ArgMax(mean + i * classes, classes));
    }
    return {};
  }

 private:
  void Curve(const Calibration& calibration, const double* scores, double* to) const {
    const std::size_t classes = traits().classes.size();
    if (classes == 2) {
      to[1] = At(calibration.curves[0], calibration.by_decision ? scores[0] : scores[1]);
      to[0] = 1.0 - to[1];
      return;
    }
    std::fill_n(to, classes, 0.0);
    for (std::size_t k = 0; k < calibration.curves.size(); ++k) {
      to[calibration.classes[k]] = At(calibration.curves[k], scores[k]);
    }
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += to[c];
    for (std::size_t c = 0; c < classes; ++c) {
      to[c] = sum != 0 ? to[c] / sum : 1.0 / static_cast<double>(classes);
    }
  }

  void Temper(const Calibration& calibration, const double* scores, double* to) const {
    constexpr double kTiny = 1e-12;  // keeps the logarithm finite
    const std::size_t classes = traits().classes.size();
    const bool one = calibration.by_decision && classes == 2;
    for (std::size_t c = 0; c < classes; ++c) {
      double logit = one ? (c == 0 ? -scores[0] : scores[0]) : scores[c];
      if (!calibration.by_decision) logit = std::log(logit + kTiny);
      to[c] = calibration.inverse_temperature * logit;
    }
    Softmax(to, classes);
  }

  std::vector<EstimatorPtr> members_;
  std::vector<Calibration> calibrations_;  // one a member
};

void ReadCurve(Fitted& fitted, const Value& object, Calibration& to) {
  Fitted curve = fitted.Part(object);
  if (curve.class_name() == "_SigmoidCalibration") {
    to.curves.emplace_back(SigmoidCurve{curve.Number("a_", 0), curve.Number("b_", 0)});
  } else if (curve.class_name() == "IsotonicRegression") {
    to.curves.emplace_back(IsotonicCurve::Read(curve));
    if (curve.ok() && curve.Text("out_of_bounds", "") != "clip") {
      curve.FailFor("out_of_bounds", "is not 'clip'");
    }
  } else if (curve.class_name() == "_TemperatureScaling") {
    to.inverse_temperature = curve.Number("beta_", 1);
  } else {
    curve.Fail("it is no calibrator that is known");
  }
  if (!curve.ok()) fitted.Fail(curve.error().message);
}

// A _CalibratedClassifier, whose classifier is `member`.
Calibration ReadCalibration(Fitted& fitted, Fitted& part, const Traits& member,
                            const Classes& classes) {
  Calibration calibration;
  calibration.by_decision = member.decision_width > 0;
  const Value* calibrators = part.Require("calibrators");
  if (!part.ok()) fitted.Fail(part.error().message);
  if (!fitted.ok()) return calibration;
  if (!calibrators->IsSequence()) {
    fitted.FailFor("calibrators", "is " + Describe(*calibrators) + "; a list was expected");
    return calibration;
  }
  for (const Value* curve : calibrators->items) ReadCurve(fitted, *curve, calibration);
  if (calibration.curves.empty() && calibrators->items.size() != 1) {
    fitted.FailFor("calibrators", "are not one temperature, or curves");
  }
  if (!fitted.ok()) return calibration;
  // Under a temperature the classifier was fitted on the numbers of the classes, and has them all.
  const std::size_t columns = classes.size() == 2 ? 1 : classes.size();
  if (!calibration.curves.empty()) calibration.classes = MatchClasses(fitted, member, classes);
  const bool scored =
      calibration.by_decision ? member.decision_width == columns : member.probabilities;
  if (fitted.ok() && (!scored || member.classes.size() != classes.size())) {
    fitted.Fail(member.name + " in it does not score all classes");
  }
  if (fitted.ok() && !calibration.curves.empty() && calibration.curves.size() != columns) {
    fitted.FailFor("calibrators", "are not one for each class");
  }
  return calibration;
}

EstimatorPtr ReadCalibrated(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  const Value* list = fitted.Require("calibrated_classifiers_");
  if (fitted.ok() && (!list->IsSequence() || list->items.empty() || classes.size() < 2)) {
    fitted.FailFor("calibrated_classifiers_",
                   "must be a list, of classifiers of two classes or more");
  }
  if (!fitted.ok()) return nullptr;
  std::vector<EstimatorPtr> members;
  std::vector<Calibration> calibrations;
  for (const Value* item : list->items) {
    Fitted part = fitted.Part(*item);
    // It was called base_estimator before 1.2.
    const Value* classifier = part.Require(part.Has("estimator") ? "estimator" : "base_estimator");
    if (!part.ok()) fitted.Fail(part.error().message);
    members.push_back(fitted.ok() ? fitted.Child(*classifier, fitted.GivenWidth()) : nullptr);
    if (!fitted.ok()) return nullptr;
    calibrations.push_back(ReadCalibration(fitted, part, members.back()->traits(), classes));
    if (!fitted.ok()) return nullptr;
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, 0);
  DescribeInputs(fitted, members, traits);
  if (!fitted.ok()) return nullptr;
  traits.probabilities = true;
  traits.classes = std::move(classes);
  return std::make_unique<Calibrated>(std::move(traits), std::move(members),
                                      std::move(calibrations));
}

}  // namespace

std::span<const RegistryEntry> CalibratedClassifiers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.calibration.CalibratedClassifierCV", ReadCalibrated}};
  return kEntries;
}

}  // namespace plinth::sklearn
