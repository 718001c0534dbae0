#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>
#include <cstdio>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"
#include "common/testing.h"

namespace plinth::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBackend = "onnxruntime";

std::string Model(std::string_view name) {
  return SourcePath("tests/fixtures/models/onnx/" + std::string(name));
}

ModelConfig With(std::string key, std::string value) {
  ModelConfig config;
  config.options[std::move(key)] = std::move(value);
  return config;
}

// The recorded cases, but those whose outputs are not tensors in the framework: below.
TEST(OnnxRuntimeTest, AnswersAsRecorded) {
  for (const Case& c : LoadCases("onnx")) {
    if (c.file.find("zipmap") != std::string::npos || c.file.find("sequence") != std::string::npos)
      continue;
    RunCase(kBackend, c);
  }
}

TEST(OnnxRuntimeTest, AnswersTheDigits) {
  const DigitsCase digits = LoadDigits("cnn.onnx");
  const auto model = LoadModel(kBackend, digits.file);
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->signature().inputs[0].batch_axis, 0);
  const auto outputs = Predict(*model, {digits.input});
  ASSERT_TRUE(outputs) << outputs.error().message;
  ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, digits.tolerance);
}

TEST(OnnxRuntimeTest, FlattensMapsToRowsOfRisingKeys) {
  int seen = 0;
  for (const Case& c : LoadCases("onnx")) {
    if (c.file.find("zipmap") == std::string::npos) continue;
    const auto model = LoadModel(kBackend, c.file);
    ASSERT_NE(model, nullptr);
    ASSERT_EQ(model->signature().outputs.size(), 2u);
    EXPECT_EQ(model->signature().outputs[1].dtype, DType::kFp32);
    EXPECT_EQ(model->signature().outputs[1].shape->ToString(), "[-1,-1]");
    const auto outputs = Predict(*model, c.inputs);
    ASSERT_TRUE(outputs) << outputs.error().message;
    ExpectSame(outputs->at(0).tensor, c.outputs[0].tensor);
    ExpectSame(outputs->at(1).tensor, c.outputs[1].tensor);
    ++seen;
  }
  EXPECT_EQ(seen, 2);
}

