// KNNImputer: a missing value becomes the mean of what the nearest fitted rows have there.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "estimators/families.h"
#include "estimators/missing.h"

namespace plinth::sklearn {
namespace {

// The fitted rows, column by column, so that the loops over them run through memory in order.
// Columns that had no value at fit() have an empty list of donors.
struct Donors {
  std::size_t rows = 0;
  std::vector<double> values;                         // columns x rows; 0 where missing
  std::vector<double> present;                        // columns x rows; 1, or 0 where missing
  std::vector<double> norms;                          // rows: the sum of the squares
  std::vector<std::vector<std::uint32_t>> of_column;  // the rows that have a value there
  std::vector<double> means;                          // of those, for each column

  const double* column(std::size_t j) const { return &values[j * rows]; }
};

struct KnnState {
  Marker marker;
  Donors donors;
  std::size_t neighbors = 5;
  bool by_distance = false;
  bool keep_empty = false;
  std::vector<std::size_t> marked;
};

class KnnImputer final : public Estimator {
 public:
  KnnImputer(Traits traits, KnnState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, state_.marker.is_nan); !finite) return finite;
    if (out.values == nullptr) return {};
    Scratch::Frame frame(scratch);
    const std::size_t fitted = state_.donors.rows;
    double* distances = frame.Take<double>(fitted);
    double* products = frame.Take<double>(fitted);
    double* common = frame.Take<double>(fitted);
    auto* nearest = frame.Take<std::uint32_t>(fitted);
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      bool measured = false;
      for (std::size_t j = 0; j < rows.width; ++j) {
        if (state_.donors.of_column[j].empty()) {
          if (state_.keep_empty) *to++ = 0;
          continue;
        }
        if (!state_.marker.Matches(row[j])) {
          *to++ = row[j];
          continue;
        }
        if (!measured) Measure(row, distances, products, common);
        measured = true;
        *to++ = Impute(j, distances, nearest);
      }
      to = Mark(state_.marker, state_.marked, row, to);
    }
    return {};
  }

 private:
  void Measure(const double* row, double* distances, double* products, double* common) const;
  double Impute(std::size_t column, const double* distances, std::uint32_t* nearest) const;

  KnnState state_;
};

// The distances of one row from all fitted ones over the columns that both have, as if those were
// all columns; NaN where they have none in common. By |x|^2 - 2 x.y + |y|^2 less what only one of
// them has, as scikit-learn computes it.
void KnnImputer::Measure(const double* row, double* distances, double* products,
                         double* common) const {
  const Donors& donors = state_.donors;
  const std::size_t n = donors.rows;
  const std::size_t width = traits().inputs;
  double norm = 0;
  std::fill_n(products, n, 0.0);
  std::fill_n(common, n, 0.0);
  for (std::size_t j = 0; j < width; ++j) {
    if (state_.marker.Matches(row[j])) continue;
    const double x = row[j];
    norm += x * x;
    const double* values = donors.column(j);
    for (std::size_t k = 0; k < n; ++k) products[k] += x * values[k];
  }
  for (std::size_t k = 0; k < n; ++k) distances[k] = -2 * products[k] + norm + donors.norms[k];
  std::fill_n(products, n, 0.0);
  for (std::size_t j = 0; j < width; ++j) {
    if (state_.marker.Matches(row[j])) continue;
    const double square = row[j] * row[j];
    const double* present = &donors.present[j * n];
    for (std::size_t k = 0; k < n; ++k) {
      products[k] += square * (1 - present[k]);
      common[k] += present[k];
    }
  }
  for (std::size_t k = 0; k < n; ++k) distances[k] = std::max(distances[k], 0.0) - products[k];
  std::fill_n(products, n, 0.0);
  for (std::size_t j = 0; j < width; ++j) {
    if (!state_.marker.Matches(row[j])) continue;
    const double* values = donors.column(j);
    for (std::size_t k = 0; k < n; ++k) products[k] += values[k] * values[k];
  }
  const auto all = static_cast<double>(width);
  for (std::size_t k = 0; k < n; ++k) {
    const double square = std::max(distances[k] - products[k], 0.0);
    distances[k] = common[k] == 0 ? std::numeric_limits<double>::quiet_NaN()
                                  : std::sqrt(square / common[k] * all);
  }
}

