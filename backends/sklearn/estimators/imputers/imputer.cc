// SimpleImputer and MissingIndicator.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/imputers/missing.h"
#include "estimators/imputers/table_imputer.h"

namespace plinth::sklearn {
namespace {

struct ImputerState {
  Marker marker;
  std::vector<std::size_t> kept;   // columns that are passed on
  std::vector<double> statistics;  // what replaces missing values, for each kept column
  std::vector<std::size_t>
      marked;  // columns whose missing values are told of, as 0 or 1, behind the others
};

class Imputer final : public Estimator {
 public:
  Imputer(Traits traits, ImputerState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows, state_.marker.is_nan); !finite) return finite;
    if (out.values == nullptr) return {};
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      for (std::size_t j = 0; j < state_.kept.size(); ++j) {
        const double x = row[state_.kept[j]];
        *to++ = state_.marker.Matches(x) ? state_.statistics[j] : x;
      }
      to = Mark(state_.marker, state_.marked, row, to);
    }
    return {};
  }

 private:
  ImputerState state_;
};

EstimatorPtr Make(Fitted& fitted, std::size_t inputs, ImputerState state) {
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = state.kept.size() + state.marked.size();
  return std::make_unique<Imputer>(std::move(traits), std::move(state));
}

// A column without any value at fit() has no statistic and is dropped, unless keep_empty_features;
// and before 1.2 with a constant.
EstimatorPtr ReadSimpleImputer(Fitted& fitted) {
  if (ImputesText(fitted)) return ReadTableImputer(fitted);
  ImputerState state;
  state.marker = ReadMarker(fitted);
  const std::vector<double> statistics = fitted.Vector("statistics_");
  const std::size_t inputs = fitted.Inputs(statistics.size());
  const bool old_constant =
      fitted.Text("strategy", "mean") == "constant" && !fitted.Has("_fill_dtype");
  const bool keep_all = fitted.Flag("keep_empty_features", false) || old_constant;
  for (std::size_t j = 0; fitted.ok() && j < inputs; ++j) {
    if (!keep_all && std::isnan(statistics[j])) continue;
    state.kept.push_back(j);
    state.statistics.push_back(statistics[j]);
  }
  state.marked = ReadAddedIndicator(fitted, inputs);
  return Make(fitted, inputs, std::move(state));
}

class Indicator final : public Estimator {
 public:
  Indicator(Traits traits, ImputerState state, std::vector<bool> refused)
      : Estimator(std::move(traits)), state_(std::move(state)), refused_(std::move(refused)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows, state_.marker.is_nan); !finite) return finite;
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      for (std::size_t j = 0; j < refused_.size(); ++j) {
        if (refused_[j] && state_.marker.Matches(row[j])) {
          return plinth::Fail(Code::kInvalidArgument,
                              "MissingIndicator: column " + std::to_string(j) +
                                  " has a missing value in row " + std::to_string(rows.first + i) +
                                  " but had none when the model was fitted");
        }
      }
      if (to == nullptr) continue;
      to = Mark(state_.marker, state_.marked, row, to);
    }
    return {};
  }

 private:
  ImputerState state_;
  std::vector<bool> refused_;  // columns whose missing values are an error; empty if none are
};

EstimatorPtr ReadMissingIndicator(Fitted& fitted) {
  ImputerState state;
  state.marker = ReadMarker(fitted);
  const std::size_t inputs = fitted.Inputs();
  state.marked = ReadIndicatorColumns(fitted, inputs);
  std::vector<bool> refused;
  if (fitted.ok() && fitted.Flag("error_on_new", true) &&
      fitted.Text("features", "missing-only") == "missing-only") {
    refused.assign(inputs, true);
    for (std::size_t column : state.marked) refused[column] = false;
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = state.marked.size();
  return std::make_unique<Indicator>(std::move(traits), std::move(state), std::move(refused));
}

}  // namespace

std::span<const RegistryEntry> Imputers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.impute.MissingIndicator", ReadMissingIndicator},
      {"sklearn.impute.SimpleImputer", ReadSimpleImputer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
