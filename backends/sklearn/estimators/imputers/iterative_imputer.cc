// IterativeImputer: each column's missing values predicted from the other columns, round by round.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "estimators/imputers/missing.h"

namespace plinth::sklearn {
namespace {

// One step: a regressor that predicts one column from others. Columns are counted after those that
// were empty at fit() have been dropped.
struct Imputation {
  std::size_t column = 0;
  std::vector<std::size_t> from;
  EstimatorPtr regressor;
};

struct IterativeState {
  Marker marker;
  EstimatorPtr initial;
  // Which column of X each imputed one is. Those that were empty at fit() but are kept keep what
  // the first imputer put there.
  std::vector<std::size_t> kept;
  std::vector<bool> empty;  // for each of them
  std::vector<Imputation> sequence;
  std::vector<double> least;  // for each of them: the range of what may be put in
  std::vector<double> greatest;
  std::vector<std::size_t> marked;
};

double Clip(double value, double low, double high) { return std::min(std::max(value, low), high); }

class IterativeImputer final : public Estimator {
 public:
  IterativeImputer(Traits traits, IterativeState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, state_.marker.is_nan); !finite) return finite;
    Scratch::Frame frame(scratch);
    const std::size_t width = state_.kept.size();
    double* filled = frame.Take<double>(rows.count * width);
    if (Status status = state_.initial->Run(rows, Outputs{.values = filled}, scratch); !status) {
      return status;
    }
    if (out.values == nullptr) return {};
    if (!NothingIsThere(rows)) {
      for (const Imputation& step : state_.sequence) {
        if (Status status = Impute(step, rows, filled, scratch); !status) return status;
      }
    }
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      to = std::copy_n(filled + i * width, width, to);
      to = Mark(state_.marker, state_.marked, rows.row(i), to);
    }
    return {};
  }

 private:
  bool IsMissing(const double* row, std::size_t column) const {
    return !state_.empty[column] && state_.marker.Matches(row[state_.kept[column]]);
  }

  // Where no row has a value, scikit-learn leaves it at the first imputer's answer.
  bool NothingIsThere(Rows rows) const {
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t j = 0; j < state_.kept.size(); ++j) {
        if (!IsMissing(rows.row(i), j)) return false;
      }
    }
    return true;
  }

  Status Impute(const Imputation& step, Rows rows, double* filled, Scratch& scratch) const;

  IterativeState state_;
};

Status IterativeImputer::Impute(const Imputation& step, Rows rows, double* filled,
                                Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  auto* missing = frame.Take<std::size_t>(rows.count);
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows.count; ++i) {
    if (IsMissing(rows.row(i), step.column)) missing[count++] = i;
  }
  if (count == 0) return {};
  const std::size_t width = state_.kept.size();
  double* known = frame.Take<double>(count * step.from.size());
  double* predicted = frame.Take<double>(count);
  double* to = known;
  for (std::size_t k = 0; k < count; ++k) {
    const double* row = filled + missing[k] * width;
    for (std::size_t column : step.from) *to++ = row[column];
  }
  const Rows given{known, count, step.from.size(), rows.first};
  if (Status status = step.regressor->Run(given, Outputs{.values = predicted}, scratch); !status) {
    return status;
  }
  for (std::size_t k = 0; k < count; ++k) {
    filled[missing[k] * width + step.column] =
        Clip(predicted[k], state_.least[step.column], state_.greatest[step.column]);
  }
  return {};
}

// Which columns were empty at fit(). Before version 1.4 only the first imputer's statistics tell.
std::vector<bool> ReadEmpty(Fitted& fitted, std::size_t inputs) {
  std::vector<double> empty;
  if (fitted.Has("_is_empty_feature")) {
    empty = fitted.Vector("_is_empty_feature", inputs);
  } else if (const Value* initial = fitted.Require("initial_imputer_")) {
    Fitted part = fitted.Part(*initial);
    empty = part.Vector("statistics_", inputs);
    if (!part.ok()) fitted.Fail(part.error().message);
    for (double& statistic : empty) statistic = std::isnan(statistic) ? 1 : 0;
  }
  return {empty.begin(), empty.end()};
}

