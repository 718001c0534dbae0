// KNNImputer: a missing value becomes the mean of what the nearest fitted rows have there.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "estimators/families.h"
#include "estimators/imputers/missing.h"
#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// The fitted rows. Columns that had no value at fit() have an empty list of donors.
struct Donors {
  Matrix values;                                      // 0 where missing
  Panels rows;                                        // the same
  Panels squares;                                     // of the same
  Panels present;                                     // 1, or 0 where missing
  Panels missing;                                     // 1 less that
  std::vector<double> norms;                          // the squared norm of each row
  std::vector<std::vector<std::uint32_t>> of_column;  // the rows that have a value there
  std::vector<double> means;                          // of those, for each column

  double value(std::size_t row, std::size_t column) const {
    return values.data[row * values.columns + column];
  }
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
    double* distances = frame.Take<double>(state_.donors.values.rows);
    auto* nearest = frame.Take<std::uint32_t>(state_.donors.values.rows);
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
        if (!measured) Measure(row, distances, scratch);
        measured = true;
        *to++ = Impute(j, distances, nearest);
      }
      to = Mark(state_.marker, state_.marked, row, to);
    }
    return {};
  }

 private:
  void Measure(const double* row, double* distances, Scratch& scratch) const;
  double Impute(std::size_t column, const double* distances, std::uint32_t* nearest) const;

  KnnState state_;
};

// The distances of one row from all fitted ones over the columns that both have, as if those were
// all columns; NaN where they have none in common. By |x|^2 - 2 x.y + |y|^2 less what only one of
// them has, as scikit-learn computes it.
void KnnImputer::Measure(const double* row, double* distances, Scratch& scratch) const {
  const Donors& donors = state_.donors;
  const std::size_t n = donors.values.rows;
  const std::size_t width = traits().inputs;
  Scratch::Frame frame(scratch);
  double* values = frame.Take<double>(width);
  double* squares = frame.Take<double>(width);
  double* present = frame.Take<double>(width);
  double* missing = frame.Take<double>(width);
  for (std::size_t j = 0; j < width; ++j) {
    missing[j] = state_.marker.Matches(row[j]) ? 1 : 0;
    present[j] = 1 - missing[j];
    values[j] = missing[j] == 1 ? 0 : row[j];
    squares[j] = values[j] * values[j];
  }
  const auto multiply = [&](const double* with, const Panels& panels) {
    double* products = frame.Take<double>(n);
    InnerProducts(Rows{with, 1, width, 0}, panels, AllOf(panels), products);
    return products;
  };
  const double* products = multiply(values, donors.rows);
  const double* mine_alone = multiply(squares, donors.missing);
  const double* theirs_alone = multiply(missing, donors.squares);
  const double* common = multiply(present, donors.present);
  const double norm = SquaredNorm(values, width);
  const auto all = static_cast<double>(width);
  for (std::size_t k = 0; k < n; ++k) {
    double square = std::max(-2 * products[k] + norm + donors.norms[k], 0.0);
    square = std::max(square - mine_alone[k] - theirs_alone[k], 0.0);
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
    sum += weight * donors.value(nearest[i], column);
    weights += weight;
  }
  return sum / weights;
}

Donors ReadDonors(Fitted& fitted) {
  Donors donors;
  Matrix values = fitted.ReadMatrix("_fit_X");
  const Matrix missing = fitted.ReadMatrix("_mask_fit_X");
  if (fitted.ok() && (values.rows != missing.rows || values.columns != missing.columns ||
                      values.data.empty() || values.rows > UINT32_MAX)) {
    fitted.FailFor("_mask_fit_X", "does not have the shape of '_fit_X', or there is nothing in it");
  }
  if (!fitted.limits().Charge(4 * Panels::SizeFor(values.rows, values.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return donors;
  const std::size_t width = values.columns;
  donors.of_column.resize(width);
  donors.means.assign(width, 0.0);
  std::vector<double> squares(values.data.size());
  std::vector<double> present(values.data.size());
  for (std::size_t i = 0; i < values.data.size(); ++i) {
    present[i] = missing.data[i] == 0 ? 1 : 0;
    if (present[i] == 0) values.data[i] = 0;
    squares[i] = values.data[i] * values.data[i];
    donors.means[i % width] += values.data[i];
    if (present[i] == 1) {
      donors.of_column[i % width].push_back(static_cast<std::uint32_t>(i / width));
    }
  }
  for (std::size_t j = 0; j < width; ++j) {
    donors.means[j] /= static_cast<double>(donors.of_column[j].size());
  }
  for (std::size_t k = 0; k < values.rows; ++k) {
    donors.norms.push_back(SquaredNorm(&values.data[k * width], width));
  }
  donors.rows = Panels(values.data.data(), values.rows, width);
  donors.squares = Panels(squares.data(), values.rows, width);
  donors.present = Panels(present.data(), values.rows, width);
  donors.missing = Panels(missing.data.data(), values.rows, width);
  donors.values = std::move(values);
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
      static_cast<std::size_t>(std::min(neighbors, static_cast<double>(state.donors.values.rows)));
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
