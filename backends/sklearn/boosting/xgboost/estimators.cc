// XGBoost's models as estimators: a Booster answers as its predict() does, the classes of
// xgboost.sklearn as they do. All in float32, widened at the end.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "boosting/xgboost/learner.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

using xgboost::Learner;
using xgboost::Link;

// Index of the first largest margin, as XGBoost and NumPy find it.
std::size_t FirstLargest(const float* values, std::size_t n) {
  return static_cast<std::size_t>(std::max_element(values, values + n) - values);
}

// Sparse rows as XGBoost sees them: what is not there is missing, and not zero.
Rows WithMissing(const SparseRows& rows, Scratch::Frame& frame) {
  auto* dense = frame.Take<double>(rows.count * rows.width);
  std::fill_n(dense, rows.count * rows.width, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t row = 0; row < rows.count; ++row) {
    for (std::size_t i = rows.starts[row]; i < rows.starts[row + 1]; ++i) {
      dense[row * rows.width + static_cast<std::size_t>(rows.columns[i])] = rows.values[i];
    }
  }
  return {dense, rows.count, rows.width, rows.first};
}

class XgboostModel : public Estimator {
 public:
  XgboostModel(Traits traits, Learner learner)
      : Estimator(std::move(traits)), learner_(std::move(learner)) {}

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const final {
    Scratch::Frame frame(scratch);
    return Run(WithMissing(rows, frame), out, scratch);
  }

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const final {
    Scratch::Frame frame(scratch);
    const std::size_t groups = learner_.groups();
    auto* margins = frame.Take<float>(rows.count * groups);
    learner_.Margins(rows, margins, scratch);
    for (std::size_t row = 0; row < rows.count; ++row) Finish(margins + row * groups, row, out);
    return {};
  }

 protected:
  const Learner& learner() const { return learner_; }

 private:
  // Makes the answers of a row of its margins, in place.
  virtual void Finish(float* margins, std::size_t row, const Outputs& out) const = 0;

  Learner learner_;
};

// What predict() of a Booster gives: a number for each class and target, or that of a class.
class BoosterModel final : public XgboostModel {
 public:
  using XgboostModel::XgboostModel;

 private:
  void Finish(float* margins, std::size_t row, const Outputs& out) const override {
    if (out.values == nullptr) return;
    const std::size_t groups = learner().groups();
    if (learner().objective().link == Link::kArgMax) {
      out.values[row] = static_cast<double>(FirstLargest(margins, groups));
      return;
    }
    learner().objective().Transform(margins, groups);
    std::copy_n(margins, groups, out.values + row * groups);
  }
};

// What XGBClassifier makes of one number: the probability of the second of two classes.
class BinaryModel final : public XgboostModel {
 public:
  using XgboostModel::XgboostModel;

 private:
  void Finish(float* margins, std::size_t row, const Outputs& out) const override {
    learner().objective().Transform(margins, 1);
    const float p = *margins;
    if (out.labels) out.labels[row] = p > 0.5F ? 1 : 0;
    if (out.probabilities == nullptr) return;
    out.probabilities[2 * row] = 1.0F - p;
    out.probabilities[2 * row + 1] = p;
  }
};

// Of one for each class.
class MulticlassModel final : public XgboostModel {
 public:
  using XgboostModel::XgboostModel;

 private:
  void Finish(float* margins, std::size_t row, const Outputs& out) const override {
    const std::size_t groups = learner().groups();
    const bool by_margin = learner().objective().link == Link::kArgMax;
    // Rounded probabilities may be equal where margins are not: XGBoost compares the one or the
    // other.
    if (!by_margin) learner().objective().Transform(margins, groups);
    if (out.labels) out.labels[row] = static_cast<std::int32_t>(FirstLargest(margins, groups));
    if (out.probabilities == nullptr) return;
    if (by_margin) xgboost::Softmax(margins, groups);
    std::copy_n(margins, groups, out.probabilities + row * groups);
  }
};

// Of one for each of several labels that a row has or has not.
class MultilabelModel final : public XgboostModel {
 public:
  using XgboostModel::XgboostModel;

 private:
  void Finish(float* margins, std::size_t row, const Outputs& out) const override {
    const std::size_t groups = learner().groups();
    learner().objective().Transform(margins, groups);
    for (std::size_t k = 0; k < groups; ++k) {
      if (out.labels) out.labels[row * groups + k] = margins[k] > 0.5F ? 1 : 0;
      if (out.probabilities) out.probabilities[row * groups + k] = margins[k];
    }
  }
};

Classes CountedClasses(std::size_t count) {
  Classes classes;
  for (std::size_t i = 0; i < count; ++i) classes.ints.push_back(static_cast<std::int64_t>(i));
  return classes;
}

Traits MakeTraits(Fitted& fitted, const Learner& learner, Role role) {
  Traits traits = fitted.MakeTraits(role, fitted.Inputs(learner.inputs()));
  if (traits.names.empty()) traits.names = learner.names();
  traits.widest = learner.groups();
  traits.takes_sparse = true;
  traits.block_rows = kTreeBlockRows;
  traits.probabilities = role == Role::kClassifier;
  return traits;
}

EstimatorPtr MakeBooster(Fitted& fitted, Learner learner) {
  Traits traits = MakeTraits(fitted, learner, Role::kRegressor);
  traits.outputs = learner.objective().link == Link::kArgMax ? 1 : learner.groups();
  traits.flat = traits.outputs == 1;
  if (!fitted.ok()) return nullptr;
  return TakeNames<BoosterModel>(std::move(traits), std::move(learner), true);
}

