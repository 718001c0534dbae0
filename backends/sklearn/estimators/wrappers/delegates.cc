// What answers by one fitted estimator inside it: searches, frozen and self-trained estimators,
// RANSAC.
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

EstimatorPtr Delegate(Fitted& fitted, std::string_view name) {
  const Value* estimator = fitted.Require(name);
  return estimator ? fitted.Child(*estimator, fitted.GivenWidth()) : nullptr;
}

EstimatorPtr ReadSearch(Fitted& fitted) {
  const Value* refit = fitted.Find("refit");  // or the name of a metric, or a function
  if (refit && refit->Is(Kind::kBool) && refit->integer == 0) {
    fitted.Fail(
        "it was made with refit=False, so it holds no fitted estimator; fit it with refit=True, or "
        "save the estimator that it found");
    return nullptr;
  }
  return Delegate(fitted, "best_estimator_");
}

EstimatorPtr ReadFrozen(Fitted& fitted) { return Delegate(fitted, "estimator"); }

EstimatorPtr ReadFitted(Fitted& fitted) { return Delegate(fitted, "estimator_"); }

// Its estimator had another name before 1.6.
EstimatorPtr ReadSelfTraining(Fitted& fitted) {
  return Delegate(fitted, fitted.Has("estimator_") ? "estimator_" : "base_estimator_");
}

}  // namespace

std::span<const RegistryEntry> Delegates() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.frozen.FrozenEstimator", ReadFrozen},
      {"sklearn.linear_model.RANSACRegressor", ReadFitted},
      {"sklearn.model_selection.GridSearchCV", ReadSearch},
      {"sklearn.model_selection.HalvingGridSearchCV", ReadSearch},
      {"sklearn.model_selection.HalvingRandomSearchCV", ReadSearch},
      {"sklearn.model_selection.RandomizedSearchCV", ReadSearch},
      {"sklearn.semi_supervised.SelfTrainingClassifier", ReadSelfTraining},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
