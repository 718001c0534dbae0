// A discrete-event simulation of a queue and its instances under the batching policy, beside two
// policies without judgement: one that never waits and one that always waits for a full batch or
// the timeout. What must hold: wherever one of those two is the right choice, the policy is about
// as good as the better one, with nothing configured by hand.
//
//   PLINTH_SHOW_TABLE=1 plinth_serving_test --gtest_filter='BatchSimulation*'     prints every
//   scenario's numbers
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "serving/batching/batch_policy.h"

namespace plinth {
namespace {

using std::chrono::nanoseconds;
using Time = BatchState::Time;

constexpr double kMs = 1e6;

nanoseconds Ns(double ns) { return nanoseconds(static_cast<std::int64_t>(ns)); }

// Nanoseconds of a batch of n rows that has the machine to itself.
using Cost = std::function<double(double rows)>;

struct Scenario {
  std::string name;
  Cost cost;
  bool turns = false;  // executions at once share one processor, as on a GPU; else each has its own
  double tail_room = 1.3;
  std::int64_t instances = 1;
  // Either requests at given times, or so many clients that each wait for their answer and then ask
  // again.
  std::vector<double> arrivals;
  int clients = 0;
  double think = 0.1 * kMs;  // of a client between answer and request
  double end = 4'000 * kMs;
  BatchLimits limits{.batch_size = 32, .batch_timeout = Ns(2 * kMs), .preferred_sizes = {}};
};

struct Outcome {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double longest_wait_ms = 0;  // of an instance that was free while something waited
  double rows_per_batch = 0;
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual void Arrived(Time, bool) {}
  virtual void Completed(Time, std::int64_t, nanoseconds, double) {}
  virtual BatchDecision Decide(const BatchState& state) = 0;
};

class Adaptive final : public Policy {
 public:
  explicit Adaptive(const BatchLimits& limits)
      : limits_(limits), costs_(limits.batch_size), forecast_(limits.batch_timeout) {}

  void Arrived(Time now, bool found_idle) override { forecast_.Arrived(now, 1, found_idle); }
  void Completed(Time now, std::int64_t rows, nanoseconds took, double others) override {
    forecast_.Completed(now, rows);
    costs_.Observe(rows, took, others);
  }
  BatchDecision Decide(const BatchState& state) override {
    return DecideBatch(limits_, costs_, forecast_, state);
  }

 private:
  const BatchLimits limits_;
  CostModel costs_;
  ArrivalForecast forecast_;
};

class NeverWait final : public Policy {
 public:
  explicit NeverWait(const BatchLimits& limits) : limits_(limits) {}
  BatchDecision Decide(const BatchState& state) override {
    if (state.queued_rows == 0 || state.free_instances == 0) return {};
    return {std::min(state.queued_rows, limits_.batch_size), state.now};
  }

 private:
  const BatchLimits limits_;
};

class AlwaysWait final : public Policy {
 public:
  explicit AlwaysWait(const BatchLimits& limits) : limits_(limits) {}
  BatchDecision Decide(const BatchState& state) override {
    if (state.queued_rows == 0 || state.free_instances == 0) return {};
    const Time until = state.could_run_since + limits_.batch_timeout;
    if (state.queued_rows < limits_.batch_size && state.now < until) return {0, until};
    return {std::min(state.queued_rows, limits_.batch_size), state.now};
  }

 private:
  const BatchLimits limits_;
};

class Simulation {
 public:
  Simulation(const Scenario& scenario, Policy& policy) : scenario_(scenario), policy_(policy) {}

  Outcome Run() {
    for (const double at : scenario_.arrivals) At(Ns(at), [this] { Arrive(); });
    for (int i = 0; i < scenario_.clients; ++i) At(Think(), [this] { Arrive(); });
    while (!events_.empty() && events_.top().at <= start_ + Ns(scenario_.end)) {
      now_ = events_.top().at;
      const auto run = events_.top().run;
      events_.pop();
      run();
    }
    return Sum();
  }

