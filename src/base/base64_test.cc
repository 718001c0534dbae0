#include "base/base64.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace plinth {
namespace {

std::string Encoded(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, text);
  return text;
}

std::optional<std::string> Decoded(std::string_view text) {
  std::string bytes(Base64DecodedBound(text.size()), '\0');
  const auto size = DecodeBase64(text, bytes.data());
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

TEST(Base64Test, EncodesTheVectorsOfTheRfc) {
  EXPECT_EQ(Encoded(""), "");
  EXPECT_EQ(Encoded("f"), "Zg==");
  EXPECT_EQ(Encoded("fo"), "Zm8=");
  EXPECT_EQ(Encoded("foo"), "Zm9v");
  EXPECT_EQ(Encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(Encoded("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Decoded(Encoded(bytes)), bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64Test, PaddingMayBeLeftOut) {
  EXPECT_EQ(Decoded("Zg"), "f");
  EXPECT_EQ(Decoded("Zm8"), "fo");
}

TEST(Base64Test, RefusesWhatIsNotBase64) {
  EXPECT_EQ(Decoded("Z"), std::nullopt);
  EXPECT_EQ(Decoded("Zg="), std::nullopt);
  EXPECT_EQ(Decoded("Zg==="), std::nullopt);
  EXPECT_EQ(Decoded("===="), std::nullopt);
  EXPECT_EQ(Decoded("Zm9v!A=="), std::nullopt);
  EXPECT_EQ(Decoded("Zm 9v"), std::nullopt);
  EXPECT_EQ(Decoded("Zh=="), std::nullopt);  // bits that would be lost
  EXPECT_EQ(Decoded("Zm9="), std::nullopt);
  EXPECT_EQ(Decoded("-_-_"), std::nullopt);  // the URL alphabet
}

}  // namespace
}  // namespace plinth
