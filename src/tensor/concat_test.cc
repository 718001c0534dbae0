#include "tensor/concat.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::HasSubstr;

constexpr DType kAllTypes[] = {DType::kBool,   DType::kInt8,  DType::kInt16,  DType::kInt32,
                               DType::kInt64,  DType::kUint8, DType::kUint16, DType::kUint32,
                               DType::kUint64, DType::kFp16,  DType::kBf16,   DType::kFp32,
                               DType::kFp64,   DType::kBytes};

Tensor RandomTensor(std::mt19937_64& random, DType type, const Shape& shape) {
  if (type != DType::kBytes) {
    Tensor tensor = *Tensor::Allocate(type, shape);
    for (std::byte& byte : tensor.mutable_bytes()) byte = static_cast<std::byte>(random());
    return tensor;
  }
  std::vector<std::string> words(static_cast<std::size_t>(*shape.ElementCount()));
  for (std::string& word : words) word.assign(random() % 5, static_cast<char>('a' + random() % 26));
  return Tensor::OfStrings(shape, words);
}

// An element as bytes, whatever its type.
std::string ElementAt(const Tensor& tensor, std::size_t i) {
  if (tensor.dtype() == DType::kBytes) return std::string(tensor.string_at(i));
  const std::size_t size = SizeOf(tensor.dtype());
  return {tensor.data().As<char>() + i * size, size};
}

bool Same(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.element_count()); ++i) {
    if (ElementAt(a, i) != ElementAt(b, i)) return false;
  }
  return true;
}

// Where the element at `index`, a number for each axis, stands.
std::size_t Position(const Shape& shape, const std::vector<std::int64_t>& index) {
  std::int64_t at = 0;
  for (std::size_t i = 0; i < shape.rank(); ++i) at = at * shape[i] + index[i];
  return static_cast<std::size_t>(at);
}

// Element by element, as slowly as it is clearly right.
bool IsPartAt(const Tensor& whole, const Tensor& part, std::size_t axis, std::int64_t begin) {
  std::vector<std::int64_t> index(part.shape().rank(), 0);
  for (std::size_t n = 0; n < static_cast<std::size_t>(part.element_count()); ++n) {
    std::vector<std::int64_t> in_whole = index;
    in_whole[axis] += begin;
    if (ElementAt(part, n) != ElementAt(whole, Position(whole.shape(), in_whole))) return false;
    for (std::size_t i = index.size(); i-- > 0 && ++index[i] == part.shape()[i];) index[i] = 0;
  }
  return true;
}

TEST(ConcatTest, JoinedThenSlicedIsWhatItWas) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2'000; ++round) {
    const DType type = kAllTypes[random() % std::size(kAllTypes)];
    Shape shape;
    for (std::size_t rank = 1 + random() % 4; rank > 0; --rank)
      shape.Append(static_cast<std::int64_t>(random() % 4));
    const std::size_t axis = random() % shape.rank();
    std::vector<Tensor> parts;
    for (std::size_t count = 1 + random() % 5; count > 0; --count) {
      shape[axis] = static_cast<std::int64_t>(random() % 4);
      Shape larger = shape;
      ++larger[0];  // slices, so that nothing begins where its buffer does
      Tensor tensor = RandomTensor(random, type, larger).SliceRows(1, shape[0]);
      parts.push_back(std::move(tensor));
    }
    std::vector<const Tensor*> pointers;
    pointers.reserve(parts.size());
    for (const Tensor& part : parts) pointers.push_back(&part);
    const auto joined = Concatenate(pointers, axis);
    ASSERT_TRUE(joined) << joined.error().message;
    std::int64_t begin = 0;
    for (const Tensor& part : parts) {
      ASSERT_TRUE(IsPartAt(*joined, part, axis, begin));
      ASSERT_TRUE(Same(SliceAxis(*joined, axis, begin, part.shape()[axis]), part));
      begin += part.shape()[axis];
    }
    ASSERT_EQ(joined->shape()[axis], begin);
  }
}

TEST(ConcatTest, EmptyTensorsOfVastShapesTakeNoTime) {
  constexpr std::int64_t kVast = std::int64_t{1} << 60;
  const std::uint64_t zero = 0;
  const Tensor words =
      *Tensor::FromStrings({kVast, 0}, {}, Buffer::Copy(std::as_bytes(std::span(&zero, 1))));
  const Tensor numbers = *Tensor::Allocate(DType::kInt8, {kVast, 0});
  for (const Tensor* part : {&words, &numbers}) {
    const Tensor* parts[] = {part, part};
    EXPECT_EQ(Concatenate(parts, 1)->shape(), Shape({kVast, 0}));
    EXPECT_EQ(SliceAxis(*part, 1, 0, 0).shape(), Shape({kVast, 0}));
  }
}

TEST(ConcatTest, OnePartAndFirstAxisShareTheMemory) {
  const Tensor tensor = *Tensor::Allocate(DType::kFp32, {4, 2});
  const Tensor* part = &tensor;
  EXPECT_EQ(Concatenate({&part, 1}, 0)->data().data(), tensor.data().data());
  EXPECT_EQ(SliceAxis(tensor, 0, 1, 2).data().data(), tensor.data().data() + 8);
}

TEST(ConcatTest, RefusesWhatDoesNotFit) {
  const Tensor a = *Tensor::Allocate(DType::kFp32, {2, 3});
  const auto refusal = [&](const Tensor& b, std::size_t axis, std::size_t max_bytes = 1'000) {
    const Tensor* parts[] = {&a, &b};
    const auto joined = Concatenate(parts, axis, max_bytes);
    if (joined) return std::string("joined");
    EXPECT_EQ(joined.error().code, Code::kInvalidArgument);
    return joined.error().message;
  };
  EXPECT_EQ(refusal(*Tensor::Allocate(DType::kFp32, {5, 3}), 0), "joined");
  EXPECT_THAT(refusal(*Tensor::Allocate(DType::kFp32, {5, 3}), 1), HasSubstr("[2,3] and [5,3]"));
  EXPECT_THAT(refusal(*Tensor::Allocate(DType::kFp32, {6}), 0), HasSubstr("[2,3] and [6]"));
  EXPECT_THAT(refusal(*Tensor::Allocate(DType::kInt32, {2, 3}), 0), HasSubstr("FP32 and INT32"));
  EXPECT_THAT(refusal(a, 2), HasSubstr("no axis 2"));
  EXPECT_THAT(refusal(a, 0, 47), HasSubstr("47"));
  EXPECT_FALSE(Concatenate({}, 0));
  const Tensor none =
      *Tensor::Allocate(DType::kFp32, {0, std::numeric_limits<std::int64_t>::max()});
  const Tensor* endless[] = {&none, &none};
  EXPECT_FALSE(Concatenate(endless, 1));
  const Tensor words = Tensor::OfStrings({1}, std::vector<std::string>{"0123456789"});
  const Tensor* two[] = {&words, &words};
  EXPECT_TRUE(Concatenate(two, 0, 30));
  EXPECT_FALSE(Concatenate(two, 0, 19));
}

}  // namespace
}  // namespace plinth
