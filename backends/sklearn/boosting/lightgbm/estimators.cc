// LightGBM's models as estimators: a Booster answers as its predict() does, the classes of
// lightgbm.sklearn as they do.
#include <algorithm>
#include <utility>

#include "boosting/lightgbm/learner.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

using lightgbm::Learner;

class BoosterModel final : public Estimator {
 public:
  BoosterModel(Traits traits, Learner learner)
      : Estimator(std::move(traits)), learner_(std::move(learner)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (out.values == nullptr) return {};
    const std::size_t groups = learner_.groups();
    learner_.Scores(rows, out.values, scratch);
    for (std::size_t row = 0; row < rows.count; ++row) {
      learner_.Transform(out.values + row * groups);
    }
    return {};
  }

 private:
  Learner learner_;
};

class ClassifierModel final : public Estimator {
 public:
  ClassifierModel(Traits traits, Learner learner)
      : Estimator(std::move(traits)), learner_(std::move(learner)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t groups = learner_.groups();
    double* scores = frame.Take<double>(rows.count * groups);
    learner_.Scores(rows, scores, scratch);
    if (out.decision) std::copy_n(scores, rows.count * groups, out.decision);
    for (std::size_t row = 0; row < rows.count; ++row) Finish(scores + row * groups, row, out);
    return {};
  }

 private:
  // Makes label and probabilities of a row's scores, in place.
  void Finish(double* scores, std::size_t row, const Outputs& out) const {
    const std::size_t classes = traits().classes.size();
    learner_.Transform(scores);
    double both[2];
    if (learner_.groups() == 1) {
      both[0] = 1.0 - scores[0];
      both[1] = scores[0];
      scores = both;
    }
    if (out.labels) out.labels[row] = static_cast<std::int32_t>(ArgMax(scores, classes));
    if (out.probabilities) std::copy_n(scores, classes, out.probabilities + row * classes);
  }

  Learner learner_;
};

Traits MakeTraits(Fitted& fitted, const Learner& learner, Role role) {
  Traits traits = fitted.MakeTraits(role, fitted.Inputs(learner.inputs()));
  if (traits.names.empty()) traits.names = learner.names();
  traits.widest = learner.groups();
  traits.block_rows = kTreeBlockRows;
  return traits;
}

EstimatorPtr MakeBooster(Fitted& fitted, std::optional<Learner> learner) {
  if (!learner) return nullptr;
  Traits traits = MakeTraits(fitted, *learner, Role::kRegressor);
  traits.outputs = learner->groups();
  traits.flat = traits.outputs == 1;
  if (!fitted.ok()) return nullptr;
  return TakeNames<BoosterModel>(std::move(traits), std::move(*learner), false);
}

// Reads the attributes of a lightgbm.basic.Booster, or of a model file as one. It predicts up to
// its best iteration, if early stopping found one.
template <typename Find>
std::optional<Learner> ReadLearner(Fitted& fitted, Find find) {
  const Value* text = find("_handle");
  if (text == nullptr) text = find("handle");  // before LightGBM 4, and of files
  if (text == nullptr || !text->IsText()) {
    fitted.Fail("it holds no trained model");
    return std::nullopt;
  }
  const Value* best = find("best_iteration");
  const bool stopped = best && best->Is(Kind::kInt) && best->integer > 0;
  return Learner::Read(fitted, text->text, stopped ? static_cast<std::size_t>(best->integer) : 0);
}

std::optional<Learner> ReadWrapped(Fitted& fitted) {
  const Value* booster = fitted.Require("_Booster");
  if (booster == nullptr) return std::nullopt;
  return ReadLearner(fitted, [&](std::string_view name) { return booster->Attribute(name); });
}

EstimatorPtr ReadBooster(Fitted& fitted) {
  return MakeBooster(fitted,
                     ReadLearner(fitted, [&](std::string_view name) { return fitted.Find(name); }));
}

EstimatorPtr ReadRegressor(Fitted& fitted) { return MakeBooster(fitted, ReadWrapped(fitted)); }

EstimatorPtr ReadClassifier(Fitted& fitted) {
  auto learner = ReadWrapped(fitted);
  const Value* written = fitted.Require("_classes");
  if (!learner || written == nullptr) return nullptr;
  Classes classes = fitted.ReadClasses(*written, "_classes");
  const Value* objective = fitted.Find("_objective");
  if (objective && !objective->IsNone() && !objective->IsText()) {
    fitted.Fail(
        "its objective is a function of its own, so it gives no labels or probabilities; "
        "save its booster_ and serve the raw scores");
  }
  const std::size_t groups = learner->groups();
  if (classes.size() != std::max<std::size_t>(groups, 2)) {
    fitted.Fail("it has " + std::to_string(classes.size()) + " classes but gives " +
                std::to_string(groups) + " numbers");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = MakeTraits(fitted, *learner, Role::kClassifier);
  if (!fitted.ok()) return nullptr;
  traits.classes = std::move(classes);
  traits.probabilities = true;
  traits.decision_width = groups;
  return TakeNames<ClassifierModel>(std::move(traits), std::move(*learner), false);
}

}  // namespace

std::span<const RegistryEntry> LightgbmModels() {
  static constexpr RegistryEntry kEntries[] = {
      {"lightgbm.basic.Booster", ReadBooster},
      {"lightgbm.sklearn.LGBMClassifier", ReadClassifier},
      {"lightgbm.sklearn.LGBMModel", ReadRegressor},
      {"lightgbm.sklearn.LGBMRanker", ReadRegressor},
      {"lightgbm.sklearn.LGBMRegressor", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
