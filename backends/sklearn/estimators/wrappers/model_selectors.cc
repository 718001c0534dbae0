// Selectors that ask another estimator which features matter: SelectFromModel, RFE, RFECV and
// SequentialFeatureSelector.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "estimators/composition/column_subset.h"
#include "estimators/families.h"
#include "estimators/preprocessing/importances.h"

namespace plinth::sklearn {
namespace {

// RFE: transform() selects columns, and the estimator that was fitted on them predicts.
class SelectedPredictor final : public BatchEstimator {
 public:
  SelectedPredictor(Traits traits, std::vector<std::size_t> columns, EstimatorPtr predictor)
      : BatchEstimator(std::move(traits)),
        columns_(std::move(columns)),
        predictor_(std::move(predictor)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Batch selected = Select(batch, columns_, frame);
    if (out.transformed) {
      const Result<Rows> rows = ToDense(selected, frame);
      if (!rows) return Fail(rows.error());
      std::copy_n(rows->data, rows->count * rows->width, out.transformed);
    }
    if (!out.values && !out.labels && !out.probabilities && !out.decision) return {};
    Outputs to = out;
    to.transformed = nullptr;
    return predictor_->RunBatch(selected, to, scratch);
  }

 private:
  std::vector<std::size_t> columns_;
  EstimatorPtr predictor_;
};

std::vector<bool> ReadSupport(Fitted& fitted) {
  std::vector<bool> support;
  for (double kept : fitted.Vector("support_")) support.push_back(kept != 0);
  return support;
}

EstimatorPtr ReadSequential(Fitted& fitted) {
  return MakeColumnSubset(fitted, ReadSupport(fitted), true);
}

EstimatorPtr ReadRfe(Fitted& fitted) {
  const std::vector<bool> support = ReadSupport(fitted);
  const std::size_t inputs = fitted.Inputs(support.size());
  std::vector<std::size_t> columns;
  for (std::size_t j = 0; j < support.size(); ++j) {
    if (support[j]) columns.push_back(j);
  }
  const Value* estimator = fitted.Require("estimator_");
  EstimatorPtr predictor = estimator ? fitted.Child(*estimator, columns.size()) : nullptr;
  if (!fitted.ok()) return nullptr;
  if (predictor->traits().role == Role::kTransformer) {
    return MakeColumnSubset(fitted, support, true);
  }
  Traits traits = predictor->traits();
  traits.name = fitted.class_name();
  traits.inputs = inputs;
  traits.names = fitted.MakeTraits(traits.role, inputs).names;
  traits.widest = std::max(traits.widest, inputs);
  traits.score_samples = false;
  traits.transform_width = columns.size();
  traits.flat_transform = false;
  return std::make_unique<SelectedPredictor>(std::move(traits), std::move(columns),
                                             std::move(predictor));
}

bool IsOne(Fitted& estimator, std::string_view name) {
  return estimator.Has(name) && std::abs(estimator.Number(name, 0) - 1.0) <= 1e-8 + 1e-5;
}

// Whether all l1_ratio_ are 1: there is one for each class.
bool AreOnes(Fitted& estimator, std::string_view name) {
  if (!estimator.Has(name)) return false;
  const std::vector<double> ratios = estimator.Vector(name);
  return std::ranges::all_of(ratios, [](double r) { return std::abs(r - 1.0) <= 1e-8 + 1e-5; });
}

// Whether the estimator drives coefficients to exactly zero, as far as scikit-learn's version sees
// that.
bool IsSparsifying(Fitted& fitted, const Value& object) {
  Fitted estimator = fitted.Part(object);
  const std::string_view name = estimator.class_name();
  const Value* penalty = estimator.Find("penalty");
  if (penalty && penalty->IsText() && penalty->text == "l1") return true;
  if (name.find("Lasso") != std::string_view::npos) return true;
  if (name == "ElasticNet") return fitted.VersionAtLeast(1, 1) && IsOne(estimator, "l1_ratio");
  if (name == "ElasticNetCV") return fitted.VersionAtLeast(1, 1) && IsOne(estimator, "l1_ratio_");
  if (name == "LogisticRegression") {
    return fitted.VersionAtLeast(1, 8) && IsOne(estimator, "l1_ratio");
  }
  return name == "LogisticRegressionCV" && fitted.VersionAtLeast(1, 8) &&
         AreOnes(estimator, "l1_ratio_");
}

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double MedianOf(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string_view Stripped(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "mean", "median", or a number times one of them: "1.25*mean".
double ThresholdFromText(Fitted& fitted, std::string_view text,
                         const std::vector<double>& importances) {
  double scale = 1;
  if (const std::size_t times = text.find('*'); times != std::string_view::npos) {
    const std::string_view number = Stripped(text.substr(0, times));
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), scale);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size()) scale = NAN;
    text = Stripped(text.substr(times + 1));
  }
  if (std::isnan(scale) || (text != "mean" && text != "median")) {
    fitted.FailFor("threshold", "is not a number, 'mean', 'median' or a multiple of them");
  }
  return scale * (text == "median" ? MedianOf(importances) : MeanOf(importances));
}

double ReadThreshold(Fitted& fitted, const Value& estimator,
                     const std::vector<double>& importances) {
  const Value* threshold = fitted.Find("threshold");
  if (threshold == nullptr || threshold->IsNone()) {
    return IsSparsifying(fitted, estimator) ? 1e-5 : MeanOf(importances);
  }
  if (threshold->IsText()) return ThresholdFromText(fitted, threshold->text, importances);
  return fitted.Number("threshold", 0);
}

// The most important ones, the first of equal ones, as many as max_features says.
std::vector<bool> Candidates(Fitted& fitted, const std::vector<double>& importances) {
  std::vector<bool> kept(importances.size(), !fitted.Has("max_features"));
  if (!fitted.Has("max_features")) return kept;
  // max_features may be a function; what came of it at fit() is kept since 1.1.
  const double most =
      fitted.Number(fitted.Has("max_features_") ? "max_features_" : "max_features", 0);
  if (!(most >= 0)) fitted.FailFor("max_features", "is not a number of features");
  std::vector<std::size_t> order(importances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::size_t j) { return importances[j]; });
  for (std::size_t i = 0; i < order.size() && static_cast<double>(i) < most; ++i) {
    kept[order[i]] = true;
  }
  return kept;
}

