// GradientBoosting*: an initial estimate and small corrections by trees, added up in the space of
// the loss's link.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "estimators/trees/sklearn_tree.h"

namespace plinth::sklearn {
namespace {

// How raw sums and answers relate.
enum class Loss : std::uint8_t {
  kIdentity,     // regression
  kBinomial,     // two classes: raw = logit(p)
  kExponential,  // two classes: raw = logit(p) / 2
  kMultinomial,  // more: raw = log(p), up to a constant
};

struct Settings {
  Loss loss = Loss::kIdentity;
  std::size_t trees_per_stage = 1;
  // What the initial probabilities are kept away from 0 and 1 by.
  double epsilon = 0;
  // Versions before 1.4: log-probabilities are not centred, and a tie of two classes goes to the
  // first.
  bool old_losses = false;
};

class Booster final : public TreeEstimator {
 public:
  // `initial` is null for init="zero".
  Booster(Traits traits, TreeSet<float> trees, Settings settings, EstimatorPtr initial)
      : TreeEstimator(std::move(traits), std::move(trees), Accepts::kFinite),
        settings_(settings),
        initial_(std::move(initial)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t stage = settings_.trees_per_stage;
    const auto features = ToFeatures(rows, frame);
    if (!features) return Fail(features.error());
    double* raw = traits().role == Role::kRegressor ? out.values : out.decision;
    if (raw == nullptr) raw = frame.Take<double>(rows.count * stage);
    if (Status begun = Begin(rows, raw, scratch); !begun) return begun;
    trees().ForEachLeaf(*features, [&](std::size_t row, std::size_t tree, const double* leaf) {
      raw[row * stage + tree % stage] += leaf[0];
    });
    if (traits().role == Role::kClassifier) Finish(raw, rows.count, out);
    return {};
  }

 private:
  Status Begin(Rows rows, double* raw, Scratch& scratch) const;
  void Finish(const double* raw, std::size_t rows, const Outputs& out) const;