 private:
  struct Event {
    Time at;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return std::pair(other.at, other.order) < std::pair(at, order);
    }
  };

  struct Execution {
    std::vector<Time> batch;  // when they arrived
    Time start;
    double left = 0;   // nanoseconds of work
    double crowd = 0;  // what crowd_ was at the start
  };

  std::int64_t Running() const { return static_cast<std::int64_t>(executions_.size()); }

  void At(nanoseconds after, std::function<void()> run) {
    events_.push({now_ + after, order_++, std::move(run)});
  }

  nanoseconds Think() {
    std::lognormal_distribution<double> spread(0, 0.3);
    return Ns(scenario_.think * spread(random_));
  }

  void Arrive() {
    policy_.Arrived(now_, waiting_.empty() && executions_.empty());
    waiting_.push_back(now_);
    Dispatch();
  }

  void Dispatch() {
    while (true) {
      const bool could_run = !waiting_.empty() && Running() < scenario_.instances;
      if (!could_run) could_run_since_.reset();
      if (could_run && !could_run_since_) could_run_since_ = now_;
      BatchState state;
      state.now = now_;
      state.queued_rows = static_cast<std::int64_t>(waiting_.size());
      state.could_run_since = could_run_since_.value_or(now_);
      state.free_instances = scenario_.instances - Running();
      state.running = Running();
      const BatchDecision decision = policy_.Decide(state);
      if (decision.rows == 0) {
        DispatchAt(std::max(decision.until, now_ + nanoseconds(1)));
        return;
      }
      Execute(std::min<std::int64_t>(decision.rows, state.queued_rows));
    }
  }

  // Like the scheduler's alarm: set anew only for an earlier time.
  void DispatchAt(Time when) {
    if (when >= dispatch_at_) return;
    dispatch_at_ = when;
    At(when - now_, [this] {
      if (now_ >= dispatch_at_) dispatch_at_ = Time::max();
      Dispatch();
    });
  }