EstimatorPtr ReadSelectFromModel(Fitted& fitted) {
  // With prefit=True it is the parameter itself that is fitted; older versions make no copy.
  const Value* estimator = fitted.Require(fitted.Has("estimator_") ? "estimator_" : "estimator");
  const Value* getter = fitted.Find("importance_getter");
  if (getter && !getter->IsNone() && !getter->IsText()) {
    fitted.FailFor("importance_getter", "is a Python function, which cannot be run here");
  }
  if (!fitted.ok()) return nullptr;
  const std::vector<double> importances =
      ReadImportances(fitted, *estimator, getter && getter->IsText() ? getter->text : "auto",
                      fitted.Number("norm_order", 1));
  if (fitted.ok() && importances.empty()) fitted.Fail("its estimator has no features");
  if (fitted.ok() && !std::ranges::all_of(importances, [](double x) { return x == x; })) {
    fitted.Fail("its estimator gives NaN as the importance of a feature");
  }
  if (!fitted.ok()) return nullptr;
  const double threshold = ReadThreshold(fitted, *estimator, importances);
  std::vector<bool> support = Candidates(fitted, importances);
  for (std::size_t j = 0; j < importances.size(); ++j) {
    if (importances[j] < threshold) support[j] = false;
  }
  return MakeColumnSubset(fitted, support, true);
}

}  // namespace

std::span<const RegistryEntry> ModelSelectors() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_selection.RFE", ReadRfe},
      {"sklearn.feature_selection.RFECV", ReadRfe},
      {"sklearn.feature_selection.SelectFromModel", ReadSelectFromModel},
      {"sklearn.feature_selection.SequentialFeatureSelector", ReadSequential},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