  Settings settings_;
  EstimatorPtr initial_;
};

double Logit(double p) { return std::log(p / (1 - p)); }

// The raw value of the initial estimate.
Status Booster::Begin(Rows rows, double* raw, Scratch& scratch) const {
  const std::size_t stage = settings_.trees_per_stage;
  if (initial_ == nullptr) {
    std::fill_n(raw, rows.count * stage, 0.0);
    return {};
  }
  Scratch::Frame frame(scratch);
  // The initial estimator is given X as the trees see it: rounded to float32.
  double* rounded = frame.Take<double>(rows.count * rows.width);
  for (std::size_t i = 0; i < rows.count * rows.width; ++i) {
    rounded[i] = static_cast<float>(rows.data[i]);
  }
  const Rows seen{rounded, rows.count, rows.width, rows.first};
  if (settings_.loss == Loss::kIdentity) {
    return initial_->Run(seen, Outputs{.values = raw}, scratch);
  }

  const std::size_t classes = initial_->traits().classes.size();
  double* probabilities = frame.Take<double>(rows.count * classes);
  if (Status status = initial_->Run(seen, Outputs{.probabilities = probabilities}, scratch);
      !status)
    return status;
  for (std::size_t i = 0; i < rows.count * classes; ++i) {
    probabilities[i] = std::clamp(probabilities[i], settings_.epsilon, 1 - settings_.epsilon);
  }
  for (std::size_t row = 0; row < rows.count; ++row) {
    const double* p = probabilities + row * classes;
    if (settings_.loss == Loss::kMultinomial) {
      double mean = 0;
      for (std::size_t k = 0; k < classes; ++k) {
        mean += std::log(p[k]) / static_cast<double>(classes);
      }
      const double centre = settings_.old_losses ? 0 : mean;
      for (std::size_t k = 0; k < classes; ++k) raw[row * stage + k] = std::log(p[k]) - centre;
    } else {
      raw[row] = settings_.loss == Loss::kExponential ? 0.5 * Logit(p[1]) : Logit(p[1]);
    }
  }
  return {};
}

void Booster::Finish(const double* raw, std::size_t rows, const Outputs& out) const {
  const std::size_t classes = traits().classes.size();
  for (std::size_t row = 0; row < rows; ++row) {
    if (settings_.loss == Loss::kMultinomial) {
      if (out.labels) {
        out.labels[row] = static_cast<std::int32_t>(ArgMax(raw + row * classes, classes));
      }
      if (out.probabilities == nullptr) continue;
      std::copy_n(raw + row * classes, classes, out.probabilities + row * classes);
      Softmax(out.probabilities + row * classes, classes);
      continue;
    }
    const double score = raw[row];
    const double p = Sigmoid(settings_.loss == Loss::kExponential ? 2 * score : score);
    const bool tie_to_first = settings_.old_losses && settings_.loss == Loss::kBinomial;
    if (out.labels) out.labels[row] = tie_to_first ? (p > 1 - p ? 1 : 0) : (score >= 0 ? 1 : 0);
    if (out.probabilities == nullptr) continue;
    out.probabilities[2 * row] = 1 - p;
    out.probabilities[2 * row + 1] = p;
  }
}

// estimators_ is an array of objects, [stages, trees a stage].
void AddStages(Fitted& fitted, TreeSet<float>& trees, std::size_t trees_per_stage) {
  const Value* estimators = fitted.Require("estimators_");
  const double rate = fitted.Number("learning_rate", 0.1);
  if (estimators == nullptr) return;
  const bool shaped =
      estimators->Is(Kind::kArray) && estimators->array && estimators->array->dtype->kind == 'O' &&
      estimators->array->shape.size() == 2 && estimators->array->shape[1] == trees_per_stage &&
      estimators->array->count > 0;
  if (!shaped) {
    return fitted.Fail("'estimators_' is " + Describe(*estimators) + "; " +
                       std::to_string(trees_per_stage) + " trees a stage were expected");
  }
  const Array& array = *estimators->array;
  for (std::size_t i = 0; fitted.ok() && i < array.count; ++i) {
    const std::size_t place =
        array.fortran ? (i % trees_per_stage) * array.shape[0] + i / trees_per_stage : i;
    const Value* tree = array.objects[place]->Attribute("tree_");
    if (tree == nullptr) {
      return fitted.Fail("'estimators_' holds " + Describe(*array.objects[place]) +
                         "; a fitted tree was expected");
    }
    SklearnTree read = ReadSklearnTree(fitted, *tree);
    for (double& value : read.values) value *= rate;
    trees.Add(fitted, read.nodes, read.values);
  }
}

// init_: an estimator, or "zero". Null with fitted.ok() for zero.
EstimatorPtr ReadInitial(Fitted& fitted, const Settings& settings, std::size_t inputs) {
  const Value* initial = fitted.Require("init_");
  if (initial == nullptr || (initial->IsText() && initial->text == "zero")) return nullptr;
  EstimatorPtr estimator = fitted.Child(*initial, inputs);
  if (estimator == nullptr) return nullptr;
  const Traits& traits = estimator->traits();
  const std::size_t classes = settings.loss == Loss::kMultinomial ? settings.trees_per_stage : 2;
  const bool fits = settings.loss == Loss::kIdentity
                        ? traits.role == Role::kRegressor && traits.outputs == 1
                        : traits.probabilities && traits.classes.size() == classes;
  if (!fits) {
    fitted.Fail("its initial estimator (" + traits.name + ") does not give what it starts from");
  }
  return estimator;
}

EstimatorPtr Make(Fitted& fitted, Traits traits, Settings settings) {
  settings.old_losses = !fitted.VersionAtLeast(1, 4);
  settings.epsilon = fitted.VersionAtLeast(1, 8)
                         ? std::numeric_limits<double>::epsilon()
                         : static_cast<double>(std::numeric_limits<float>::epsilon());
  TreeSet<float> trees(traits.inputs, 1);
  AddStages(fitted, trees, settings.trees_per_stage);
  EstimatorPtr initial = ReadInitial(fitted, settings, traits.inputs);
  if (!fitted.ok()) return nullptr;
  return std::make_unique<Booster>(std::move(traits), std::move(trees), settings,
                                   std::move(initial));
}

EstimatorPtr ReadRegressor(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = 1;
  traits.flat = true;
  return Make(fitted, std::move(traits), Settings{});
}

EstimatorPtr ReadClassifier(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  if (fitted.ok() && classes.size() < 2) {
    fitted.Fail("'classes_' has one class; two or more were expected");
  }
  if (!fitted.ok()) return nullptr;
  Settings settings;
  settings.loss =
      fitted.Text("loss", "log_loss") == "exponential" ? Loss::kExponential : Loss::kBinomial;
  if (classes.size() > 2) {
    settings.loss = Loss::kMultinomial;
    settings.trees_per_stage = classes.size();
  }
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.classes = std::move(classes);
  traits.probabilities = true;
  traits.decision_width = settings.trees_per_stage;
  return Make(fitted, std::move(traits), settings);
}

}  // namespace

std::span<const RegistryEntry> GradientBoosters() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.ensemble.GradientBoostingClassifier", ReadClassifier},
      {"sklearn.ensemble.GradientBoostingRegressor", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