  void Execute(std::int64_t rows) {
    longest_wait_ = std::max(longest_wait_, now_ - *could_run_since_);
    could_run_since_.reset();
    Execution execution;
    execution.batch.assign(waiting_.begin(), waiting_.begin() + rows);
    waiting_.erase(waiting_.begin(), waiting_.begin() + rows);
    std::lognormal_distribution<double> noise(0, 0.05);
    execution.left = scenario_.cost(static_cast<double>(rows)) * noise(random_);
    if (random_() % 1'000 == 0) execution.left *= 4;  // the machine did something else
    execution.start = now_;
    Progress();
    execution.crowd = crowd_;
    executions_.push_back(std::move(execution));
    AwaitNextCompletion();
  }

  // What each execution has done since the last time.
  void Progress() {
    const double speed =
        scenario_.turns ? 1.0 / static_cast<double>(std::max<std::size_t>(executions_.size(), 1))
                        : 1.0;
    const auto passed = static_cast<double>((now_ - progress_).count());
    for (Execution& execution : executions_) execution.left -= passed * speed;
    crowd_ += passed * static_cast<double>(executions_.size());
    progress_ = now_;
  }

  void AwaitNextCompletion() {
    if (executions_.empty()) return;
    const double slowness = scenario_.turns ? static_cast<double>(executions_.size()) : 1.0;
    const auto next = std::ranges::min_element(executions_, {}, &Execution::left);
    const std::uint64_t plan = ++plan_;
    At(Ns(std::max(0.0, next->left) * slowness + 1), [this, plan] {
      if (plan == plan_) Complete();
    });
  }

  void Complete() {
    Progress();
    const auto next = std::ranges::min_element(executions_, {}, &Execution::left);
    const Execution done = std::move(*next);
    executions_.erase(next);
    ++batches_;
    const double others =
        (crowd_ - done.crowd) / static_cast<double>((now_ - done.start).count()) - 1;
    policy_.Completed(now_, static_cast<std::int64_t>(done.batch.size()), now_ - done.start,
                      others);
    for (const Time arrival : done.batch) {
      // The first eighth is for learning.
      if (now_ - start_ > Ns(scenario_.end / 8))
        latencies_.push_back(static_cast<double>((now_ - arrival).count()) / kMs);
      if (scenario_.clients > 0) At(Think(), [this] { Arrive(); });
    }
    AwaitNextCompletion();
    Dispatch();
  }

  Outcome Sum() {
    Outcome outcome;
    if (latencies_.empty()) return outcome;
    outcome.per_second = static_cast<double>(latencies_.size()) / (scenario_.end * 7 / 8 / 1e9);
    std::ranges::sort(latencies_);
    outcome.p50_ms = latencies_[latencies_.size() / 2];
    outcome.p99_ms = latencies_[latencies_.size() * 99 / 100];
    outcome.longest_wait_ms = static_cast<double>(longest_wait_.count()) / kMs;
    outcome.rows_per_batch =
        static_cast<double>(latencies_.size()) * 8 / 7 / static_cast<double>(batches_);
    return outcome;
  }

  const Scenario& scenario_;
  Policy& policy_;
  const Time start_ = Time{} + std::chrono::hours(1);
  Time now_ = start_;
  std::mt19937_64 random_{42};
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  std::deque<Time> waiting_;
  std::vector<Execution> executions_;
  Time progress_ = start_;  // up to when the executions' work is counted
  double crowd_ = 0;        // executions times nanoseconds
  std::uint64_t plan_ = 0;  // the one completion that is awaited
  std::optional<Time> could_run_since_;
  Time dispatch_at_ = Time::max();  // the earliest that is planned
  nanoseconds longest_wait_{0};
  std::uint64_t batches_ = 0;
  std::vector<double> latencies_;
};

// ---- what is simulated

struct Machine {
  std::string name;
  Cost cost;
  bool turns = false;
  double timeout = 2 * kMs;
  double tail_room = 1.3;  // how much longer the tail may be than that of the better simple policy
};

// Costs that are fixed, that grow in proportion to the rows, and in between; the last on a machine
// where executions take turns, so that who comes just too late for a batch waits for the whole of
// it.
std::vector<Machine> Machines() {
  return {
      {"flat", [](double) { return 2 * kMs; }},
      {"linear", [](double n) { return 0.25 * kMs * n; }},
      {"affine", [](double n) { return kMs + 0.1 * kMs * n; }},
      {"turns", [](double n) { return kMs + 0.02 * kMs * n; }, true, 3 * kMs, 2.0},
  };
}

std::vector<double> Poisson(double per_ms, double end, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(per_ms / kMs);
  std::vector<double> times;
  for (double at = gap(random); at < end; at += gap(random)) times.push_back(at);
  return times;
}

// Every 20 ms some 10 to 30 requests within 0.3 ms.
std::vector<double> Bursts(double end, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> within(0, 0.3 * kMs);
  std::vector<double> times;
  for (double at = 0; at < end - kMs; at += 20 * kMs) {
    for (std::uint64_t n = 10 + random() % 21; n > 0; --n) times.push_back(at + within(random));
  }
  return times;
}

std::vector<Scenario> Scenarios() {
  std::vector<Scenario> all;
  for (const Machine& machine : Machines()) {
    for (const std::int64_t instances : {1, 2}) {
      const auto add = [&](const std::string& name, const std::function<void(Scenario&)>& fill) {
        Scenario scenario;
        scenario.name = fmt::format("{}, {} inst., {}", machine.name, instances, name);
        scenario.cost = machine.cost;
        scenario.turns = machine.turns;
        scenario.tail_room = machine.tail_room;
        scenario.limits.batch_timeout = Ns(machine.timeout);
        scenario.instances = instances;
        fill(scenario);
        all.push_back(std::move(scenario));
      };
      const double most = 32 / machine.cost(32) *
                          (machine.turns ? 1 : static_cast<double>(instances)) * kMs;  // per ms
      add("steady 5 %", [&](Scenario& s) { s.arrivals = Poisson(0.05 * most, s.end, 1); });
      add("steady 40 %", [&](Scenario& s) { s.arrivals = Poisson(0.4 * most, s.end, 2); });
      add("steady 80 %", [&](Scenario& s) { s.arrivals = Poisson(0.8 * most, s.end, 3); });
      add("bursts", [&](Scenario& s) { s.arrivals = Bursts(s.end, 4); });
      for (const int clients : {1, 2, 8, 32, 100}) {
        add(fmt::format("{} clients", clients), [&](Scenario& s) { s.clients = clients; });
      }
    }
  }
  return all;
}

template <typename P>
Outcome Simulate(const Scenario& scenario) {
  P policy(scenario.limits);
  return Simulation(scenario, policy).Run();
}

// Throughput, median and tail, each with some room for what judging from noisy costs takes.
bool IsWorse(const Outcome& policy, const Outcome& other, double tail_room) {
  return policy.per_second < 0.95 * other.per_second || policy.p50_ms > 1.3 * other.p50_ms ||
         policy.p99_ms > tail_room * other.p99_ms;
}

std::string Row(const std::string& name, const Outcome& never, const Outcome& always,
                const Outcome& policy) {
  const auto numbers = [](const Outcome& o) {
    return fmt::format("{:>9.0f} {:>7.2f} {:>7.2f}", o.per_second, o.p50_ms, o.p99_ms);
  };
  return fmt::format("{:<28} {}  {}  {} {:>5.1f}\n", name, numbers(never), numbers(always),
                     numbers(policy), policy.rows_per_batch);
}

std::string Header() {
  const std::string columns = fmt::format("{:>9} {:>7} {:>7}", "1/s", "p50 ms", "p99 ms");
  return fmt::format("{:<28} {:^25}  {:^25}  {:^25}\n{:<28} {}  {}  {} {:>5}\n", "", "never wait",
                     "always wait", "policy", "", columns, columns, columns, "rows");
}

TEST(BatchSimulationTest, AsGoodAsTheBetterOfNeverAndAlwaysWaiting) {
  std::string table = Header();
  for (const Scenario& scenario : Scenarios()) {
    const Outcome never = Simulate<NeverWait>(scenario);
    const Outcome always = Simulate<AlwaysWait>(scenario);
    const Outcome policy = Simulate<Adaptive>(scenario);
    const std::string row = Row(scenario.name, never, always, policy);
    table += row;
    EXPECT_FALSE(IsWorse(policy, never, scenario.tail_room)) << "than never waiting\n"
                                                             << Header() << row;
    // Always waiting is the right choice only where it does not make the median request slower.
    EXPECT_FALSE(always.p50_ms <= never.p50_ms && IsWorse(policy, always, scenario.tail_room))
        << "than always waiting\n"
        << Header() << row;
    EXPECT_LE(policy.longest_wait_ms,
              static_cast<double>(scenario.limits.batch_timeout.count()) / kMs + 1e-3)
        << scenario.name;
  }
  if (std::getenv("PLINTH_SHOW_TABLE") != nullptr) fmt::print("{}", table);
}

TEST(BatchSimulationTest, ClientsThatTookTurnsAreBroughtTogether) {
  Scenario scenario;
  scenario.cost = [](double) { return 2 * kMs; };
  scenario.clients = 2;
  // Both baselines run one request at a time or wait for rows that cannot come.
  const Outcome policy = Simulate<Adaptive>(scenario);
  EXPECT_GT(policy.per_second, 1.7 * Simulate<NeverWait>(scenario).per_second);
  EXPECT_GT(policy.per_second, 1.7 * Simulate<AlwaysWait>(scenario).per_second);
}

}  // namespace
}  // namespace plinth