TEST(OnnxRuntimeTest, StacksASequence) {
  const auto model = LoadModel(kBackend, Model("sequence.onnx"));
  ASSERT_NE(model, nullptr);
  const auto outputs = Predict(*model, {Numbers("x", DType::kFp32, {2, 3}, {1, 2, 3, 4, 5, 6})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(outputs->at(0).name, "parts");
  ExpectSame(outputs->at(0).tensor,
             Numbers("", DType::kFp32, {3, 2, 1}, {1, 4, 2, 5, 3, 6}).tensor);
}

TEST(OnnxRuntimeTest, BatchesOnlyAlongAnAxisThatAllShare) {
  EXPECT_EQ(LoadModel(kBackend, Model("net.onnx"))->signature().inputs[0].batch_axis, 0);
  EXPECT_EQ(LoadModel(kBackend, Model("fixed_batch.onnx"))->signature().inputs[0].batch_axis, -1);
  EXPECT_EQ(LoadModel(kBackend, Model("reduce_all.onnx"))->signature().inputs[0].batch_axis, -1);
}

TEST(OnnxRuntimeTest, PassesStringsOfAnyBytes) {
  const auto cases = LoadCases("onnx");
  const auto all =
      std::ranges::find_if(cases, [](const Case& c) { return c.file.ends_with("all_types.onnx"); });
  ASSERT_NE(all, cases.end());
  const auto model = LoadModel(kBackend, all->file);
  ASSERT_NE(model, nullptr);
  std::vector<NamedTensor> inputs = all->inputs;
  const std::string nul("a\0b", 3);
  for (NamedTensor& input : inputs) {
    if (input.name == "in_BYTES")
      input = Strings("in_BYTES", {2, 2}, {nul, "", std::string(100, 'x'), "\xff"});
  }
  const auto outputs = Predict(*model, inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  const Tensor& strings = outputs->back().tensor;
  EXPECT_EQ(strings.string_at(0), nul);
  EXPECT_EQ(strings.string_at(1), "");
  EXPECT_EQ(strings.string_at(2), std::string(100, 'x'));
  EXPECT_EQ(strings.string_at(3), "\xff");
}

TEST(OnnxRuntimeTest, TakesAndGivesTensorsWithoutElements) {
  const auto model = LoadModel(kBackend, Model("dynamic.onnx"));
  ASSERT_NE(model, nullptr);
  const auto outputs = Predict(*model, {Numbers("x", DType::kFp32, {2, 0, 3}, {})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_EQ(outputs->at(0).tensor.shape().ToString(), "[2,0,3]");
}

TEST(OnnxRuntimeTest, KeepsOutputsThroughLaterCalls) {
  const auto model = LoadModel(kBackend, Model("dynamic.onnx"));
  ASSERT_NE(model, nullptr);
  std::vector<std::vector<NamedTensor>> kept;
  kept.reserve(8);
  for (int i = 0; i < 8; ++i) {
    kept.push_back(
        Predict(*model, {Numbers("x", DType::kFp32, {1, 1, 2}, {i + 1.0, -2.0 * i})}).value());
  }
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(ElementsOf(kept[static_cast<std::size_t>(i)][0].tensor),
                ElementsAre(i + 1.0, 2.0 * i));
  }
}

TEST(OnnxRuntimeTest, GivesOnlyTheWantedOutputs) {
  const auto model = LoadModel(kBackend, Model("add_sub_float.onnx"));
  ASSERT_NE(model, nullptr);
  const std::vector<double> ones(16, 1.0);
  const std::vector<NamedTensor> inputs{Numbers("INPUT0", DType::kFp32, {1, 16}, ones),
                                        Numbers("INPUT1", DType::kFp32, {1, 16}, ones)};
  const std::uint32_t wanted = 1;
  const auto outputs = model->Execute(inputs, {&wanted, 1}, nullptr);
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ(outputs->size(), 1u);
  EXPECT_EQ(outputs->at(0).name, "OUTPUT1");
  EXPECT_EQ(ElementsOf(outputs->at(0).tensor)[0], 0.0);
}

TEST(OnnxRuntimeTest, RefusesBadInputsAndGoesOn) {
  const auto model = LoadModel(kBackend, Model("net.onnx"));
  ASSERT_NE(model, nullptr);
  const auto wrong_shape = Predict(*model, {Numbers("x", DType::kFp32, {1, 5}, {1, 2, 3, 4, 5})});
  ASSERT_FALSE(wrong_shape);
  EXPECT_EQ(wrong_shape.error().code, Code::kInvalidArgument);
  const auto wrong_type = Predict(*model, {Numbers("x", DType::kFp64, {1, 4}, {1, 2, 3, 4})});
  ASSERT_FALSE(wrong_type);
  EXPECT_EQ(wrong_type.error().code, Code::kInvalidArgument);
  EXPECT_FALSE(Predict(*model, {}));
  EXPECT_FALSE(Predict(*model, {Numbers("y", DType::kFp32, {1, 4}, {1, 2, 3, 4})}));
  EXPECT_TRUE(Predict(*model, {Numbers("x", DType::kFp32, {1, 4}, {1, 2, 3, 4})}));
}

TEST(OnnxRuntimeTest, EndsACallThatIsCancelled) {
  const DigitsCase digits = LoadDigits("cnn.onnx");
  const auto model = LoadModel(kBackend, digits.file);
  ASSERT_NE(model, nullptr);
  ExpectStopsAndGoesOn(*model, digits);
}

TEST(OnnxRuntimeTest, TakesCallsFromManyThreads) {
  const DigitsCase digits = LoadDigits("cnn.onnx");
  const auto model = LoadModel(kBackend, digits.file);
  ASSERT_NE(model, nullptr);
  CallFromManyThreads(*model, digits);
}

// A model that seems large computes on the common pool, where calls at once share the helpers.
TEST(OnnxRuntimeTest, AnswersTheSameOnTheCommonPool) {
  const DigitsCase digits = LoadDigits("cnn.onnx");
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("large-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(digits.file, folder / "cnn.onnx");
  std::ofstream(folder / "cnn.onnx.data") << std::string(2 << 20, ' ');
  const auto model = LoadModel(kBackend, folder / "cnn.onnx");
  std::filesystem::remove_all(folder);
  ASSERT_NE(model, nullptr);
  CallFromManyThreads(*model, digits);
}

TEST(OnnxRuntimeTest, AnswersTheSameAtEveryOptimization) {
  const DigitsCase digits = LoadDigits("cnn.onnx");
  for (const std::string level : {"none", "basic", "extended", "all"}) {
    ModelConfig config = With("optimization", level);
    config.threads = 2;
    config.options["memory_arena"] = "false";
    const auto model = LoadModel(kBackend, digits.file, config);
    ASSERT_NE(model, nullptr);
    const auto outputs = Predict(*model, {digits.input});
    ASSERT_TRUE(outputs) << outputs.error().message;
    ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, digits.tolerance);
  }
}

TEST(OnnxRuntimeTest, WritesAProfile) {
  const std::string name = "plinth-profile-" + std::to_string(getpid());
  LoadModel(kBackend, Model("net.onnx"), With("profile", name)).reset();
  bool found = false;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    if (!entry.path().filename().string().starts_with(name)) continue;
    found = true;
    std::filesystem::remove(entry.path());
  }
  EXPECT_TRUE(found);
}

// As large as those that are worth a compiled form: the model with a description of 1.2 MB.
void Enlarge(const std::string& file) {
  constexpr unsigned kSize = 0x120000;
  const char doc_string[] = {'\x32', '\x80', '\x80', '\x48'};
  std::ofstream(file, std::ios::binary | std::ios::app)
      << std::string_view(doc_string, sizeof doc_string) << std::string(kSize, ' ');
}

TEST(OnnxRuntimeTest, AnswersTheSameFromTheCache) {
  int seen = 0;
  for (const Case& c : LoadCases("onnx")) {
    if (c.fails == "load") continue;
    const TempFolder temp;
    std::filesystem::copy(std::filesystem::path(c.file).parent_path(), temp.path());
    const std::string file = temp / std::filesystem::path(c.file).filename();
    Enlarge(file);
    ExpectSameFromCache(kBackend, file, c.inputs);
    ++seen;
  }
  EXPECT_GE(seen, 10);
}

TEST(OnnxRuntimeTest, EveryOptimizationHasItsOwnCompiledForm) {
  const DigitsCase digits = LoadDigits("cnn.onnx");
  const TempFolder temp;
  const std::string file = temp / "model.onnx";
  std::filesystem::copy(digits.file, file);
  Enlarge(file);
  for (const char* level : {"none", "basic", "extended", "all"}) {
    ExpectSameFromCache(kBackend, file, {digits.input}, With("optimization", level));
  }
}

TEST(OnnxRuntimeTest, NamesWhatIsWrongWithAnOption) {
  EXPECT_THAT(LoadError(kBackend, Model("net.onnx"), With("optimisation", "all")).message,
              HasSubstr("optimization"));
  EXPECT_THAT(LoadError(kBackend, Model("net.onnx"), With("optimization", "most")).message,
              HasSubstr("extended"));
  const Error escape = LoadError(kBackend, Model("net.onnx"), With("profile", "../x"));
  EXPECT_EQ(escape.code, Code::kInvalidArgument);
}

TEST(OnnxRuntimeTest, SaysWhyAModelCannotBeLoaded) {
  const Error missing = LoadError(kBackend, Model("absent.onnx"));
  EXPECT_EQ(missing.code, Code::kNotFound);
  const std::string garbage = ::testing::TempDir() + "garbage.onnx";
  std::ofstream(garbage) << "this is not a protobuf";
  const Error broken = LoadError(kBackend, garbage);
  EXPECT_EQ(broken.code, Code::kInvalidModel);
  EXPECT_THAT(broken.message, Not(HasSubstr("onnxruntime_src")));
  std::filesystem::remove(garbage);
}

TEST(OnnxRuntimeTest, RefusesTruncatedModelsWithoutHarm) {
  ExpectTruncatedRefused(kBackend, LoadDigits("cnn.onnx").file,
                         ::testing::TempDir() + "truncated.onnx");
}

}  // namespace
}  // namespace plinth::testing