EstimatorPtr MakeClassifier(Fitted& fitted, Learner learner, Classes classes) {
  Traits traits = MakeTraits(fitted, learner, Role::kClassifier);
  const std::size_t groups = learner.groups();
  const bool multilabel = groups > 1 && classes.size() == 2;
  if (!multilabel && classes.size() != std::max<std::size_t>(groups, 2)) {
    fitted.Fail("it has " + std::to_string(classes.size()) + " classes but gives " +
                std::to_string(groups) + " numbers");
  }
  if (multilabel && learner.objective().link == Link::kArgMax) {
    fitted.Fail("it gives classes of several targets, which XGBoost cannot");
  }
  if (!fitted.ok()) return nullptr;
  if (multilabel) {
    traits.targets.assign(groups, CountedClasses(2));
    traits.indicator_probabilities = true;
    return TakeNames<MultilabelModel>(std::move(traits), std::move(learner), true);
  }
  traits.classes = std::move(classes);
  if (groups == 1) return TakeNames<BinaryModel>(std::move(traits), std::move(learner), true);
  return TakeNames<MulticlassModel>(std::move(traits), std::move(learner), true);
}

// The booster's bytes in the state of a xgboost.core.Booster.
std::string_view BytesOf(Fitted& booster) {
  const Value* handle = booster.Require("handle");
  if (handle && handle->IsText()) return handle->text;
  booster.Fail("it holds no trained model");
  return {};
}

// The classes of what XGBClassifier wrote of itself in its model file; nothing if another wrote it.
std::optional<Classes> ClassesWritten(Fitted& fitted, const Learner& learner) {
  std::string text = learner.scikit_learn();
  // Python writes numbers that JSON does not have.
  for (std::size_t at = 0; (at = text.find(" NaN", at)) != text.npos;) text.replace(at, 4, "null");
  if (text.empty()) return std::nullopt;
  const auto written = ParseJson(text, fitted.limits());
  const Json* type = written ? written->Find("_estimator_type") : nullptr;
  if (type == nullptr || type->text != "classifier") return std::nullopt;
  Classes classes = CountedClasses(std::max<std::size_t>(learner.classes(), 2));
  // Up to XGBoost 1.5 classes could be anything.
  const Json* given = written->Find("classes_");
  if (given == nullptr || !given->Is(Json::Type::kArray)) return classes;
  classes = Classes();
  for (double number : given->numbers) classes.ints.push_back(static_cast<std::int64_t>(number));
  if (!given->items.empty()) classes.type = Classes::Type::kStrings;
  for (const Json& item : given->items) classes.strings.push_back(item.text);
  return classes;
}

// A model file, or a pickled Booster.
EstimatorPtr ReadBooster(Fitted& fitted) {
  auto learner =
      Learner::Read(fitted, BytesOf(fitted), false, std::numeric_limits<float>::quiet_NaN());
  if (!learner) return nullptr;
  if (auto classes = ClassesWritten(fitted, *learner)) {
    return MakeClassifier(fitted, std::move(*learner), std::move(*classes));
  }
  return MakeBooster(fitted, std::move(*learner));
}

// What an estimator of xgboost.sklearn wraps.
std::optional<Learner> ReadWrapped(Fitted& fitted) {
  const Value* booster = fitted.Require("_Booster");
  float missing = std::numeric_limits<float>::quiet_NaN();
  if (fitted.Has("missing")) missing = static_cast<float>(fitted.Number("missing", missing));
  if (booster == nullptr) return std::nullopt;
  const Value* handle = booster->Attribute("handle");
  if (handle == nullptr || !handle->IsText()) {
    fitted.FailFor("_Booster", "is " + Describe(*booster) + "; a trained Booster was expected");
    return std::nullopt;
  }
  return Learner::Read(fitted, handle->text, true, missing);
}

EstimatorPtr ReadRegressor(Fitted& fitted) {
  auto learner = ReadWrapped(fitted);
  if (!learner) return nullptr;
  return MakeBooster(fitted, std::move(*learner));
}

EstimatorPtr ReadClassifier(Fitted& fitted) {
  auto learner = ReadWrapped(fitted);
  if (!learner) return nullptr;
  // Up to XGBoost 1.5 classes could be anything; since then they are 0 to k - 1.
  Classes classes = fitted.Has("classes_")
                        ? fitted.ReadClasses()
                        : CountedClasses(std::max<std::size_t>(learner->classes(), 2));
  if (!fitted.ok()) return nullptr;
  return MakeClassifier(fitted, std::move(*learner), std::move(classes));
}

}  // namespace

std::span<const RegistryEntry> XgboostModels() {
  static constexpr RegistryEntry kEntries[] = {
      {"xgboost.core.Booster", ReadBooster},
      {"xgboost.sklearn.XGBClassifier", ReadClassifier},
      {"xgboost.sklearn.XGBRFClassifier", ReadClassifier},
      {"xgboost.sklearn.XGBModel", ReadRegressor},
      {"xgboost.sklearn.XGBRegressor", ReadRegressor},
      {"xgboost.sklearn.XGBRFRegressor", ReadRegressor},
      {"xgboost.sklearn.XGBRanker", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
