#include "serving/batching/batch_join.h"

#include <numeric>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::HasSubstr;

// "x" is joined along its second axis, "words" along its first and need not be there.
Signature MixedSignature() {
  Signature signature;
  signature.inputs = {{"x", DType::kInt32, Shape{2, -1}, 1, false},
                      {"words", DType::kBytes, Shape{-1}, 0, true}};
  signature.outputs = signature.inputs;
  return signature;
}

std::vector<NamedTensor> Request(std::mt19937_64& random, std::int64_t rows, bool with_words) {
  Tensor numbers = *Tensor::Allocate(DType::kInt32, {2, rows});
  for (std::int32_t& number : numbers.mutable_values<std::int32_t>())
    number = static_cast<std::int32_t>(random());
  std::vector<NamedTensor> inputs = {{"x", std::move(numbers)}};
  if (!with_words) return inputs;
  std::vector<std::string> words(static_cast<std::size_t>(rows));
  for (std::string& word : words) word.assign(random() % 4, 'w');
  inputs.push_back({"words", Tensor::OfStrings({rows}, words)});
  return inputs;
}

void ExpectSame(const std::vector<NamedTensor>& got, const std::vector<NamedTensor>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const Tensor& a = got[i].tensor;
    const Tensor& b = want[i].tensor;
    EXPECT_EQ(got[i].name, want[i].name);
    ASSERT_EQ(a.shape(), b.shape());
    for (std::size_t k = 0; k < static_cast<std::size_t>(a.element_count()); ++k) {
      if (a.dtype() == DType::kBytes) {
        ASSERT_EQ(a.string_at(k), b.string_at(k));
      } else {
        ASSERT_EQ(a.values<std::int32_t>()[k], b.values<std::int32_t>()[k]);
      }
    }
  }
}

TEST(BatchJoinTest, AModelThatEchoesGivesEachRequestItsOwn) {
  const Signature signature = MixedSignature();
  std::mt19937_64 random(17);
  for (int round = 0; round < 500; ++round) {
    const bool with_words = random() % 2 == 0;
    std::vector<std::vector<NamedTensor>> requests;
    std::vector<std::int64_t> rows;
    for (std::size_t count = 1 + random() % 6; count > 0; --count) {
      rows.push_back(static_cast<std::int64_t>(random() % 5));
      requests.push_back(Request(random, rows.back(), with_words));
    }
    const std::vector<std::span<const NamedTensor>> views(requests.begin(), requests.end());
    const auto joined = JoinInputs(signature, views);
    ASSERT_TRUE(joined) << joined.error().message;
    EXPECT_EQ(joined->at(0).tensor.shape()[1],
              std::accumulate(rows.begin(), rows.end(), std::int64_t{0}));
    const auto parts = SplitOutputs(signature, *joined, rows);
    ASSERT_TRUE(parts) << parts.error().message;
    ASSERT_EQ(parts->size(), requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) ExpectSame((*parts)[i], requests[i]);
  }
}

TEST(BatchJoinTest, OneRequestIsNotCopied) {
  std::mt19937_64 random(1);
  const auto request = Request(random, 3, true);
  const std::span<const NamedTensor> view(request);
  const auto joined = JoinInputs(MixedSignature(), {&view, 1});
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->at(0).tensor.data().data(), request[0].tensor.data().data());
}

TEST(BatchJoinTest, TellsWhatFitsTogether) {
  const Signature signature = MixedSignature();
  std::mt19937_64 random(1);
  const auto plain = Request(random, 2, false);
  EXPECT_TRUE(FitTogether(signature, plain, Request(random, 5, false)));
  EXPECT_FALSE(FitTogether(signature, plain, Request(random, 2, true)));
  EXPECT_FALSE(FitTogether(
      signature, plain, std::vector<NamedTensor>{{"x", *Tensor::Allocate(DType::kInt32, {3, 2})}}));
  EXPECT_FALSE(FitTogether(
      signature, plain, std::vector<NamedTensor>{{"x", *Tensor::Allocate(DType::kInt64, {2, 2})}}));
  EXPECT_FALSE(FitTogether(signature, plain,
                           std::vector<NamedTensor>{{"x", *Tensor::Allocate(DType::kInt32, {2})}}));
  const auto other = std::vector<NamedTensor>{{"x", *Tensor::Allocate(DType::kInt32, {3, 2})}};
  const std::span<const NamedTensor> views[] = {plain, other};
  EXPECT_EQ(JoinInputs(signature, views).error().code, Code::kInvalidArgument);
  EXPECT_EQ(JoinInputs(signature, {}).error().code, Code::kInvalidArgument);
}

TEST(BatchJoinTest, TellsWhichModelsCanBatch) {
  Signature signature = MixedSignature();
  EXPECT_TRUE(CanBatch(signature));
  signature.stateful = true;
  EXPECT_FALSE(CanBatch(signature));
  signature = MixedSignature();
  signature.outputs[0].batch_axis = -1;
  EXPECT_FALSE(CanBatch(signature));
  signature = MixedSignature();
  signature.inputs[1].batch_axis = -1;
  EXPECT_FALSE(CanBatch(signature));
  EXPECT_FALSE(CanBatch(Signature{}));
}

TEST(BatchJoinTest, AnInputWithoutBatchAxisIsNotJoined) {
  Signature signature = MixedSignature();
  signature.inputs[0].batch_axis = -1;
  std::mt19937_64 random(1);
  const auto request = Request(random, 2, false);
  const std::span<const NamedTensor> views[] = {request, request};
  EXPECT_THAT(JoinInputs(signature, views).error().message, HasSubstr("'x' has no batch axis"));
}

TEST(BatchJoinTest, OutputsWithOtherRowsAreTheModelsFault) {
  const Signature signature = MixedSignature();
  const std::int64_t rows[] = {1, 2};
  const auto fault = [&](const std::vector<NamedTensor>& outputs) {
    const auto parts = SplitOutputs(signature, outputs, rows);
    if (parts) return std::string("split");
    EXPECT_EQ(parts.error().code, Code::kInternal);
    return parts.error().message;
  };
  EXPECT_EQ(fault({{"x", *Tensor::Allocate(DType::kInt32, {2, 3})}}), "split");
  EXPECT_THAT(fault({{"x", *Tensor::Allocate(DType::kInt32, {2, 4})}}),
              HasSubstr("[2,4] for 3 joined rows"));
  EXPECT_THAT(fault({{"x", *Tensor::Allocate(DType::kInt32, {3})}}), HasSubstr("axis 1"));
  EXPECT_THAT(fault({{"z", *Tensor::Allocate(DType::kInt32, {3})}}),
              HasSubstr("'z' has no batch axis"));
}

}  // namespace
}  // namespace plinth
