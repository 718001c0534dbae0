#include "serving/request_queue.h"

#include <chrono>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class RequestQueueTest : public testing::Test {
 protected:
  RequestQueueTest() {
    signature_.inputs = {{"x", DType::kFp32, Shape{-1, -1}, 0, false},
                         {"mask", DType::kBool, Shape{-1}, 0, true}};
  }

  // `number` tells it from others: its arrival.
  static Job MakeJob(int number, std::int64_t rows = 1, std::int64_t columns = 1,
                     Priority priority = Priority::kNormal) {
    Job job;
    job.inputs = {{"x", *Tensor::Allocate(DType::kFp32, {rows, columns})}};
    job.rows = rows;
    job.priority = priority;
    job.arrival = Clock::time_point(seconds(number));
    return job;
  }

  static void Push(RequestQueue& queue, Job job) {
    std::vector<Job> parts;
    parts.push_back(std::move(job));
    queue.Push(std::move(parts));
  }

  static std::vector<int> NumbersOf(const std::vector<Job>& jobs) {
    std::vector<int> numbers;
    numbers.reserve(jobs.size());
    for (const Job& job : jobs) {
      numbers.push_back(static_cast<int>(
          std::chrono::duration_cast<seconds>(job.arrival.time_since_epoch()).count()));
    }
    return numbers;
  }

  Signature signature_;
};

TEST_F(RequestQueueTest, TakesWholeRequestsInOrderOfArrival) {
  RequestQueue queue(signature_, true);
  for (int i = 1; i <= 4; ++i) Push(queue, MakeJob(i, 2));
  EXPECT_EQ(queue.next_rows(), 8);
  EXPECT_EQ(queue.first_rows(), 2);
  EXPECT_THAT(NumbersOf(queue.Take(5)), ElementsAre(1, 2));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_THAT(NumbersOf(queue.Take(1)), ElementsAre(3));  // one at least
  EXPECT_THAT(NumbersOf(queue.Take(100)), ElementsAre(4));
  EXPECT_TRUE(queue.empty());
}

TEST_F(RequestQueueTest, OnlyEqualShapesAndInputsAreTakenTogether) {
  RequestQueue queue(signature_, true);
  Push(queue, MakeJob(1, 1, 3));
  Push(queue, MakeJob(2, 1, 4));
  Job masked = MakeJob(3, 1, 3);
  masked.inputs.push_back({"mask", *Tensor::Allocate(DType::kBool, {1})});
  Push(queue, std::move(masked));
  Push(queue, MakeJob(4, 5, 3));  // of another number of rows
  Push(queue, MakeJob(5, 1, 4));
  EXPECT_EQ(queue.next_rows(), 6);
  EXPECT_THAT(NumbersOf(queue.Take(100)), ElementsAre(1, 4));
  EXPECT_THAT(NumbersOf(queue.Take(100)), ElementsAre(2, 5));
  EXPECT_THAT(NumbersOf(queue.Take(100)), ElementsAre(3));
}

TEST_F(RequestQueueTest, WithoutJoiningEachIsAlone) {
  RequestQueue queue(signature_, false);
  Push(queue, MakeJob(1));
  Push(queue, MakeJob(2));
  EXPECT_THAT(NumbersOf(queue.Take(100)), ElementsAre(1));
  EXPECT_THAT(NumbersOf(queue.Take(100)), ElementsAre(2));
}

TEST_F(RequestQueueTest, HigherPrioritiesComeFirst) {
  RequestQueue queue(signature_, true);
  Push(queue, MakeJob(1, 1, 1, Priority::kLow));
  Push(queue, MakeJob(2, 1, 1, Priority::kNormal));
  Push(queue, MakeJob(3, 1, 2, Priority::kHigh));
  Push(queue, MakeJob(4, 1, 1, Priority::kHigh));
  EXPECT_THAT(NumbersOf(queue.Take(2)), ElementsAre(3));
  EXPECT_THAT(NumbersOf(queue.Take(2)), ElementsAre(4, 2));
  EXPECT_THAT(NumbersOf(queue.Take(2)), ElementsAre(1));
}

TEST_F(RequestQueueTest, PartsCountAsOneRequest) {
  RequestQueue queue(signature_, true);
  std::vector<Job> parts;
  parts.reserve(3);
  for (int i = 0; i < 3; ++i) parts.push_back(MakeJob(1, 4));
  queue.Push(std::move(parts));
  Push(queue, MakeJob(2));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.next_rows(), 13);
  queue.Take(4);
  EXPECT_EQ(queue.size(), 1u);
  queue.Take(8);
  EXPECT_EQ(queue.size(), 1u);
  queue.Take(1);
  EXPECT_EQ(queue.size(), 0u);
}

TEST_F(RequestQueueTest, TheDeadAreTakenOut) {
  RequestQueue queue(signature_, true);
  const auto at = [](int s) { return Clock::time_point(seconds(s)); };
  Job late = MakeJob(1);
  late.deadline = at(10);
  Job gone = MakeJob(2);
  gone.cancelled = [] { return true; };
  Job alive = MakeJob(3, 2);
  alive.deadline = at(20);
  alive.cancelled = [] { return false; };
  Push(queue, std::move(late));
  Push(queue, std::move(gone));
  Push(queue, std::move(alive));
  EXPECT_EQ(queue.FirstDeadline(), at(10));
  EXPECT_THAT(NumbersOf(queue.TakeDead(at(10))), ElementsAre(1, 2));
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.next_rows(), 2);
  EXPECT_EQ(queue.next_deadline(), at(20));
  EXPECT_THAT(NumbersOf(queue.Take(9)), ElementsAre(3));
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace plinth