// An _ImputerTriplet: feat_idx, neighbor_feat_idx, estimator.
void ReadStep(Fitted& fitted, const Value& triplet, std::size_t width, IterativeState& state) {
  const Value* parts = triplet.IsSequence() ? &triplet : triplet.args;
  if (parts == nullptr || parts->items.size() != 3) {
    fitted.FailFor("imputation_sequence_", "holds something that is not a step of an imputation");
    return;
  }
  Imputation step;
  const Matrix column = fitted.ReadMatrix(*parts->items[0], "imputation_sequence_");
  const Matrix from = fitted.ReadMatrix(*parts->items[1], "imputation_sequence_");
  const auto is_column = [&](double j) { return j >= 0 && j < static_cast<double>(width); };
  if (fitted.ok() && (column.data.size() != 1 || !is_column(column.data[0]) || from.data.empty() ||
                      !std::ranges::all_of(from.data, is_column))) {
    fitted.FailFor("imputation_sequence_", "names a column that is not there");
  }
  if (!fitted.ok()) return;
  step.column = static_cast<std::size_t>(column.data[0]);
  for (double j : from.data) step.from.push_back(static_cast<std::size_t>(j));
  step.regressor = fitted.Child(*parts->items[2], step.from.size());
  if (!fitted.ok()) return;
  const Traits& traits = step.regressor->traits();
  if (traits.role != Role::kRegressor || traits.outputs != 1) {
    fitted.Fail(traits.name + " is not a regressor of one number");
    return;
  }
  state.sequence.push_back(std::move(step));
}

void ReadSequence(Fitted& fitted, IterativeState& state) {
  const std::size_t width = state.kept.size();
  state.least = fitted.Vector("_min_value");
  state.greatest = fitted.Vector("_max_value");
  const Value* sequence = fitted.Require("imputation_sequence_");
  if (fitted.ok() && (state.least.size() < width || state.greatest.size() < width)) {
    fitted.FailFor("_min_value", "and '_max_value' are not one number a column");
  }
  if (!fitted.ok()) return;
  for (const Value* triplet : sequence->items) {
    ReadStep(fitted, *triplet, width, state);
    if (!fitted.ok()) return;
  }
}

EstimatorPtr ReadIterativeImputer(Fitted& fitted) {
  if (fitted.Flag("sample_posterior", false)) {
    fitted.Fail(
        "with sample_posterior its answers are drawn at random; fit it with "
        "sample_posterior=False");
    return nullptr;
  }
  IterativeState state;
  state.marker = ReadMarker(fitted);
  const std::size_t inputs = fitted.Inputs();
  if (const Value* initial = fitted.Require("initial_imputer_")) {
    state.initial = fitted.Child(*initial, inputs);
  }
  const std::vector<bool> empty = ReadEmpty(fitted, inputs);
  const bool keep_empty = fitted.Flag("keep_empty_features", false);
  if (!fitted.ok()) return nullptr;
  for (std::size_t j = 0; j < inputs; ++j) {
    if (empty[j] && !keep_empty) continue;
    state.kept.push_back(j);
    state.empty.push_back(empty[j]);
  }
  state.marked = ReadAddedIndicator(fitted, inputs);
  // Without a round, only the first imputer is asked.
  if (fitted.Number("n_iter_", 0) > 0) ReadSequence(fitted, state);
  if (fitted.ok() && (state.initial->traits().role != Role::kTransformer || state.kept.empty() ||
                      state.initial->traits().outputs != state.kept.size())) {
    fitted.FailFor("initial_imputer_", "does not give the columns that are imputed");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = state.kept.size() + state.marked.size();
  for (const Imputation& step : state.sequence) {
    traits.widest = std::max(traits.widest, step.regressor->traits().widest);
  }
  return std::make_unique<IterativeImputer>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> IterativeImputers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.impute.IterativeImputer", ReadIterativeImputer}};
  return kEntries;
}

}  // namespace plinth::sklearn
