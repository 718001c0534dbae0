#include "tensor/tensor.h"

#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace plinth {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

TEST(ShapeTest, CountsElementsWithoutOverflow) {
  EXPECT_EQ(Shape({}).ElementCount(), 1);
  EXPECT_EQ(Shape({2, 3, 4}).ElementCount(), 24);
  EXPECT_EQ(Shape({2, -1}).ElementCount(), std::nullopt);
  EXPECT_EQ(Shape({0, -1}).ElementCount(), std::nullopt);
  EXPECT_EQ(Shape({kHuge, 2}).ElementCount(), std::nullopt);
  EXPECT_EQ(Shape({kHuge, 0}).ElementCount(), 0);
  EXPECT_EQ(Shape({kHuge, 0, kHuge}).ElementCount(), std::nullopt);
}

TEST(ShapeTest, MinusOneAdmitsAnySize) {
  const Shape pattern{-1, 3};
  EXPECT_TRUE(pattern.Admits({5, 3}));
  EXPECT_TRUE(pattern.Admits({0, 3}));
  EXPECT_FALSE(pattern.Admits({5, 4}));
  EXPECT_FALSE(pattern.Admits({5}));
  EXPECT_EQ(pattern.ToString(), "[-1,3]");
}

TEST(TensorTest, RefusesImpossibleSizes) {
  EXPECT_FALSE(Tensor::Allocate(DType::kFp64, {kHuge}));
  EXPECT_FALSE(Tensor::Allocate(DType::kFp32, {-1}));
  EXPECT_FALSE(Tensor::Allocate(DType::kFp32, {100}, 399));
  EXPECT_TRUE(Tensor::Allocate(DType::kFp32, {100}, 400));
  EXPECT_FALSE(Tensor::FromBuffer(DType::kFp32, {2}, Buffer::Allocate(7)));
  EXPECT_FALSE(Tensor::FromBuffer(DType::kBytes, {2}, Buffer::Allocate(8)));
}

TEST(TensorTest, MisalignedMemoryIsCopiedAlignedIsShared) {
  const Buffer whole = Buffer::Allocate(12);
  const auto aligned = Tensor::FromBuffer(DType::kFp32, {2}, whole.Slice(4, 8));
  ASSERT_TRUE(aligned);
  EXPECT_EQ(aligned->data().data(), whole.data() + 4);
  const auto moved = Tensor::FromBuffer(DType::kFp32, {2}, whole.Slice(1, 8));
  ASSERT_TRUE(moved);
  EXPECT_NE(moved->data().data(), whole.data() + 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(moved->data().data()) % alignof(float), 0u);
}

TEST(TensorTest, RowsAreSlicesOfTheSameMemory) {
  auto tensor = Tensor::Allocate(DType::kInt32, {4, 3});
  ASSERT_TRUE(tensor);
  std::iota(tensor->mutable_values<std::int32_t>().begin(),
            tensor->mutable_values<std::int32_t>().end(), 0);
  const Tensor rows = tensor->SliceRows(1, 2);
  EXPECT_EQ(rows.shape(), Shape({2, 3}));
  EXPECT_EQ(rows.values<std::int32_t>()[0], 3);
  EXPECT_EQ(rows.values<std::int32_t>().data(), tensor->values<std::int32_t>().data() + 3);
  EXPECT_EQ(tensor->SliceRows(4, 0).element_count(), 0);
}

TEST(TensorTest, StringsKeepTheirBytes) {
  const std::vector<std::string> words = {"", "zwei", std::string("a\0b", 3), "vier"};
  const Tensor tensor = Tensor::OfStrings({2, 2}, words);
  for (std::size_t i = 0; i < words.size(); ++i) EXPECT_EQ(tensor.string_at(i), words[i]);
  const Tensor last = tensor.SliceRows(1, 1);
  EXPECT_EQ(last.shape(), Shape({1, 2}));
  EXPECT_EQ(last.string_at(0), words[2]);
  EXPECT_EQ(last.string_at(1), "vier");
}

TEST(TensorTest, StringOffsetsFromOutsideAreChecked) {
  const auto offsets = [](std::vector<std::uint64_t> numbers) {
    return Buffer::Copy(std::as_bytes(std::span(numbers)));
  };
  const Buffer data = Buffer::FromString("abcdef");
  EXPECT_TRUE(Tensor::FromStrings({2}, data, offsets({0, 3, 6})));
  EXPECT_TRUE(Tensor::FromStrings({2}, data, offsets({1, 3, 3})));
  EXPECT_FALSE(Tensor::FromStrings({2}, data, offsets({0, 3})));
  EXPECT_FALSE(Tensor::FromStrings({2}, data, offsets({0, 4, 3})));
  EXPECT_FALSE(Tensor::FromStrings({2}, data, offsets({0, 3, 7})));
  EXPECT_FALSE(Tensor::FromStrings({1}, data, {}));
}

TEST(TensorTest, ReshapingSharesTheElements) {
  const auto tensor = Tensor::Allocate(DType::kFp32, {2, 3});
  const Tensor flat = tensor->Reshape({6});
  EXPECT_EQ(flat.shape(), (Shape{6}));
  EXPECT_EQ(flat.data().data(), tensor->data().data());
  const std::vector<std::string> texts = {"a", "bc"};
  EXPECT_EQ(Tensor::OfStrings({2}, texts).Reshape({1, 2}).string_at(1), "bc");
}

}  // namespace
}  // namespace plinth
