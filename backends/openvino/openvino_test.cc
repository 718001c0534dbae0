#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/testing.h"

namespace plinth::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBackend = "openvino";

std::string Fixture(std::string_view name) {
  return SourcePath("tests/fixtures/models/" + std::string(name));
}

ModelConfig With(std::string key, std::string value) {
  ModelConfig config;
  config.options[std::move(key)] = std::move(value);
  return config;
}

void ExpectDigits(std::string_view file, const ModelConfig& config = {}) {
  SCOPED_TRACE(file);
  const DigitsCase digits = LoadDigits(file);
  const auto model = LoadModel(kBackend, digits.file, config);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->signature().inputs[0].batch_axis, 0);
  const auto outputs = Predict(*model, {digits.input});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(outputs->at(0).name, digits.outputs[0].name);
  ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, digits.tolerance);
}

TEST(OpenVinoTest, AnswersAsTensorFlowDid) {
  for (const Case& c : LoadCases("tensorflow")) {
    if (c.file.ends_with("/strings") || c.file.ends_with("/dynamic_rank")) continue;
    RunCase(kBackend, c, c.signature.empty() ? ModelConfig{} : With("signature", c.signature));
  }
}

TEST(OpenVinoTest, AnswersTheSameFromTheCache) {
  for (const char* file : {"keras_savedmodel", "keras_frozen.pb", "keras_model.tflite"}) {
    const DigitsCase digits = LoadDigits(file);
    ExpectSameFromCache(kBackend, digits.file, {digits.input});
    ExpectSameFromCache(kBackend, digits.file, {digits.input}, With("threads", "2"));
  }
  for (const Case& c : LoadCases("tensorflow")) {
    if (c.fails == "load" || c.file.ends_with("/strings") || c.file.ends_with("/dynamic_rank"))
      continue;
    ExpectSameFromCache(kBackend, c.file, c.inputs,
                        c.signature.empty() ? ModelConfig{} : With("signature", c.signature));
  }
  for (const Case& c : LoadCases("onnx")) {
    if (c.file.ends_with("/net.onnx") || c.file.ends_with("external/model.onnx"))
      ExpectSameFromCache(kBackend, c.file, c.inputs);
  }
}

TEST(OpenVinoTest, ReadsNoWeightsFromOutsideTheFolder) {
  const Error error = LoadError(kBackend, Fixture("onnx/external_escape.onnx"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("../onnx.json"));
}

TEST(OpenVinoTest, AnswersTheDigits) {
  ExpectDigits("keras_savedmodel");
  ExpectDigits("keras_frozen.pb");
  ExpectDigits("keras_model.tflite");
  ExpectDigits("cnn.onnx");
}

TEST(OpenVinoTest, TakesTheFileOfASavedModelForItsFolder) {
  const auto model =
      LoadModel(kBackend, SourcePath("examples/digits/keras_savedmodel/saved_model.pb"));
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->signature().outputs[0].name, "output_0");
}

TEST(OpenVinoTest, AnswersTheSameOnAnyNumberOfThreads) {
  for (const int threads : {1, 2, 4}) {
    ModelConfig config;
    config.threads = threads;
    ExpectDigits("keras_savedmodel", config);
  }
}

TEST(OpenVinoTest, ServesTheDefaultSignatureUnlessAskedForAnother) {
  const auto model = LoadModel(kBackend, Fixture("tensorflow/signatures"));
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->signature().inputs[0].name, "x");
  EXPECT_EQ(model->signature().outputs[0].name, "y");
  const Error wrong =
      LoadError(kBackend, Fixture("tensorflow/signatures"), With("signature", "triple"));
  EXPECT_EQ(wrong.code, Code::kInvalidArgument);
  EXPECT_THAT(wrong.message, HasSubstr("'double', 'serving_default'"));
  EXPECT_EQ(LoadError(kBackend, Fixture("tensorflow/frozen.pb"), With("signature", "x")).code,
            Code::kInvalidArgument);
}

TEST(OpenVinoTest, LeavesNoTemporaryCopyBehind) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("copies-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  ASSERT_EQ(setenv("TMPDIR", folder.c_str(), 1), 0);
  const auto model =
      LoadModel(kBackend, Fixture("tensorflow/signatures"), With("signature", "double"));
  unsetenv("TMPDIR");
  EXPECT_NE(model, nullptr);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(std::filesystem::exists(Fixture("tensorflow/signatures/variables/variables.index")));
}

