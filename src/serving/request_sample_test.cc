#include "serving/request_sample.h"

#include <gtest/gtest.h>

namespace plinth {
namespace {

RequestSample::Inputs Numbers(std::int64_t count, float first) {
  auto tensor = Tensor::Allocate(DType::kFp32, {count});
  for (float& value : tensor->mutable_values<float>()) value = first++;
  return {{"x", *tensor}};
}

TEST(RequestSampleTest, KeepsTheFirstRequestThatWasAnswered) {
  RequestSample sample;
  EXPECT_TRUE(sample.Get().empty());
  auto failed = sample.Copy(Numbers(2, 1));
  EXPECT_FALSE(failed.empty());
  EXPECT_TRUE(sample.Copy(Numbers(2, 2)).empty()) << "one is on its way";
  sample.Drop();
  auto answered = sample.Copy(Numbers(2, 3));
  sample.Keep(std::move(answered));
  ASSERT_EQ(sample.Get().size(), 1u);
  EXPECT_EQ(sample.Get()[0].tensor.values<float>()[1], 4);
  EXPECT_TRUE(sample.Copy(Numbers(2, 5)).empty()) << "nothing more is wanted";
}

TEST(RequestSampleTest, LargeRequestsAreNotKept) {
  RequestSample sample;
  EXPECT_TRUE(sample.Copy(Numbers(RequestSample::kMaxBytes / sizeof(float) + 1, 0)).empty());
  EXPECT_FALSE(sample.Copy(Numbers(1, 0)).empty()) << "a smaller one is wanted still";
}

}  // namespace
}  // namespace plinth
