#include "serving/batching/arrival_forecast.h"

#include <algorithm>
#include <cmath>

namespace plinth {
namespace {

// An average over about the last 32 events.
constexpr double kLeastGain = 1.0 / 32;
// Before so many events nothing is promised.
constexpr std::uint64_t kTrusted = 4;
// A step that this share of the events reached is known.
constexpr double kOften = 0.25;
// What an event causes must exceed so many standard errors of the learnt average.
constexpr double kErrors = 3;

double Nanoseconds(ArrivalForecast::Duration duration) {
  return static_cast<double>(duration.count());
}

}  // namespace

ArrivalForecast::ArrivalForecast(Duration horizon) {
  for (std::size_t i = kSteps; i-- > 0;) {
    steps_[i] = std::max(horizon, Duration(1));
    horizon /= 2;
  }
}

void ArrivalForecast::Arrived(Time now, std::int64_t rows, bool found_idle) {
  const double count = static_cast<double>(rows);
  Count(answers_, now, count);
  Count(burst_, now, count);
  if (found_idle && !burst_.watching) Watch(burst_, now, 1);
}

void ArrivalForecast::Completed(Time now, std::int64_t rows) {
  // Those of an earlier answer who are still to come are watched on together with the new ones.
  const double still_to_come = Expected(answers_, now, steps_.back());
  Learn(answers_, now, true);
  Watch(answers_, now, static_cast<double>(std::max<std::int64_t>(rows, 1)) + still_to_come);
}

double ArrivalForecast::Expected(Time now, Duration within) const {
  return std::max(Expected(answers_, now, within), Expected(burst_, now, within));
}

void ArrivalForecast::Watch(Sequel& sequel, Time now, double scale) const {
  sequel.watching = true;
  sequel.start = now;
  sequel.scale = scale;
  sequel.arrived = 0;
  sequel.counts.fill(0);
}

void ArrivalForecast::Count(Sequel& sequel, Time now, double rows) const {
  Learn(sequel, now, false);
  if (!sequel.watching) return;
  const auto step = std::ranges::lower_bound(steps_, now - sequel.start) - steps_.begin();
  sequel.counts[static_cast<std::size_t>(step)] += rows;
  sequel.arrived += rows;
}

void ArrivalForecast::Learn(Sequel& sequel, Time now, bool at_once) const {
  const Duration passed = now - sequel.start;
  if (!sequel.watching || (!at_once && passed <= steps_.back())) return;
  sequel.watching = false;
  ++sequel.events;
  const double gain = std::max(kLeastGain, 1.0 / static_cast<double>(sequel.events));
  double cumulative = 0;
  for (std::size_t i = 0; i < kSteps; ++i) {
    // Of times that were not reached nothing was seen, but the curve never falls.
    const bool reached = steps_[i] <= passed;
    sequel.reached[i] += gain * ((reached ? 1 : 0) - sequel.reached[i]);
    if (reached) {
      cumulative += sequel.counts[i] / sequel.scale;
      const double surprise = cumulative - sequel.curve[i];
      sequel.curve[i] += gain * surprise;
      sequel.variance[i] += gain * (surprise * (cumulative - sequel.curve[i]) - sequel.variance[i]);
    }
    if (i > 0) sequel.curve[i] = std::max(sequel.curve[i], sequel.curve[i - 1]);
  }
  Separate(sequel);
}

// The slope of the curve where it was seen last: there the event is as long past as it gets.
double ArrivalForecast::StreamOf(const Sequel& sequel) const {
  std::size_t last = kSteps - 1;
  while (last > 0 && sequel.reached[last] < kOften) --last;
  const double before = last == 0 ? 0 : sequel.curve[last - 1];
  const double begin = last == 0 ? 0 : Nanoseconds(steps_[last - 1]);
  return (sequel.curve[last] - before) / (Nanoseconds(steps_[last]) - begin);
}

void ArrivalForecast::Separate(Sequel& sequel) const {
  sequel.stream = StreamOf(sequel);
  const double averaged = std::min(static_cast<double>(sequel.events), 2 / kLeastGain);
  for (std::size_t i = 0; i < kSteps; ++i) {
    const double error = std::sqrt(sequel.variance[i] / averaged);
    sequel.caused[i] =
        std::max(0.0, sequel.curve[i] - sequel.stream * Nanoseconds(steps_[i]) - kErrors * error);
    if (i > 0) sequel.caused[i] = std::max(sequel.caused[i], sequel.caused[i - 1]);
  }
}

double ArrivalForecast::Caused(const Sequel& sequel, Duration within) const {
  const auto step =
      static_cast<std::size_t>(std::ranges::lower_bound(steps_, within) - steps_.begin());
  if (step == kSteps) return sequel.caused.back();
  const double from = step == 0 ? 0 : sequel.caused[step - 1];
  const double begin = step == 0 ? 0 : Nanoseconds(steps_[step - 1]);
  const double share = (Nanoseconds(within) - begin) / (Nanoseconds(steps_[step]) - begin);
  return from + share * (sequel.caused[step] - from);
}

// By the count of those who have come already, and by the time that has passed: whichever promises
// less. So when all have come, or when they are late, nobody is expected any more.
double ArrivalForecast::Expected(const Sequel& sequel, Time now, Duration within) const {
  const Duration passed = now - sequel.start;
  if (!sequel.watching || sequel.events < kTrusted || passed >= steps_.back()) return 0;
  const double by_then = Caused(sequel, passed + within);
  const double by_now = Caused(sequel, passed);
  const double come = sequel.arrived / sequel.scale - sequel.stream * Nanoseconds(passed);
  return sequel.scale * std::max(0.0, std::min(by_then - come, by_then - by_now));
}

}  // namespace plinth