TEST(OpenVinoTest, NamesTheOperationsThatItHasNot) {
  const Error error = LoadError(kBackend, Fixture("tensorflow/strings"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("StringLength, StringUpper"));
  EXPECT_THAT(error.message, HasSubstr("convert the model to ONNX"));
  EXPECT_THAT(error.message, Not(HasSubstr("src/")));
}

TEST(OpenVinoTest, TakesDeclaredShapesWhereTheModelLeavesTheRankOpen) {
  const Error error = LoadError(kBackend, Fixture("tensorflow/dynamic_rank"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("dynamic rank"));
  EXPECT_THAT(error.message, HasSubstr("declare"));

  ModelConfig config;
  config.inputs.push_back({"x", DType::kFp32, Shape{1, 3, 1}});
  for (const Case& c : LoadCases("tensorflow")) {
    if (c.file.ends_with("/dynamic_rank")) RunCase(kBackend, c, config);
  }
  config.inputs[0].name = "z";
  EXPECT_EQ(LoadError(kBackend, Fixture("tensorflow/dynamic_rank"), config).code,
            Code::kInvalidArgument);
}

TEST(OpenVinoTest, AnswersAsOnnxRuntimeDid) {
  for (const Case& c : LoadCases("onnx")) {
    // Maps, sequences and strings, and an index that OpenVINO does not check.
    if (c.file.find("zipmap") != std::string::npos ||
        c.file.find("sequence") != std::string::npos || c.file.ends_with("all_types.onnx") ||
        c.file.find("gather") != std::string::npos) {
      continue;
    }
    RunCase(kBackend, c);
  }
}

TEST(OpenVinoTest, RefusesStrings) {
  const Error error = LoadError(kBackend, Fixture("onnx/all_types.onnx"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("in_BYTES"));
}

TEST(OpenVinoTest, RefusesIntegersThatItWouldCutOff) {
  const auto model = LoadModel(kBackend, Fixture("tensorflow/int_inputs"));
  ASSERT_NE(model, nullptr);
  const auto scale = Numbers("scale", DType::kInt32, {1}, {1});
  EXPECT_TRUE(Predict(
      *model, {Numbers("ids", DType::kInt64, {1, 3}, {1, 2147483647, -2147483648.0}), scale}));
  const auto outputs =
      Predict(*model, {Numbers("ids", DType::kInt64, {1, 3}, {1, 2147483648.0, 3}), scale});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, Code::kInvalidArgument);
  EXPECT_THAT(outputs.error().message, HasSubstr("2147483648 at position 1"));
}

TEST(OpenVinoTest, RunsInOtherPrecisions) {
  const DigitsCase digits = LoadDigits("keras_savedmodel");
  for (const std::string precision : {"bf16", "f16"}) {
    const auto model = LoadModel(kBackend, digits.file, With("precision", precision));
    ASSERT_NE(model, nullptr);
    const auto outputs = Predict(*model, {digits.input});
    ASSERT_TRUE(outputs) << outputs.error().message;
    ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, 0.1);
  }
  EXPECT_THAT(LoadError(kBackend, digits.file, With("precision", "f64")).message,
              HasSubstr("f32, bf16, f16"));
}

TEST(OpenVinoTest, KeepsOutputsThroughLaterCalls) {
  const auto model = LoadModel(kBackend, Fixture("onnx/dynamic.onnx"));
  ASSERT_NE(model, nullptr);
  std::vector<NamedTensor> kept;
  kept.reserve(8);
  for (int i = 0; i < 8; ++i) {
    const auto x = Numbers("x", DType::kFp32, {1, 1, 2}, {i + 1.0, -2.0 * i});
    kept.push_back(Predict(*model, {x}).value()[0]);
  }
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(ElementsOf(kept[static_cast<std::size_t>(i)].tensor),
                ::testing::ElementsAre(i + 1.0, 2.0 * i));
  }
}

TEST(OpenVinoTest, RefusesBadInputsAndGoesOn) {
  const auto model = LoadModel(kBackend, Fixture("tensorflow/multi_output"));
  ASSERT_NE(model, nullptr);
  const auto left = Numbers("left", DType::kFp32, {1, 3}, {1, 2, 3});
  const auto right = Numbers("right", DType::kFp32, {1, 3}, {1, 1, 1});
  for (const NamedTensor& bad : {Numbers("right", DType::kFp32, {1, 4}, {1, 1, 1, 1}),
                                 Numbers("right", DType::kInt32, {1, 3}, {1, 1, 1}),
                                 Numbers("wrong", DType::kFp32, {1, 3}, {1, 1, 1})}) {
    const auto outputs = Predict(*model, {left, bad});
    ASSERT_FALSE(outputs);
    EXPECT_EQ(outputs.error().code, Code::kInvalidArgument);
    EXPECT_THAT(outputs.error().message, HasSubstr("right"));
  }
  EXPECT_TRUE(Predict(*model, {left, right}));
}

TEST(OpenVinoTest, EndsACallThatIsCancelled) {
  const DigitsCase digits = LoadDigits("keras_savedmodel");
  const auto model = LoadModel(kBackend, digits.file);
  ASSERT_NE(model, nullptr);
  ExpectStopsAndGoesOn(*model, digits);
}

TEST(OpenVinoTest, TakesCallsFromManyThreads) {
  const DigitsCase digits = LoadDigits("keras_savedmodel");
  const auto model = LoadModel(kBackend, digits.file);
  ASSERT_NE(model, nullptr);
  ASSERT_TRUE(model->signature().concurrent);
  CallFromManyThreads(*model, digits);
}

TEST(OpenVinoTest, RefusesBrokenFilesWithoutHarm) {
  EXPECT_EQ(LoadError(kBackend, Fixture("absent.tflite")).code, Code::kNotFound);
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / "broken_savedmodel";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(LoadError(kBackend, folder).code, Code::kInvalidModel);
  for (const auto& [source, target] :
       {std::pair<std::string, std::filesystem::path>{"keras_savedmodel/saved_model.pb",
                                                      folder / "saved_model.pb"},
        {"keras_frozen.pb", folder / "frozen.pb"},
        {"keras_model.tflite", folder / "model.tflite"}}) {
    ExpectTruncatedRefused(kBackend, SourcePath("examples/digits/" + source), target);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace plinth::testing
