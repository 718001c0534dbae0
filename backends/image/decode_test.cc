#include "image/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <simdjson.h>

#include <string>
#include <utility>
#include <vector>

#include "common/testing.h"
#include "image/exif.h"
#include "image/test_files.h"

namespace plinth::image {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kLimit = 1 << 20;

std::string Message(std::string_view file, std::int64_t max_pixels = kLimit) {
  const auto picture = Decode(file, {max_pixels, true, nullptr});
  if (picture) return "";
  EXPECT_EQ(picture.error().status, PLINTH_INVALID_ARGUMENT);
  return picture.error().message;
}

std::vector<int> Pixels(std::string_view file) {
  const auto picture = Decode(file, {kLimit, true, nullptr});
  if (!picture) {
    ADD_FAILURE() << picture.error().message;
    return {};
  }
  return {picture->data(), picture->data() + picture->size()};
}

// The recorded files, by their names.
std::vector<std::pair<std::string, std::string>> RecordedFiles() {
  simdjson::dom::parser parser;
  const auto json = parser.load(plinth::testing::SourcePath("tests/fixtures/images/cases.json"));
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& [name, hex] : json["files"].get_object()) {
    const std::string_view digits(hex);
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    files.emplace_back(name, std::move(bytes));
  }
  return files;
}

TEST(Decode, KeepsTheUpperEightOfSixteenBits) {
  const std::string file = MakePng({2, 1, 16, PNG_COLOR_TYPE_RGB},
                                   {0x12, 0xFF, 0x34, 0x00, 0x56, 0x80, 0xFF, 0xFF, 0, 1, 0x7F, 0});
  EXPECT_THAT(Pixels(file), ElementsAre(0x12, 0x34, 0x56, 0xFF, 0, 0x7F));
}

TEST(Decode, ReadsInterlacedFilesAsOthers) {
  std::vector<std::uint8_t> rows(13 * 11 * 3);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint8_t>(i * 7);
  const std::string plain = MakePng({13, 11, 8, PNG_COLOR_TYPE_RGB}, rows);
  const std::string interlaced = MakePng({13, 11, 8, PNG_COLOR_TYPE_RGB, true}, rows);
  EXPECT_NE(plain, interlaced);
  EXPECT_EQ(Pixels(plain), Pixels(interlaced));
  EXPECT_EQ(Pixels(plain), std::vector<int>(rows.begin(), rows.end()));
}

TEST(Decode, WidensFewBits) {
  EXPECT_THAT(Pixels(MakePng({4, 1, 2, PNG_COLOR_TYPE_GRAY}, {0b00011011})),
              ElementsAre(0, 85, 170, 255));
}

TEST(Decode, SkipsTextsThatUnpackToMuchAndGamma) {
  PngKind kind{2, 1, 8, PNG_COLOR_TYPE_GRAY};
  kind.text.assign(64 << 20, 'a');
  kind.gamma = 0.1;
  EXPECT_THAT(Pixels(MakePng(kind, {10, 200})), ElementsAre(10, 200));
}

TEST(Decode, RefusesTooManyPixelsByTheHeader) {
  const std::string file = MakePng({8, 4, 8, PNG_COLOR_TYPE_GRAY}, std::vector<std::uint8_t>(32));
  EXPECT_EQ(Message(file, 32), "");
  EXPECT_THAT(Message(file, 31), HasSubstr("4 x 8 pixels, more than the 31"));
  // Two thousand million pixels each way, which no memory could hold.
  std::string huge = file;
  for (const std::size_t at : {16, 20}) huge.replace(at, 4, std::string("\x7F\xFF\xFF\xFF", 4));
  EXPECT_NE(Message(huge), "");
}

TEST(Decode, SaysWhatIsNoImage) {
  EXPECT_THAT(Message(""), HasSubstr("it is empty"));
  EXPECT_THAT(Message("GIF89a"), HasSubstr("neither a JPEG nor a PNG file: it begins with the "
                                           "bytes 47 49 46 38 39 61"));
}

TEST(Decode, RefusesFilesThatAreCutShort) {
  for (const auto& [name, file] : RecordedFiles()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(Message(file), "");
    // The last bytes end the file, not the picture.
    const std::size_t picture = file.size() - (IsPng(file) ? 16 : 3);
    for (std::size_t size = 0; size < picture; size += 1 + size / 16) {
      EXPECT_NE(Message(std::string_view(file).substr(0, size)), "") << size << " bytes";
    }
  }
}

TEST(Decode, SurvivesEveryChangedByte) {
  for (const auto& [name, file] : RecordedFiles()) {
    std::string changed = file;
    for (std::size_t i = 0; i < file.size(); ++i) {
      for (const int change : {0x01, 0x80, 0xFF}) {
        changed[i] = static_cast<char>(file[i] ^ change);
        const auto picture = Decode(changed, {kLimit, true, nullptr});
        if (picture) {
          EXPECT_LE(picture->extent().pixels(), kLimit);
        }
      }
      changed[i] = file[i];
    }
  }
}

TEST(Orientation, IsUprightWhereTheDataIsBroken) {
  EXPECT_EQ(OrientationOf({}), 1);
  std::vector<std::uint8_t> tiff = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0,
                                    3,   0,   0, 0,  1, 0, 6, 0, 0, 0, 0, 0,    0};
  EXPECT_EQ(OrientationOf(tiff), 6);
  for (std::size_t size = 0; size < 20; ++size) {
    const std::vector<std::uint8_t> cut(tiff.begin(), tiff.begin() + static_cast<int>(size));
    EXPECT_EQ(OrientationOf(cut), 1) << size;
  }
  tiff[19] = 9;
  EXPECT_EQ(OrientationOf(tiff), 1);
  tiff[4] = 0xFF;
  EXPECT_EQ(OrientationOf(tiff), 1);
}

}  // namespace
}  // namespace plinth::image
