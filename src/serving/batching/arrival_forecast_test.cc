#include "serving/batching/arrival_forecast.h"

#include <random>

#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Time = ArrivalForecast::Time;

class ArrivalForecastTest : public testing::Test {
 protected:
  // `rows` are answered and their clients ask again a tenth of a millisecond later; then `pause`.
  void AnswerAndReturn(int rows, microseconds pause) {
    forecast.Completed(now, rows);
    now += microseconds(100);
    for (int i = 0; i < rows; ++i) forecast.Arrived(now, 1, false);
    now += pause;
  }

  ArrivalForecast forecast{milliseconds(2)};
  Time now = Time{} + std::chrono::hours(1);
};

TEST_F(ArrivalForecastTest, StepsDoubleUpToTheHorizon) {
  EXPECT_EQ(forecast.steps().back(), milliseconds(2));
  for (std::size_t i = 1; i < ArrivalForecast::kSteps; ++i)
    EXPECT_EQ(forecast.steps()[i], 2 * forecast.steps()[i - 1]);
}

TEST_F(ArrivalForecastTest, PromisesNothingBeforeItHasSeenSomething) {
  forecast.Completed(now, 8);
  EXPECT_EQ(forecast.Expected(now, milliseconds(2)), 0);
}

TEST_F(ArrivalForecastTest, ClientsComeBackWhenTheyAreAnswered) {
  for (int i = 0; i < 20; ++i) AnswerAndReturn(8, milliseconds(3));
  forecast.Completed(now, 8);
  EXPECT_NEAR(forecast.Expected(now, microseconds(250)), 8, 0.1);
  EXPECT_NEAR(forecast.Expected(now, milliseconds(2)), 8, 0.1);
  EXPECT_LT(forecast.Expected(now, microseconds(20)), 1);
}

TEST_F(ArrivalForecastTest, WhatIsPromisedGrowsWithTheAnswered) {
  for (int i = 0; i < 20; ++i) AnswerAndReturn(8, milliseconds(3));
  forecast.Completed(now, 20);
  EXPECT_NEAR(forecast.Expected(now, milliseconds(1)), 20, 0.1);
}

TEST_F(ArrivalForecastTest, WhoHasComeIsNotExpectedAnyMore) {
  for (int i = 0; i < 20; ++i) AnswerAndReturn(8, milliseconds(3));
  forecast.Completed(now, 8);
  now += microseconds(60);
  for (int i = 0; i < 5; ++i) forecast.Arrived(now, 1, false);
  EXPECT_NEAR(forecast.Expected(now, milliseconds(1)), 3, 0.1);
  for (int i = 0; i < 3; ++i) forecast.Arrived(now, 1, false);
  EXPECT_NEAR(forecast.Expected(now, milliseconds(1)), 0, 0.1);
}

TEST_F(ArrivalForecastTest, WhoIsLateIsGivenUp) {
  for (int i = 0; i < 20; ++i) AnswerAndReturn(8, milliseconds(3));
  forecast.Completed(now, 8);
  now += microseconds(500);  // when all should long have come
  EXPECT_NEAR(forecast.Expected(now, milliseconds(1)), 0, 0.1);
}

TEST_F(ArrivalForecastTest, ThoseOfTheLastAnswerAreNotForgottenAtTheNext) {
  for (int i = 0; i < 20; ++i) AnswerAndReturn(8, milliseconds(3));
  forecast.Completed(now, 8);
  forecast.Completed(now + microseconds(10), 4);
  EXPECT_NEAR(forecast.Expected(now + microseconds(10), milliseconds(1)), 12, 0.2);
}

TEST_F(ArrivalForecastTest, ABurstAnnouncesItself) {
  for (int burst = 0; burst < 20; ++burst) {
    forecast.Arrived(now, 1, true);
    for (int i = 0; i < 9; ++i) forecast.Arrived(now += microseconds(20), 1, false);
    now += milliseconds(50);
  }
  forecast.Arrived(now, 1, true);
  EXPECT_NEAR(forecast.Expected(now, microseconds(250)), 9, 0.1);
}

// Whatever the rate, and whatever the executions do meanwhile: nobody comes because of them.
TEST_F(ArrivalForecastTest, ASteadyStreamIsNoReasonToWait) {
  for (const double per_ms : {0.5, 3.0, 20.0}) {
    ArrivalForecast steady(milliseconds(2));
    std::mt19937_64 random(9);
    std::exponential_distribution<double> gap(per_ms);
    Time arrival = now;
    Time completion = now;
    double waiting = 0;
    double promised = 0;
    int asked = 0;
    for (int i = 0; i < 20'000; ++i) {
      arrival += std::chrono::nanoseconds(static_cast<std::int64_t>(gap(random) * 1e6));
      while (completion < arrival) {  // an execution of everything that waits, each 2.5 ms
        steady.Completed(completion, static_cast<std::int64_t>(std::max(1.0, waiting)));
        waiting = 0;
        promised += steady.Expected(completion, milliseconds(1));
        ++asked;
        completion += microseconds(2'500);
      }
      steady.Arrived(arrival, 1, waiting == 0);
      ++waiting;
    }
    EXPECT_LT(promised / asked, 0.05 * per_ms) << per_ms;
  }
}

}  // namespace
}  // namespace plinth
