#include "serving/batching/batch_policy.h"

#include <functional>

#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Time = BatchState::Time;

constexpr double kMs = 1e6;

class BatchPolicyTest : public testing::Test {
 protected:
  // Teaches the cost of every size, alone and beside others.
  void Costs(const std::function<double(double rows, bool shared)>& cost) {
    for (int round = 0; round < 20; ++round) {
      for (std::int64_t rows = 1; rows <= limits.batch_size; ++rows) {
        for (const bool shared : {false, true}) {
          costs.Observe(
              rows, nanoseconds(static_cast<std::int64_t>(cost(static_cast<double>(rows), shared))),
              shared ? 1 : 0);
        }
      }
    }
  }
  // Teaches that clients come back 0.1 ms after their answer, and answers `rows` of them at `now`.
  void ClientsReturn(std::int64_t rows) {
    for (int i = 0; i < 20; ++i) {
      forecast.Completed(now, 4);
      forecast.Arrived(now + microseconds(100), 4, false);
      now += milliseconds(5);
    }
    forecast.Completed(now, rows);
  }
  BatchState Queued(std::int64_t rows, std::int64_t free = 1, std::int64_t running = 0) const {
    BatchState state;
    state.now = now;
    state.queued_rows = rows;
    state.could_run_since = now;
    state.free_instances = free;
    state.running = running;
    return state;
  }
  BatchDecision Decide(const BatchState& state) const {
    return DecideBatch(limits, costs, forecast, state);
  }

  BatchLimits limits{.batch_size = 16, .batch_timeout = milliseconds(2), .preferred_sizes = {}};
  CostModel costs{16};
  ArrivalForecast forecast{milliseconds(2)};
  Time now = Time{} + std::chrono::hours(1);
};

double Flat(double, bool) { return kMs; }
double Linear(double rows, bool) { return 0.25 * kMs * rows; }
double Affine(double rows, bool) { return kMs + 0.05 * kMs * rows; }
double Turns(double rows, bool shared) { return (kMs + 0.05 * kMs * rows) * (shared ? 2 : 1); }

TEST_F(BatchPolicyTest, NothingToDecide) {
  for (const BatchState& state : {Queued(0), Queued(5, 0, 2)}) {
    EXPECT_EQ(Decide(state).rows, 0);
    EXPECT_EQ(Decide(state).until, Time::max());
  }
}

TEST_F(BatchPolicyTest, WhatCannotTakeLongIsTriedAtOnce) {
  EXPECT_EQ(Decide(Queued(100)).rows, 1);
  costs.Observe(1, milliseconds(1), 0);
  EXPECT_EQ(Decide(Queued(100)).rows, 16);
  EXPECT_EQ(Decide(Queued(7)).rows, 7);
}

TEST_F(BatchPolicyTest, WhatMayTakeLongIsTriedInStepsThatDouble) {
  for (const std::int64_t size : {1, 2, 4, 8, 16}) {
    EXPECT_EQ(Decide(Queued(100)).rows, size);
    costs.Observe(size, milliseconds(500), 0);
  }
  EXPECT_EQ(Decide(Queued(100)).rows, 16);
  EXPECT_EQ(Decide(Queued(7)).rows, 7);
}

TEST_F(BatchPolicyTest, LargerBatchesAreNotTriedWhereDoublingGainsNothing) {
  for (const std::int64_t size : {1, 2}) {
    EXPECT_EQ(Decide(Queued(100)).rows, size);
    costs.Observe(size, milliseconds(40 * size), 0);
  }
  EXPECT_EQ(Decide(Queued(100)).rows, 1);
}

TEST_F(BatchPolicyTest, AnIdleInstanceDoesNotWaitForNobody) {
  Costs(Affine);
  for (const std::int64_t rows : {1, 3, 15}) EXPECT_EQ(Decide(Queued(rows)).rows, rows);
}