double KnnImputer::Impute(std::size_t column, const double* distances,
                          std::uint32_t* nearest) const {
  const Donors& donors = state_.donors;
  std::uint32_t* end = nearest;
  for (std::uint32_t k : donors.of_column[column]) {
    if (!std::isnan(distances[k])) *end++ = k;
  }
  if (end == nearest) return donors.means[column];
  const auto found = static_cast<std::size_t>(end - nearest);
  const std::size_t used = std::min(state_.neighbors, found);
  // Of rows at the same distance, the first ones.
  const auto nearer = [&](std::uint32_t a, std::uint32_t b) {
    return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
  };
  std::partial_sort(nearest, nearest + used, end, nearer);
  // Rows at no distance at all count alone.
  const bool exact = state_.by_distance && distances[nearest[0]] == 0;
  double sum = 0;
  double weights = 0;
  for (std::size_t i = 0; i < used; ++i) {
    const double distance = distances[nearest[i]];
    double weight = 1;
    if (state_.by_distance) weight = exact ? (distance == 0 ? 1.0 : 0.0) : 1 / distance;
    sum += weight * donors.column(column)[nearest[i]];
    weights += weight;
  }
  return sum / weights;
}

Donors ReadDonors(Fitted& fitted) {
  Donors donors;
  const Matrix values = fitted.ReadMatrix("_fit_X");
  const Matrix missing = fitted.ReadMatrix("_mask_fit_X");
  if (fitted.ok() && (values.rows != missing.rows || values.columns != missing.columns ||
                      values.data.empty() || values.rows > UINT32_MAX)) {
    fitted.FailFor("_mask_fit_X", "does not have the shape of '_fit_X', or there is nothing in it");
  }
  if (!fitted.limits().Charge(3 * values.data.size() * sizeof(double))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return donors;
  donors.rows = values.rows;
  donors.norms.assign(values.rows, 0.0);
  donors.of_column.resize(values.columns);
  for (std::size_t j = 0; j < values.columns; ++j) {
    double sum = 0;
    for (std::size_t k = 0; k < values.rows; ++k) {
      const std::size_t at = k * values.columns + j;
      const bool present = missing.data[at] == 0;
      const double value = present ? values.data[at] : 0;
      donors.values.push_back(value);
      donors.present.push_back(present ? 1 : 0);
      donors.norms[k] += value * value;
      sum += value;
      if (present) donors.of_column[j].push_back(static_cast<std::uint32_t>(k));
    }
    donors.means.push_back(sum / static_cast<double>(donors.of_column[j].size()));
  }
  return donors;
}

EstimatorPtr ReadKnnImputer(Fitted& fitted) {
  KnnState state;
  state.marker = ReadMarker(fitted);
  state.donors = ReadDonors(fitted);
  const std::size_t inputs = fitted.Inputs(state.donors.of_column.size());
  state.keep_empty = fitted.Flag("keep_empty_features", false);
  state.marked = ReadAddedIndicator(fitted, inputs);
  const double neighbors = fitted.Number("n_neighbors", 5);
  if (!(neighbors >= 1)) fitted.FailFor("n_neighbors", "is not a positive number");
  const std::string_view weights = fitted.Text("weights", "uniform");
  if (weights != "uniform" && weights != "distance") {
    fitted.FailFor("weights", "is a function, which is not read; use uniform or distance");
  }
  if (fitted.Text("metric", "nan_euclidean") != "nan_euclidean") {
    fitted.FailFor("metric", "is not nan_euclidean");
  }
  if (!fitted.ok()) return nullptr;
  state.by_distance = weights == "distance";
  state.neighbors =
      static_cast<std::size_t>(std::min(neighbors, static_cast<double>(state.donors.rows)));
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  const auto empty = static_cast<std::size_t>(std::ranges::count_if(
      state.donors.of_column, [](const auto& donors) { return donors.empty(); }));
  traits.outputs = inputs - (state.keep_empty ? 0 : empty) + state.marked.size();
  if (traits.outputs == 0) fitted.Fail("all of its columns were empty");
  if (!fitted.ok()) return nullptr;
  return std::make_unique<KnnImputer>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> KnnImputers() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.impute.KNNImputer", ReadKnnImputer}};
  return kEntries;
}

}  // namespace plinth::sklearn
