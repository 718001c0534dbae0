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
#include "numeric/rough_rows.h"

namespace plinth::sklearn {
namespace {

// Fitted rows that are measured at a time: their distances to a block stay in the cache.
constexpr std::size_t kChunk = 256;

// From so many fitted rows for each neighbour on, most of them can be passed over after a rough
// look.
constexpr std::size_t kRoughFrom = 128;

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
        if (!sparse_) rough_ = RoughRows({rows.data.data(), rows.rows, rows.columns, 0});
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
    double* norms = RowNorms(rows, frame);
    for (std::size_t i = 0; i < rows.count; ++i) {
      NearestHeap(distances + i * k, indices + i * k, k).Clear();
    }
    if (!LookRoughly(rows, norms, k, distances, indices, frame)) {
      MeasureAll(rows, norms, k, distances, indices, frame);
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
  void MeasureAll(Rows rows, const double* norms, std::size_t k, double* distances,
                  std::size_t* indices, Scratch::Frame& frame) const {
    double* chunk = frame.Take<double>(rows.count * std::min(kChunk, size()));
    for (std::size_t at = 0; at < size(); at += kChunk) {
      const PanelRange range{at, std::min(at + kChunk, size())};
      Measure(rows, norms, range, chunk);
      for (std::size_t i = 0; i < rows.count; ++i) {
        NearestHeap heap(distances + i * k, indices + i * k, k);
        PushAll(heap, chunk + i * range.size(), range.size(), at);
      }
    }
  }

  // The same, but measures only what may be nearer than what was found before: what is not would
  // not have been kept. False if that cannot be told, or does not pay.
  bool LookRoughly(Rows rows, const double* norms, std::size_t k, double* distances,
                   std::size_t* indices, Scratch::Frame& frame) const {
    if (rough_.empty() || size() / kRoughFrom < k) return false;
    auto* centred = frame.Take<float>(rows.count * rows.width);
    auto* known = frame.Take<RoughRow>(rows.count);
    if (!rough_.Prepare(rows, centred, known)) return false;
    auto* closeness = frame.Take<float>(rows.count * kChunk);
    for (std::size_t at = 0; at < size(); at += kChunk) {
      const std::size_t count = std::min(kChunk, size() - at);
      const std::size_t stride = RoughRows::Padded(count);
      rough_.Closeness(centred, rows.count, at, count, closeness);
      for (std::size_t i = 0; i < rows.count; ++i) {
        const Rows row{rows.row(i), 1, rows.width, rows.first + i};
        NearestHeap heap(distances + i * k, indices + i * k, k);
        MeasureClose(row, norms + i, known[i], {at, at + count}, closeness + i * stride, heap);
      }
    }
    return true;
  }

  // Of one row.
  void MeasureClose(Rows row, const double* norm, const RoughRow& known, PanelRange range,
                    const float* closeness, NearestHeap& heap) const {
    const std::size_t count = RoughRows::Padded(range.size());
    float least = RoughRows::LeastCloseness(known, heap.largest());
    std::size_t at = NextAbove(least, closeness, 0, count);
    while (at < count) {
      const std::size_t end = std::min(at + 2 * RoughRows::kLanes, count);
      for (; at < end; at += kLanes) {
        const float* near = closeness + at;
        if (std::none_of(near, near + kLanes, [least](float c) { return c > least; })) continue;
        const PanelRange some{range.first + at, std::min(range.first + at + kLanes, range.last)};
        double measured[kLanes];
        MeasureEuclidean(row, norm, some, measured);
        for (std::size_t j = 0; j < some.size(); ++j) heap.Push(measured[j], some.first + j);
        least = RoughRows::LeastCloseness(known, heap.largest());
      }
      at = NextAbove(least, closeness, at, count);
    }
  }

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
  RoughRows rough_;            // of panels_, where few of them are worth measuring; may be empty
};

}  // namespace

NeighborSearchPtr MakeScan(Metric metric, Matrix rows, bool sparse) {
  return std::make_unique<Scan>(std::move(metric), std::move(rows), sparse);
}

}  // namespace plinth::sklearn