TEST_F(BatchPolicyTest, WaitsForClientsWhoComeBackIfJoiningSavesMoreThanTheWait) {
  Costs(Affine);
  ClientsReturn(4);
  const BatchDecision decision = Decide(Queued(3));
  EXPECT_EQ(decision.rows, 0);
  EXPECT_GT(decision.until, now);
  EXPECT_LE(decision.until, now + limits.batch_timeout);
  // They have come: nobody else is expected.
  now += microseconds(110);
  forecast.Arrived(now, 4, false);
  EXPECT_EQ(Decide(Queued(7)).rows, 7);
}

TEST_F(BatchPolicyTest, DoesNotWaitWhereJoiningSavesNothing) {
  Costs(Linear);
  ClientsReturn(4);
  EXPECT_GT(Decide(Queued(3)).rows, 0);
}

TEST_F(BatchPolicyTest, DoesNotWaitForAFullBatchToGrow) {
  Costs(Flat);
  ClientsReturn(4);
  EXPECT_EQ(Decide(Queued(16)).rows, 16);
}

TEST_F(BatchPolicyTest, WithoutATimeoutItNeverWaits) {
  Costs(Flat);
  ClientsReturn(4);
  limits.batch_timeout = nanoseconds(0);
  EXPECT_EQ(Decide(Queued(3)).rows, 3);
}

TEST_F(BatchPolicyTest, WaitsNoLongerThanTheTimeoutFromWhenItCouldHaveRun) {
  Costs(Flat);
  ClientsReturn(4);
  BatchState state = Queued(3);
  state.could_run_since = now - limits.batch_timeout + microseconds(200);
  const BatchDecision decision = Decide(state);
  EXPECT_EQ(decision.rows, 0);
  EXPECT_LE(decision.until, now + microseconds(200));
  state.could_run_since = now - limits.batch_timeout;
  EXPECT_EQ(Decide(state).rows, 3);
}

TEST_F(BatchPolicyTest, ADeadlineThatWouldPassIsNotRisked) {
  Costs(Flat);
  ClientsReturn(4);
  BatchState state = Queued(3);
  state.deadline = now + milliseconds(1) + microseconds(50);  // the execution takes 1 ms
  EXPECT_EQ(Decide(state).rows, 3);
  state.deadline = now + milliseconds(10);
  EXPECT_EQ(Decide(state).rows, 0);
}

TEST_F(BatchPolicyTest, WhereCostGrowsWithTheRowsTheFirstNeedNotWaitForTheLast) {
  Costs(Linear);
  EXPECT_EQ(Decide(Queued(12)).rows, 1);
  BatchState state = Queued(12);
  state.first_rows = 5;  // of one request
  EXPECT_EQ(Decide(state).rows, 5);
}

TEST_F(BatchPolicyTest, FreeInstancesShareWhatWaits) {
  Costs(Affine);
  EXPECT_EQ(Decide(Queued(12, 2)).rows, 6);
  EXPECT_EQ(Decide(Queued(13, 4)).rows, 4);
}

TEST_F(BatchPolicyTest, SharingIsNoUseWhereAllCostTheSame) {
  Costs(Flat);
  EXPECT_EQ(Decide(Queued(12, 2)).rows, 12);
}

TEST_F(BatchPolicyTest, WhereExecutionsTakeTurnsTheNextWaitsForItsTurn) {
  Costs(Turns);
  EXPECT_EQ(Decide(Queued(8, 2)).rows, 8);  // not divided
  const BatchDecision decision = Decide(Queued(4, 1, 1));
  EXPECT_EQ(decision.rows, 0);
  EXPECT_EQ(decision.until, now + limits.batch_timeout);
  BatchState late = Queued(4, 1, 1);
  late.could_run_since = now - limits.batch_timeout;
  EXPECT_EQ(Decide(late).rows, 4);
}

TEST_F(BatchPolicyTest, TheLargestPreferredSizeThatIsFilledIsRun) {
  Costs(Affine);
  limits.preferred_sizes = {4, 8};
  EXPECT_EQ(Decide(Queued(3)).rows, 3);
  EXPECT_EQ(Decide(Queued(7)).rows, 4);
  EXPECT_EQ(Decide(Queued(15)).rows, 8);
}

}  // namespace
}  // namespace plinth
