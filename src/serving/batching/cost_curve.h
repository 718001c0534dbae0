// What a batch of n rows costs, learnt from executions as they happen.
//
// Sizes fall into buckets, two an octave; each bucket that has been seen is a point: the moving
// average of its sizes and of their times. Between points the curve is straight. Where nothing is
// known yet it is hopeful, half of the nearest point's cost taken as fixed and half as growing with
// the rows, so that larger batches are tried and what they really cost is learnt. An outlier moves
// its point by a bounded amount: a preempted execution says nothing about the model. Not
// thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace plinth {

class CostCurve {
 public:
  using Duration = std::chrono::nanoseconds;

  // For sizes from 1 to `most_rows`; larger ones count as that.
  explicit CostCurve(std::int64_t most_rows);

  // Requires rows >= 1. `tick` counts observations, of this curve or of several, from 1; it never
  // falls.
  void Observe(std::int64_t rows, Duration took, std::uint64_t tick);

  bool empty() const { return last_ == 0; }

  // Nanoseconds of a batch of so many rows; need not be whole. 0 while nothing has been observed.
  double Cost(double rows) const;

  // Whether sizes about this one or larger were observed, and not too long before `tick`.
  bool Knows(std::int64_t rows, std::uint64_t tick) const;
  bool KnowsAny(std::uint64_t tick) const;

 private:
  struct Point {
    double rows = 0;
    double cost = 0;
    std::uint64_t count = 0;
    std::uint64_t last = 0;  // tick
  };

  static std::size_t BucketOf(std::int64_t rows);
  double Beyond(const Point& largest, double rows) const;

  const std::int64_t most_rows_;
  std::vector<Point> points_;  // by bucket
  std::uint64_t last_ = 0;     // tick
};

// Costs of executions that have the machine to themselves and of those that share it with others of
// the same model: on a GPU, or with many threads a call, the two differ as much as there are
// instances.
class CostModel {
 public:
  explicit CostModel(std::int64_t most_rows) : alone_(most_rows), shared_(most_rows) {}

  // `others`: how many executions of the model ran beside this one, averaged over its time.
  void Observe(std::int64_t rows, CostCurve::Duration took, double others);

  // Nanoseconds of a batch beside that many others, by the curve that is known where only one is. 0
  // while nothing has been observed.
  double Cost(double rows, std::int64_t others) const;

  // Whether executions of about this size or a larger one beside that many others were observed
  // lately.
  bool Knows(std::int64_t rows, std::int64_t others) const { return Of(others).Knows(rows, tick_); }
  // The same of any size.
  bool KnowsAny(std::int64_t others) const { return Of(others).KnowsAny(tick_); }

  // Whether this is the time to try what is not known: for a few observations, more and more
  // rarely.
  bool MayTry() const;

 private:
  const CostCurve& Of(std::int64_t others) const { return others > 0 ? shared_ : alone_; }

  CostCurve alone_;
  CostCurve shared_;
  std::uint64_t tick_ = 0;  // observations
};

}  // namespace plinth
