// How many rows are about to arrive, beyond a steady stream.
//
// Waiting for more rows pays when they come because of something that has just happened: clients
// who have been answered send their next request, or a burst has begun. A stream that comes at a
// steady rate whatever we do gives no reason to wait: what arrives during one execution is the next
// one's batch. So two things are learnt, as curves of rows that follow within a time:
//   - after an execution ended: rows for each row that was answered;
//   - after a request that found the model idle: rows.
// Of both the steady stream is taken off: what still comes when the event is long past. Times go up
// to the horizon, the longest wait that is allowed, in steps that double. Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace plinth {

class ArrivalForecast {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::nanoseconds;

  static constexpr std::size_t kSteps = 8;

  // Requires horizon > 0.
  explicit ArrivalForecast(Duration horizon);

  // Requests and ends of executions as they happen; times never fall. `found_idle`: nothing waited
  // and nothing ran.
  void Arrived(Time now, std::int64_t rows, bool found_idle);
  void Completed(Time now, std::int64_t rows);

  // Rows that will have arrived by now + `within` beyond the steady stream. 0 while too little is
  // known.
  double Expected(Time now, Duration within) const;

  // The times after a trigger at which the curves have their points, rising; the last is the
  // horizon.
  const std::array<Duration, kSteps>& steps() const { return steps_; }

 private:
  // What follows one kind of event.
  struct Sequel {
    // Of the event that is being watched.
    bool watching = false;
    Time start{};
    double scale = 1;    // what the counts are divided by
    double arrived = 0;  // since start
    std::array<double, kSteps> counts{};

    // Learnt, all of it cumulative and divided by scale.
    std::array<double, kSteps> curve{};
    std::array<double, kSteps> variance{};  // of one event
    std::array<double, kSteps> reached{};   // how often the step was, before the next such event
    std::uint64_t events = 0;

    // What follows from that: steady rows for each nanosecond, and the rows that the event has
    // caused beyond chance.
    double stream = 0;
    std::array<double, kSteps> caused{};
  };

  void Watch(Sequel& sequel, Time now, double scale) const;
  // Ends the watch if the horizon has passed, or if it is told to.
  void Learn(Sequel& sequel, Time now, bool at_once) const;
  void Count(Sequel& sequel, Time now, double rows) const;
  double StreamOf(const Sequel& sequel) const;
  void Separate(Sequel& sequel) const;
  // What the event has caused within the time.
  double Caused(const Sequel& sequel, Duration within) const;
  double Expected(const Sequel& sequel, Time now, Duration within) const;

  std::array<Duration, kSteps> steps_;
  Sequel answers_;
  Sequel burst_;
};

}  // namespace plinth
