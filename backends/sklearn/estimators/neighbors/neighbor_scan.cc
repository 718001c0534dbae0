// Searching every fitted row.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/wide.h"
#include "estimators/neighbors/neighbor_search.h"
#include "numeric/differences.h"
#include "numeric/nearest_heap.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// Fitted rows that are measured at a time: their distances to a block stay in the cache.
constexpr std::size_t kChunk = 256;

// In the place of NaN, which some metrics give: farther than all others.
constexpr double kUnknown = std::numeric_limits<double>::max();

// Inner products to squared distances: |x|^2 - 2 x . y + |y|^2, as scikit-learn has it. It is off
// by some units in the last place of the norms, and neighbours that are equally far are told apart
// by that.
PLINTH_WIDE void FinishDistances(double norm, const double* norms, double* values, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) {
    const double distance = norm + -2.0 * values[j] + norms[j];
    values[j] = distance > 0 ? distance : 0;
  }
}

PLINTH_WIDE bool AnyBelow(double limit, const double* values, std::size_t n) {
  std::uint64_t below = 0;
  for (std::size_t j = 0; j < n; ++j) below |= values[j] < limit ? 1 : 0;
  return below != 0;
}

// Most rows are farther than those that were found first: they are passed over some at a time.
void PushAll(NearestHeap& heap, const double* distances, std::size_t count, std::size_t first) {
  constexpr std::size_t kStep = 32;
  for (std::size_t at = 0; at < count; at += kStep) {
    const std::size_t end = std::min(at + kStep, count);
    if (!AnyBelow(heap.largest(), distances + at, end - at)) continue;
    for (std::size_t j = at; j < end; ++j) heap.Push(distances[j], first + j);
  }
}

class Scan final : public NeighborSearch {
 public:
  Scan(Metric metric, Matrix rows, bool sparse)
      : NeighborSearch(std::move(metric), rows.columns, rows.rows), sparse_(sparse) {
    switch (this->metric().type) {
      case MetricType::kEuclidean:
      case MetricType::kSquaredEuclidean:
        panels_ = Panels(rows.data.data(), rows.rows, rows.columns);
        norms_.resize(rows.rows);
        TakeNorms(Rows{rows.data.data(), rows.rows, rows.columns, 0}, norms_.data());
        break;
      case MetricType::kManhattan:
      case MetricType::kChebyshev:
        panels_ = Panels(rows.data.data(), rows.rows, rows.columns);
        break;
      default:
        rows_ = std::move(rows.data);
    }
  }

  void Nearest(Rows rows, std::size_t k, double* distances, std::size_t* indices,
               Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    double* chunk = frame.Take<double>(rows.count * std::min(kChunk, size()));
    double* norms = RowNorms(rows, frame);
    for (std::size_t i = 0; i < rows.count; ++i) {
      NearestHeap(distances + i * k, indices + i * k, k).Clear();
    }
    for (std::size_t at = 0; at < size(); at += kChunk) {
      const PanelRange range{at, std::min(at + kChunk, size())};
      Measure(rows, norms, range, chunk);
      for (std::size_t i = 0; i < rows.count; ++i) {
        NearestHeap heap(distances + i * k, indices + i * k, k);
        PushAll(heap, chunk + i * range.size(), range.size(), at);
      }
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      NearestHeap(distances + i * k, indices + i * k, k).Sort();
    }
    for (std::size_t i = 0; i < rows.count * k; ++i) {
      distances[i] = distances[i] == kUnknown ? std::numeric_limits<double>::quiet_NaN()
                                              : metric().FromReduced(distances[i]);
    }
  }

  std::size_t Within(Rows row, double radius, double* distances, std::size_t* indices,
                     Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    double* chunk = frame.Take<double>(std::min(kChunk, size()));
    double* norms = RowNorms(row, frame);
    const double limit = metric().ToReduced(radius);
    std::size_t found = 0;
    for (std::size_t at = 0; at < size(); at += kChunk) {
      const PanelRange range{at, std::min(at + kChunk, size())};
      Measure(row, norms, range, chunk);
      for (std::size_t j = 0; j < range.size(); ++j) {
        if (!(chunk[j] <= limit)) continue;
        distances[found] = metric().FromReduced(chunk[j]);
        indices[found++] = at + j;
      }
    }
    return found;
  }

 private:
  void TakeNorms(Rows rows, double* norms) const {
    return sparse_ ? SparseNorms(rows, norms) : SquaredNorms(rows, norms);
  }

  double* RowNorms(Rows rows, Scratch::Frame& frame) const {
    if (norms_.empty()) return nullptr;
    double* norms = frame.Take<double>(rows.count);
    TakeNorms(rows, norms);
    return norms;
  }

  // Reduced distances of the rows to some of the fitted ones.
  void Measure(Rows rows, const double* norms, PanelRange range, double* out) const {
    switch (metric().type) {
      case MetricType::kEuclidean:
      case MetricType::kSquaredEuclidean:
        return MeasureEuclidean(rows, norms, range, out);
      case MetricType::kManhattan:
        return ManhattanDistances(rows, panels_, range, out);
      case MetricType::kChebyshev:
        return ChebyshevDistances(rows, panels_, range, out);
      default:
        break;
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      double* to = out + i * range.size();
      for (std::size_t j = 0; j < range.size(); ++j) {
        const std::size_t index = range.first + j;
        to[j] = metric().type == MetricType::kPrecomputed
                    ? row[index]
                    : metric().Reduced(row, &rows_[index * inputs()], inputs());
        if (std::isnan(to[j])) to[j] = kUnknown;
      }
    }
  }

  void MeasureEuclidean(Rows rows, const double* norms, PanelRange range, double* out) const {
    if (sparse_) {
      SparseProducts(rows, panels_, range, out);
    } else {
      InnerProducts(rows, panels_, range, out);
    }
    for (std::size_t i = 0; i < rows.count; ++i) {
      FinishDistances(norms[i], norms_.data() + range.first, out + i * range.size(), range.size());
    }
  }

  bool sparse_;
  Panels panels_;              // the metrics that are measured eight rows at a time
  std::vector<double> norms_;  // squared; the Euclidean metric
  std::vector<double> rows_;   // all others
};

}  // namespace

NeighborSearchPtr MakeScan(Metric metric, Matrix rows, bool sparse) {
  return std::make_unique<Scan>(std::move(metric), std::move(rows), sparse);
}

}  // namespace plinth::sklearn
