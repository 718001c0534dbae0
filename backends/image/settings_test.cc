// What is refused, when a step is loaded and when it is called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <string>
#include <utility>
#include <vector>

#include "common/testing.h"
#include "image/test_files.h"

namespace plinth::testing {
namespace {

using ::testing::HasSubstr;
using Options = std::map<std::string, std::string>;

constexpr const char* kPath = "/nowhere/pipeline.json";

ModelConfig Config(Options options) {
  ModelConfig config;
  config.options = std::move(options);
  return config;
}

std::string Refusal(Options options) {
  const Error error = LoadError("image", kPath, Config(std::move(options)));
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  return error.message;
}

std::string Gray(int width, int height) {
  return image::MakePng({width, height, 8, PNG_COLOR_TYPE_GRAY},
                        std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), 7));
}

Result<std::vector<NamedTensor>> Decode(Options options, const std::vector<std::string>& files) {
  options["operation"] = "decode";
  const auto model = LoadModel("image", kPath, Config(std::move(options)));
  return Predict(*model,
                 {Strings("image", Shape({static_cast<std::int64_t>(files.size())}), files)});
}

TEST(Settings, SayWhatIsWrong) {
  const std::vector<std::pair<Options, std::string>> cases = {
      {{}, "'operation' is ''; it must be one of: decode, resize, normalize"},
      {{{"operation", "blur"}}, "'operation' is 'blur'"},
      {{{"operation", "decode"}, {"sise", "3"}}, "no option 'sise'; it has: operation"},
      {{{"operation", "normalize"}, {"size", "3"}}, "no option 'size'"},
      {{{"operation", "resize"}}, "option 'size' is ''"},
      {{{"operation", "resize"}, {"size", "0x3"}}, "each from 1 to 16384"},
      {{{"operation", "resize"}, {"size", "3x3x3"}}, "height x width"},
      {{{"operation", "resize"}, {"size", "3"}, {"fit", "fill"}}, "stretch, crop, pad"},
      {{{"operation", "resize"}, {"size", "3"}, {"shorter_side", "9"}}, "'fit': 'crop' only"},
      {{{"operation", "resize"}, {"size", "3"}, {"pad_value", "9"}}, "'fit': 'pad' only"},
      {{{"operation", "resize"}, {"size", "9"}, {"fit", "crop"}, {"shorter_side", "8"}},
       "smaller than a side"},
      {{{"operation", "normalize"}, {"std", "[1, 0, 1]"}}, "'std' holds 0"},
      {{{"operation", "normalize"}, {"mean", "[1, x]"}}, "option 'mean' is '[1, x]'"},
      {{{"operation", "normalize"}, {"scale", "1/0"}}, "option 'scale' is '1/0'"},
      {{{"operation", "normalize"}, {"scale", "1, 2"}}, "'scale' must be one number"},
      {{{"operation", "normalize"}, {"mean", "1,2"}, {"std", "1,2,3"}}, "2 and 3 numbers"},
      {{{"operation", "decode"}, {"mean", "1,2"}}, "for 2 channels; 'color' gives 3"},
      {{{"operation", "decode"}, {"mean", "1"}, {"dtype", "uint8"}}, "'dtype' must be 'float32'"},
      {{{"operation", "decode"}, {"fit", "crop"}}, "'fit' has no effect without 'size'"},
      {{{"operation", "decode"}, {"orient", "yes"}}, "option 'orient' is 'yes'"},
      {{{"operation", "decode"}, {"max_pixels", "0"}}, "option 'max_pixels' is '0'"},
  };
  for (const auto& [options, expected] : cases) EXPECT_THAT(Refusal(options), HasSubstr(expected));
}

TEST(Settings, MakeTheSignature) {
  const auto model = LoadModel(
      "image", kPath,
      Config(
          {{"operation", "decode"}, {"size", "224x320"}, {"layout", "chw"}, {"scale", "1/255"}}));
  ASSERT_NE(model, nullptr);
  const TensorSpec& output = model->signature().outputs.at(0);
  EXPECT_EQ(output.name, "pixels");
  EXPECT_EQ(output.dtype, DType::kFp32);
  EXPECT_EQ(output.shape, Shape({-1, 3, 224, 320}));
  EXPECT_EQ(output.batch_axis, 0);
  EXPECT_TRUE(model->signature().concurrent);
  EXPECT_TRUE(model->Warm());
}

TEST(Calls, RefuseImagesThatDiffer) {
  const auto outputs = Decode({}, {Gray(2, 3), Gray(3, 2)});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, Code::kInvalidArgument);
  EXPECT_THAT(outputs.error().message,
              HasSubstr("image 1: it gives 2 x 3 pixels of 3 channels, those before it 3 x 2"));
  EXPECT_TRUE(Decode({{"size", "2"}}, {Gray(2, 3), Gray(3, 2)}));
}

TEST(Calls, SayWhichImageIsWrong) {
  const auto outputs = Decode({{"size", "2"}}, {Gray(2, 3), "no image"});
  ASSERT_FALSE(outputs);
  EXPECT_THAT(outputs.error().message, HasSubstr("image 1: it is neither"));
}

TEST(Calls, RefuseMoreThanOneRequestMayGive) {
  const std::vector<std::string> files(2, Gray(1, 1));
  const auto outputs = Decode({{"size", "16384"}}, files);
  ASSERT_FALSE(outputs);
  EXPECT_THAT(outputs.error().message, HasSubstr("send fewer at a time"));
}

TEST(Calls, ScaleTheThinnestPictures) {
  for (const char* fit : {"stretch", "crop", "pad"}) {
    for (const auto& file : {Gray(1, 30000), Gray(30000, 1)}) {
      const auto outputs = Decode({{"size", "300x500"}, {"fit", fit}}, {file});
      ASSERT_TRUE(outputs) << outputs.error().message;
      EXPECT_EQ(outputs->front().tensor.shape(), Shape({1, 300, 500, 3}));
    }
  }
}

TEST(Calls, WithoutImagesGiveNone) {
  const auto outputs = Decode({{"size", "2x3"}}, {});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(outputs->front().tensor.shape(), Shape({0, 2, 3, 3}));
}

}  // namespace
}  // namespace plinth::testing
