#include "serving/cache/compact_copy.h"

#include <numeric>
#include <string>

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(CompactCopyTest, CopiesEveryKindAndSharesNothing) {
  Tensor numbers = *Tensor::Allocate(DType::kFp64, {4, 3});
  std::iota(numbers.mutable_values<double>().begin(), numbers.mutable_values<double>().end(), 0.5);
  const std::vector<std::string> words = {"skipped", "", "zwei", std::string("\0x", 2)};
  const std::vector<NamedTensor> outputs = {
      {"numbers", numbers.SliceRows(1, 2)},
      {"words", Tensor::OfStrings({4}, words).SliceRows(1, 3)},
      {"none", *Tensor::Allocate(DType::kInt8, {0, 5})},
      {"no words", Tensor::OfStrings({0}, {})},
      {"scalar", *Tensor::FromBuffer(DType::kUint8, {}, Buffer::FromString("s"))},
  };
  const auto copies = CompactCopy(outputs);
  ASSERT_EQ(copies.size(), outputs.size());
  for (std::size_t i = 0; i < copies.size(); ++i) {
    EXPECT_EQ(copies[i].name, outputs[i].name);
    EXPECT_EQ(copies[i].tensor.dtype(), outputs[i].tensor.dtype());
    EXPECT_EQ(copies[i].tensor.shape(), outputs[i].tensor.shape());
    if (outputs[i].tensor.data().empty()) continue;
    EXPECT_NE(copies[i].tensor.data().data(), outputs[i].tensor.data().data());
  }
  EXPECT_TRUE(
      std::ranges::equal(copies[0].tensor.values<double>(), outputs[0].tensor.values<double>()));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(copies[1].tensor.string_at(i), words[i + 1]);
  EXPECT_EQ(copies[1].tensor.offsets().front(), 0u);
  EXPECT_EQ(copies[1].tensor.data().size(), 6u);
  EXPECT_EQ(copies[4].tensor.values<char>()[0], 's');
}

TEST(CompactCopyTest, CountsAtLeastTheElements) {
  const std::vector<NamedTensor> outputs = {{"y", *Tensor::Allocate(DType::kFp32, {1000})}};
  EXPECT_GE(CompactBytes(outputs), 4'000u);
  EXPECT_LE(CompactBytes(outputs), 5'000u);
  // A slice costs what it shows, not what it stands in.
  EXPECT_LE(CompactBytes({{"y", outputs[0].tensor.SliceRows(0, 10)}}), 1'000u);
}

}  // namespace
}  // namespace plinth
