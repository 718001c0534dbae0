#include "serving/batching/batch_policy.h"

#include <algorithm>

namespace plinth {
namespace {

using Time = BatchState::Time;
using std::chrono::nanoseconds;

// A smaller batch, of half the rows at most, must have this share of the best throughput to be
// preferred; the second number if more waits than one batch takes.
constexpr double kAsGood = 0.95;
constexpr double kAsGoodUnderLoad = 0.97;
// What a choice must gain, as a share of the cost at stake, to be more than noise in the learnt
// costs.
constexpr double kWorthwhile = 0.1;
// The same where two averages over many executions are compared.
constexpr double kClearly = 0.05;
// A batch of twice the rows that costs more than so many times as much gains nothing.
constexpr double kDoubled = 1.9;
// A batch of unknown cost may be tried at once if even in proportion to its rows it takes no
// longer.
constexpr double kBearableNs = 250e6;
// Fewer expected rows than this are nobody.
constexpr double kSomebody = 0.2;

// `rows` divided among the free instances if that finishes them sooner, else all of them.
std::int64_t ShareOf(std::int64_t rows, const CostModel& costs, const BatchState& state) {
  if (state.free_instances <= 1 || rows <= 1) return rows;
  const std::int64_t share = (rows + state.free_instances - 1) / state.free_instances;
  const double as_one = costs.Cost(static_cast<double>(rows), state.running);
  const double divided = costs.Cost(static_cast<double>(share), state.running + 1);
  return divided < (1 - kWorthwhile) * as_one ? share : rows;
}

// The smallest size up to half of `most` that has this share of the best throughput, or `most`.
// Powers of two are enough of a choice.
std::int64_t SmallestAsGood(std::int64_t most, double as_good, const CostModel& costs,
                            std::int64_t others) {
  const auto rate = [&](std::int64_t rows) {
    return static_cast<double>(rows) / costs.Cost(static_cast<double>(rows), others);
  };
  double best = rate(most);
  for (std::int64_t size = 1; size < most; size *= 2) best = std::max(best, rate(size));
  for (std::int64_t size = 1; size <= most / 2; size *= 2) {
    if (rate(size) >= as_good * best) return size;
  }
  return most;
}

// As many rows up to `most` as there is something known about, or as are worth trying. What is not
// known is learnt by trying: at once if it cannot take long, else in steps that double, as long as
// the last doubling has gained throughput, and now and then in any case.
std::int64_t KnownOrTried(std::int64_t most, const CostModel& costs, std::int64_t others) {
  if (costs.Knows(most, others)) return most;
  std::int64_t unknown = 1;
  while (unknown < most && costs.Knows(unknown, others)) unknown *= 2;
  unknown = std::min(unknown, most);
  // What is known of the other curve is better than nothing.
  const auto cost = [&](std::int64_t rows) {
    return costs.Cost(static_cast<double>(rows), others);
  };
  if (cost(1) == 0) return 1;
  const std::int64_t known = std::max<std::int64_t>(unknown / 2, 1);
  if (cost(known) * static_cast<double>(most) / static_cast<double>(known) < kBearableNs)
    return most;
  const bool gains = known == 1 || cost(known) < kDoubled * cost(known / 2);
  return gains || costs.MayTry() ? unknown : known;
}

// The largest preferred size up to `most`, or `most` if there is none.
std::int64_t PreferredUpTo(std::int64_t most, const BatchLimits& limits) {
  std::int64_t chosen = most;
  for (const std::int64_t size : limits.preferred_sizes) {
    if (size > 0 && size <= most) chosen = size;
  }
  return chosen;
}

std::int64_t RowsToRun(const BatchLimits& limits, const CostModel& costs, const BatchState& state) {
  const std::int64_t most = ShareOf(std::min(state.queued_rows, limits.batch_size), costs, state);
  if (!limits.preferred_sizes.empty())
    return std::max(PreferredUpTo(most, limits), state.first_rows);
  const std::int64_t size = KnownOrTried(most, costs, state.running);
  if (!costs.Knows(size, state.running)) return std::max(size, state.first_rows);
  const double as_good = state.queued_rows > limits.batch_size ? kAsGoodUnderLoad : kAsGood;
  return std::max(SmallestAsGood(size, as_good, costs, state.running), state.first_rows);
}

// Whether two executions at once only take turns on what they share, a GPU say, so that the rows of
// both joined into one, or else one after the other, are done sooner. Where that is not known it is
// tried now and then.
bool TakesTurns(const BatchLimits& limits, const CostModel& costs, std::int64_t rows) {
  if (!costs.KnowsAny(1)) return false;
  if (!costs.KnowsAny(0)) return costs.MayTry();
  const auto both = static_cast<double>(2 * std::min(rows, limits.batch_size));
  const double joined = std::min(both, static_cast<double>(limits.batch_size));
  return costs.Cost(joined, 0) * both / joined < (1 - kClearly) * costs.Cost(both / 2, 1);
}

// By how many nanoseconds all are finished sooner if those who wait are joined with `more` rows
// that come within `wait`.
double Saving(const BatchLimits& limits, const CostModel& costs, const BatchState& state,
              double more, nanoseconds wait) {
  const double chance = std::min(more, 1.0);  // that anybody comes
  more = std::max(more, 1.0);
  const auto waiting = static_cast<double>(state.queued_rows);
  const auto instances = static_cast<double>(state.free_instances);
  if (state.free_instances == 1 || TakesTurns(limits, costs, state.queued_rows)) {
    const auto cost = [&](double rows) { return costs.Cost(rows, state.running); };
    return chance * (cost(waiting) + cost(more) - cost(waiting + more)) -
           static_cast<double>(wait.count());
  }
  // Those who come would have the other instances: joining them only evens out the shares.
  const auto cost = [&](double rows) { return costs.Cost(std::max(1.0, rows), state.running + 1); };
  return chance * (cost(more / (instances - 1)) - cost((waiting + more) / instances));
}

// Until when to wait for more rows; `now` if that does not pay.
Time WaitUntil(const BatchLimits& limits, const CostModel& costs, const ArrivalForecast& forecast,
               const BatchState& state) {
  const Time latest = state.could_run_since + limits.batch_timeout;
  Time until = state.now;
  double best = 0;
  for (const nanoseconds step : forecast.steps()) {
    const Time then = std::min(state.now + step, latest);
    if (then <= state.now) break;
    const auto room =
        static_cast<double>(limits.batch_size * state.free_instances - state.queued_rows);
    const double more = std::min(forecast.Expected(state.now, then - state.now), room);
    if (more < kSomebody) continue;
    const double joined = costs.Cost(static_cast<double>(state.queued_rows) + more, state.running);
    if (state.deadline != Time::max() &&
        state.deadline - then < nanoseconds(static_cast<std::int64_t>(joined)))
      break;
    const double saving = Saving(limits, costs, state, more, then - state.now);
    if (saving > kWorthwhile * joined && saving > best) {
      best = saving;
      until = then;
    }
  }
  return until;
}

// Until when to leave an instance free because the model is running and a second execution would
// gain nothing; `now` if it would.
Time WaitForTurn(const BatchLimits& limits, const CostModel& costs, const BatchState& state) {
  const Time latest = state.could_run_since + limits.batch_timeout;
  if (state.running == 0 || latest <= state.now) return state.now;
  const std::int64_t rows = std::min(state.queued_rows, limits.batch_size);
  const nanoseconds cost(static_cast<std::int64_t>(costs.Cost(static_cast<double>(rows), 1)));
  // Unless its turn comes within the time, it would run beside the other all the same, only later.
  if (cost / 2 > limits.batch_timeout || !TakesTurns(limits, costs, rows)) return state.now;
  return state.deadline == Time::max() ? latest : std::min(latest, state.deadline - cost);
}

}  // namespace

BatchDecision DecideBatch(const BatchLimits& limits, const CostModel& costs,
                          const ArrivalForecast& forecast, const BatchState& state) {
  if (state.queued_rows <= 0 || state.free_instances <= 0) return {};
  if (limits.batch_timeout > nanoseconds(0)) {
    Time until = WaitForTurn(limits, costs, state);
    if (until <= state.now && state.queued_rows < limits.batch_size)
      until = WaitUntil(limits, costs, forecast, state);
    if (until > state.now) return {0, until};
  }
  return {RowsToRun(limits, costs, state), state.now};
}

}  // namespace plinth
