#include "api/openinference/raw.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::api::openinference {
namespace {

Buffer Bytes(std::string_view text) { return Buffer::FromString(std::string(text)); }

std::string Refusal(DType type, const Shape& shape, std::string_view raw) {
  const auto tensor = TensorOfRaw(type, shape, Bytes(raw), "I", "M");
  if (tensor) return "none";
  EXPECT_EQ(tensor.error().code, Code::kInvalidArgument);
  return tensor.error().message;
}

using namespace std::literals;

TEST(RawTest, SharesMemoryBothWays) {
  const Buffer raw = Buffer::Copy(Bytes("12345678").bytes());
  const auto tensor = TensorOfRaw(DType::kFp32, {2}, raw, "I", "M");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->data().data(), raw.data());
  EXPECT_EQ(RawOf(*tensor).data(), raw.data());
  EXPECT_EQ(RawSizeOf(*tensor), 8U);
}

TEST(RawTest, CopiesWhatIsNotAligned) {
  const Buffer raw = Buffer::Copy(Bytes("012345678").bytes());
  const auto tensor = TensorOfRaw(DType::kFp32, {2}, raw.Slice(1, 8), "I", "M");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(std::string_view(tensor->data().As<char>(), 8), "12345678");
}

TEST(RawTest, TakesStringsApartAndPutsThemTogether) {
  const auto raw = "\3\0\0\0abc\0\0\0\0\2\0\0\0\0x"sv;
  const auto tensor = TensorOfRaw(DType::kBytes, {3}, Bytes(raw), "I", "M");
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->string_at(0), "abc");
  EXPECT_EQ(tensor->string_at(1), "");
  EXPECT_EQ(tensor->string_at(2), "\0x"sv);
  EXPECT_EQ(RawSizeOf(*tensor), raw.size());
  const Buffer back = RawOf(*tensor);
  EXPECT_EQ(std::string_view(back.As<char>(), back.size()), raw);
  const Buffer second = RawOf(tensor->SliceRows(2, 1));
  EXPECT_EQ(std::string_view(second.As<char>(), second.size()), "\2\0\0\0\0x"sv);
}

TEST(RawTest, RefusesInTritonsWords) {
  EXPECT_EQ(Refusal(DType::kFp32, {3}, "12345678"),
            "input byte size mismatch for input 'I' for model 'M'. Expected 12, got 8");
  EXPECT_EQ(Refusal(DType::kFp64, {1, 1LL << 62}, ""),
            "byte size overflow for input 'I' for model 'M'");
  EXPECT_EQ(Refusal(DType::kBytes, {1}, "\1\0\0\0a\1\0\0\0b"sv),
            "unexpected number of string elements 2 for inference input 'I' for model 'M', "
            "expecting 1");
  EXPECT_EQ(Refusal(DType::kBytes, {2}, "\1\0\0\0a"sv),
            "expected 2 string elements for inference input 'I' for model 'M', got 1");
  EXPECT_THAT(Refusal(DType::kBytes, {2}, "\1\0\0\0a\1\0"sv),
              testing::StartsWith("incomplete string length indicator for inference input 'I' for "
                                  "model 'M', expecting 4 bytes but only 2 bytes available"));
  EXPECT_EQ(Refusal(DType::kBytes, {1}, "\377\377\377\377abc"sv),
            "incomplete string data for inference input 'I' for model 'M', expecting string of "
            "length 4294967295 but only 3 bytes available");
  EXPECT_THAT(Refusal(DType::kBool, {3}, "\0\1\2"sv), testing::StartsWith("byte 2 is 2"));
}

TEST(RawTest, TakesNothing) {
  EXPECT_TRUE(TensorOfRaw(DType::kFp32, {0, 4}, {}, "I", "M"));
  EXPECT_TRUE(TensorOfRaw(DType::kBytes, {0}, {}, "I", "M"));
  EXPECT_EQ(RawSizeOf(*TensorOfRaw(DType::kBytes, {0}, {}, "I", "M")), 0U);
}

}  // namespace
}  // namespace plinth::api::openinference
