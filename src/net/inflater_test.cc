#include "net/inflater.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "net/deflate.h"
#include "net/http.h"

namespace plinth::net {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kLimit = 64UZ * 1024 * 1024;

std::string Text(std::size_t size) {
  std::mt19937 random(5);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('0' + random() % 10);
  return text;
}

std::string Compressed(Coding coding, const std::string& text) {
  const std::vector<Buffer> pieces = {Buffer::FromString(text)};
  return Deflate(coding, pieces).value_or("");
}

// Without the frame of zlib: two bytes before and a checksum of four behind.
std::string WithoutFrame(const std::string& deflated) {
  return deflated.substr(2, deflated.size() - 6);
}

Result<Buffer> Inflated(Coding coding, std::string_view bytes, std::size_t limit = kLimit,
                        std::size_t step = kLimit, std::shared_ptr<ByteBudget> budget = nullptr) {
  auto inflater = Inflater::Create(coding, std::as_bytes(std::span(bytes)), limit, budget);
  if (!inflater) return Fail(inflater.error());
  Result<bool> done = false;
  while (done && !*done) done = inflater->Advance(step);
  if (!done) return Fail(done.error());
  return inflater->Take();
}

std::string TextOf(const Result<Buffer>& buffer) {
  return buffer ? std::string(buffer->As<char>(), buffer->size()) : buffer.error().message;
}

TEST(Inflater, GivesBackWhatWasCompressed) {
  for (const std::size_t size : {2000UZ, 16384UZ, 100'000UZ, 3'000'000UZ}) {
    const std::string text = Text(size);
    const std::string gzip = Compressed(Coding::kGzip, text);
    const std::string deflate = Compressed(Coding::kDeflate, text);
    ASSERT_LT(gzip.size(), size);
    for (const std::size_t step : {kLimit, 10'007UZ}) {
      EXPECT_TRUE(TextOf(Inflated(Coding::kGzip, gzip, kLimit, step)) == text);
      EXPECT_TRUE(TextOf(Inflated(Coding::kDeflate, deflate, kLimit, step)) == text);
      EXPECT_TRUE(TextOf(Inflated(Coding::kDeflate, WithoutFrame(deflate), kLimit, step)) == text);
      EXPECT_TRUE(TextOf(Inflated(Coding::kGzip, gzip + gzip, kLimit, step)) == text + text);
    }
  }
}

TEST(Inflater, PadsWithZeros) {
  const auto buffer = Inflated(Coding::kGzip, Compressed(Coding::kGzip, Text(5000)));
  ASSERT_TRUE(buffer);
  const std::string zeros(HttpRequest::kBodyPadding, '\0');
  EXPECT_EQ(std::memcmp(buffer->data() + buffer->size(), zeros.data(), zeros.size()), 0);
}

TEST(Inflater, RefusesWhatIsNotWhole) {
  const std::string gzip = Compressed(Coding::kGzip, Text(5000));
  for (std::size_t size = 0; size < gzip.size(); size += 1 + size / 10) {
    const auto result = Inflated(Coding::kGzip, gzip.substr(0, size));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kInvalidArgument);
  }
  EXPECT_THAT(TextOf(Inflated(Coding::kGzip, gzip.substr(0, 100))), HasSubstr("ends early"));
  EXPECT_THAT(TextOf(Inflated(Coding::kGzip, "no gzip at all")), HasSubstr("incorrect header"));
  EXPECT_THAT(TextOf(Inflated(Coding::kGzip, gzip + "x")), HasSubstr("ends early"));
  EXPECT_THAT(TextOf(Inflated(Coding::kDeflate, Compressed(Coding::kDeflate, Text(5000)) + "x")),
              HasSubstr("behind the end"));
  std::string wrong = gzip;
  wrong[wrong.size() - 6] ^= 1;  // in the checksum
  EXPECT_THAT(TextOf(Inflated(Coding::kGzip, wrong)), HasSubstr("incorrect data check"));
}

TEST(Inflater, KeepsToTheLimit) {
  const std::string text = Text(100'000);
  const std::string gzip = Compressed(Coding::kGzip, text);
  EXPECT_TRUE(TextOf(Inflated(Coding::kGzip, gzip, text.size())) == text);
  const auto over = Inflated(Coding::kGzip, gzip, text.size() - 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::kPayloadTooLarge);
  EXPECT_THAT(over.error().message, HasSubstr("over the limit of 99999 bytes"));
}

TEST(Inflater, KeepsToTheRatio) {
  const std::string zeros(40'000'000, '\0');
  const std::string bomb = Compressed(Coding::kGzip, zeros);
  ASSERT_LT(bomb.size() * Inflater::kMostRatio, zeros.size());
  const auto budget = std::make_shared<ByteBudget>(100'000'000);
  const auto result = Inflated(Coding::kGzip, bomb, kLimit, kLimit, budget);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kPayloadTooLarge);
  EXPECT_THAT(result.error().message, HasSubstr("200 times"));
  EXPECT_EQ(budget->used(), 0U);
  // What is small in any case may be nothing but zeros.
  EXPECT_TRUE(Inflated(Coding::kGzip, Compressed(Coding::kGzip, std::string(10'000'000, '\0'))));
}

TEST(Inflater, KeepsToTheBudget) {
  const auto budget = std::make_shared<ByteBudget>(1'000'000);
  const std::string gzip = Compressed(Coding::kGzip, Text(200'000));
  {
    const auto first = Inflated(Coding::kGzip, gzip, kLimit, kLimit, budget);
    ASSERT_TRUE(first);
    EXPECT_GE(budget->used(), 200'000U);
    const auto too_much =
        Inflated(Coding::kGzip, Compressed(Coding::kGzip, Text(900'000)), kLimit, kLimit, budget);
    ASSERT_FALSE(too_much);
    EXPECT_EQ(too_much.error().code, Code::kResourceExhausted);
  }
  EXPECT_EQ(budget->used(), 0U);
}

TEST(Inflater, PausesWhenAskedTo) {
  const std::string gzip = Compressed(Coding::kGzip, Text(1'000'000));
  auto inflater = Inflater::Create(Coding::kGzip, std::as_bytes(std::span(gzip)), kLimit, nullptr);
  ASSERT_TRUE(inflater);
  int steps = 0;
  for (Result<bool> done = false; !*done; ++steps) {
    done = inflater->Advance(100'000);
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_GE(steps, 10);
  EXPECT_TRUE(TextOf(inflater->Take()) == Text(1'000'000));
}

TEST(Deflate, GivesNothingWhereNothingIsGained) {
  std::mt19937 random(3);
  std::string noise(5000, ' ');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(Compressed(Coding::kGzip, noise), "");
  EXPECT_EQ(Compressed(Coding::kGzip, ""), "");
}

TEST(Deflate, JoinsPieces) {
  const std::string text = Text(50'000);
  std::vector<Buffer> pieces;
  for (std::size_t at = 0; at < text.size(); at += 7000)
    pieces.push_back(Buffer::FromString(text.substr(at, 7000)));
  pieces.emplace_back();
  const auto deflated = Deflate(Coding::kDeflate, pieces);
  ASSERT_TRUE(deflated);
  EXPECT_TRUE(TextOf(Inflated(Coding::kDeflate, *deflated)) == text);
}

}  // namespace
}  // namespace plinth::net
