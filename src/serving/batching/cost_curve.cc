#include "serving/batching/cost_curve.h"

#include <algorithm>
#include <bit>

namespace plinth {
namespace {

// An average over about the last sixteen of a bucket.
constexpr double kLeastGain = 1.0 / 16;
// An observation counts as at most so many times more or less than what was expected, once its
// bucket has been seen a few times.
constexpr double kMostSurprise = 1.25;
constexpr std::uint64_t kTrusted = 4;
// A bucket that has not been seen for so many observations a row is worth another look: then
// looking concerns few of all rows.
constexpr double kStaleAfter = 512;
// What is known of a whole curve holds for so many observations.
constexpr std::uint64_t kForgottenAfter = 16'384;
// An execution with fewer others beside it, on average, had the machine to itself; with more it
// shared it.
constexpr double kAlone = 0.25;
constexpr double kShared = 0.75;
// Tries begin after so many observations, then whenever these have doubled, then every so many;
// each time for a few.
constexpr std::uint64_t kFirstTry = 16;
constexpr std::uint64_t kMostRarely = 4'096;
constexpr std::uint64_t kTries = 4;
// How much of a cost is taken to grow with the rows where nothing is known.
constexpr double kGrowingShare = 0.5;

}  // namespace

CostCurve::CostCurve(std::int64_t most_rows)
    : most_rows_(std::max<std::int64_t>(most_rows, 1)), points_(BucketOf(most_rows_) + 1) {}

// 1, 2, 3, 4-5, 6-7, 8-11, 12-15, 16-23, ...: by the highest bit and the one after it.
std::size_t CostCurve::BucketOf(std::int64_t rows) {
  const auto n = static_cast<std::uint64_t>(rows);
  const auto octave = static_cast<int>(std::bit_width(n)) - 1;
  if (octave <= 0) return 0;
  return static_cast<std::size_t>(2 * octave - 1) + ((n >> (octave - 1)) & 1);
}

void CostCurve::Observe(std::int64_t rows, Duration took, std::uint64_t tick) {
  rows = std::clamp<std::int64_t>(rows, 1, most_rows_);
  Point& point = points_[BucketOf(rows)];
  double cost = std::max(1.0, static_cast<double>(took.count()));
  if (point.count >= kTrusted) {
    const double expected = Cost(static_cast<double>(rows));
    cost = std::clamp(cost, expected / kMostSurprise, expected * kMostSurprise);
  }
  ++point.count;
  const double gain = std::max(kLeastGain, 1.0 / static_cast<double>(point.count));
  point.rows += gain * (static_cast<double>(rows) - point.rows);
  point.cost += gain * (cost - point.cost);
  point.last = last_ = tick;
}

double CostCurve::Cost(double rows) const {
  const Point* below = nullptr;
  for (const Point& point : points_) {
    if (point.count == 0) continue;
    if (point.rows >= rows) {
      if (below == nullptr)
        return point.cost * (1 - kGrowingShare + kGrowingShare * rows / point.rows);
      const double share = (rows - below->rows) / (point.rows - below->rows);
      return below->cost + share * (point.cost - below->cost);
    }
    below = &point;
  }
  return below == nullptr ? 0 : Beyond(*below, rows);
}

// Goes on as the curve went over the last octave that is known.
double CostCurve::Beyond(const Point& largest, double rows) const {
  const double proportional = largest.cost / largest.rows;
  double slope = kGrowingShare * proportional;
  for (const Point& point : points_) {
    if (point.count == 0 || point.rows > largest.rows / 2) continue;
    slope =
        std::clamp((largest.cost - point.cost) / (largest.rows - point.rows), 0.0, proportional);
  }
  return largest.cost + slope * (rows - largest.rows);
}

bool CostCurve::Knows(std::int64_t rows, std::uint64_t tick) const {
  rows = std::clamp<std::int64_t>(rows, 1, most_rows_);
  for (std::size_t i = BucketOf(rows); i < points_.size(); ++i) {
    const Point& point = points_[i];
    if (point.count > 0 && static_cast<double>(tick - point.last) < kStaleAfter * point.rows)
      return true;
  }
  return false;
}

bool CostCurve::KnowsAny(std::uint64_t tick) const {
  return !empty() && tick - last_ < kForgottenAfter;
}

// ---- CostModel

void CostModel::Observe(std::int64_t rows, CostCurve::Duration took, double others) {
  ++tick_;
  CostCurve& curve = others < (kAlone + kShared) / 2 ? alone_ : shared_;
  // Neither the one nor the other says little: it counts only while nothing better is known.
  if (others > kAlone && others < kShared && curve.Knows(rows, tick_)) return;
  curve.Observe(rows, took, tick_);
}

double CostModel::Cost(double rows, std::int64_t others) const {
  const CostCurve& wanted = Of(others);
  return wanted.empty() ? Of(others > 0 ? 0 : 1).Cost(rows) : wanted.Cost(rows);
}

bool CostModel::MayTry() const {
  const std::uint64_t since =
      tick_ < kMostRarely ? tick_ - std::bit_floor(tick_) : tick_ % kMostRarely;
  return tick_ >= kFirstTry && since < kTries;
}

}  // namespace plinth
