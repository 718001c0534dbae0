#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

#include "common/testing.h"

namespace plinth::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBackend = "pytorch";

std::string Model(std::string_view name) {
  return SourcePath("tests/fixtures/models/pytorch/" + std::string(name));
}

// Programs that want to be handled with care: make_testdata.py.
std::string TestData(std::string_view name) {
  return SourcePath("backends/pytorch/testdata/" + std::string(name));
}

std::vector<std::string> OutputNames(const LoadedModel& model) {
  std::vector<std::string> names;
  for (const TensorSpec& output : model.signature().outputs) names.push_back(output.name);
  return names;
}

ModelConfig Declaring(std::vector<TensorSpec> inputs, std::vector<TensorSpec> outputs = {}) {
  ModelConfig config;
  config.inputs = std::move(inputs);
  config.outputs = std::move(outputs);
  return config;
}

TEST(PyTorchTest, AnswersAsRecorded) {
  for (Case c : LoadCases("pytorch")) {
    // Recorded by position or path, "1.a"; served as "output_1.a".
    for (NamedTensor& output : c.outputs) {
      if (!output.name.empty() && std::isdigit(static_cast<unsigned char>(output.name[0]))) {
        output.name = "output_" + output.name;
      }
    }
    RunCase(kBackend, c);
  }
}

TEST(PyTorchTest, AnswersTheDigits) {
  const DigitsCase digits = LoadDigits("cnn.pt");
  for (const std::string optimize : {"none", "freeze", "inference"}) {
    for (const int threads : {0, 1, 2}) {
      ModelConfig config;
      config.options["optimize"] = optimize;
      config.threads = threads;
      const auto model = LoadModel(kBackend, digits.file, config);
      ASSERT_NE(model, nullptr);
      ASSERT_TRUE(model->Warm());
      const auto outputs = Predict(*model, {digits.input});
      ASSERT_TRUE(outputs) << outputs.error().message;
      ExpectSame(outputs->at(0).tensor, digits.outputs[0].tensor, digits.tolerance);
    }
  }
}

TEST(PyTorchTest, TellsAnImageModelsSignatureFromItsProgram) {
  const auto model = LoadModel(kBackend, LoadDigits("cnn.pt").file);
  ASSERT_NE(model, nullptr);
  const Signature& signature = model->signature();
  ASSERT_EQ(signature.inputs.size(), 1u);
  EXPECT_EQ(signature.inputs[0].name, "x");
  EXPECT_EQ(signature.inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(signature.inputs[0].shape->ToString(), "[-1,1,-1,-1]");
  EXPECT_EQ(signature.inputs[0].batch_axis, 0);
  EXPECT_THAT(OutputNames(*model), ElementsAre("output"));
  EXPECT_EQ(signature.outputs[0].dtype, DType::kFp32);
  EXPECT_TRUE(signature.concurrent);
  EXPECT_FALSE(signature.stateful);
}

TEST(PyTorchTest, TellsTypesFromTheFirstOperations) {
  EXPECT_EQ(LoadModel(kBackend, Model("int_input.pt"))->signature().inputs[0].dtype, DType::kInt64);
  EXPECT_EQ(LoadModel(kBackend, Model("traced.pt"))->signature().inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(LoadModel(kBackend, Model("scripted.pt"))->signature().inputs[0].dtype, DType::kFp32);
  EXPECT_EQ(LoadModel(kBackend, Model("tuple.pt"))->signature().inputs[0].dtype, DType::kAny);
}

TEST(PyTorchTest, TakesTheDeclaredSignature) {
  const ModelConfig config =
      Declaring({{"features", DType::kFp32, Shape{-1, 4}, 0}}, {{"scores", DType::kAny, {}}});
  const auto model = LoadModel(kBackend, Model("scripted.pt"), config);
  ASSERT_NE(model, nullptr);
  const Signature& signature = model->signature();
  EXPECT_EQ(signature.inputs[0].name, "features");
  EXPECT_EQ(signature.inputs[0].batch_axis, 0);
  EXPECT_EQ(signature.outputs[0].name, "scores");
  EXPECT_EQ(signature.outputs[0].dtype, DType::kFp32);
  EXPECT_EQ(signature.outputs[0].shape->ToString(), "[-1,3]");
  EXPECT_EQ(signature.outputs[0].batch_axis, 0);
  EXPECT_TRUE(Predict(*model, {Numbers("features", DType::kFp32, {1, 4}, {1, 2, 3, 4})}));
}

TEST(PyTorchTest, DeclaredTensorsAreMatchedByNameWhereTheModelKnowsIt) {
  const auto model = LoadModel(
      kBackend, Model("two_inputs.pt"),
      Declaring({{"right", DType::kFp32, Shape{-1, 3}}, {"left", DType::kFp32, Shape{5, 3}}}));
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->signature().inputs[0].name, "left");
  EXPECT_EQ(model->signature().inputs[0].shape->ToString(), "[5,3]");
  const Error error =
      LoadError(kBackend, Model("two_inputs.pt"), Declaring({{"x", DType::kFp32, Shape{-1, 3}}}));
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("'left', 'right'"));
}

TEST(PyTorchTest, JoinsCallsOnlyWhereRowsAreIndependent) {
  // Declared as if rows were a batch, as an open first dimension is by default; trying them says
  // otherwise.
  const auto matmul = LoadModel(kBackend, Model("two_inputs.pt"),
                                Declaring({{"left", DType::kFp32, Shape{-1, 3}, 0},
                                           {"right", DType::kFp32, Shape{-1, 3}, 0}}));
  ASSERT_NE(matmul, nullptr);
  EXPECT_EQ(matmul->signature().inputs[0].batch_axis, -1);
  const auto transposed =
      LoadModel(kBackend, Model("strided.pt"), Declaring({{"x", DType::kFp32, Shape{-1, 3}, 0}}));
  ASSERT_NE(transposed, nullptr);
  EXPECT_EQ(transposed->signature().inputs[0].batch_axis, -1);
  EXPECT_EQ(transposed->signature().outputs[0].batch_axis, -1);
}

TEST(PyTorchTest, ADeclarationCanForbidJoining) {
  const auto model =
      LoadModel(kBackend, Model("scripted.pt"), Declaring({{"x", DType::kFp32, Shape{-1, 4}, -1}}));
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->signature().inputs[0].batch_axis, -1);
  EXPECT_EQ(model->signature().outputs[0].batch_axis, -1);
}

TEST(PyTorchTest, OptionalArgumentsMayBeSentOrLeftOut) {
  const auto model = LoadModel(kBackend, Model("optional_input.pt"));
  ASSERT_NE(model, nullptr);
  ASSERT_EQ(model->signature().inputs.size(), 3u);
  EXPECT_FALSE(model->signature().inputs[0].optional);
  EXPECT_TRUE(model->signature().inputs[1].optional);
  EXPECT_EQ(model->signature().inputs[1].dtype, DType::kFp64);
  EXPECT_TRUE(model->signature().inputs[2].optional);
  const auto x = Numbers("x", DType::kFp32, {2}, {1, 2});
  EXPECT_THAT(ElementsOf(Predict(*model, {x}).value()[0].tensor), ElementsAre(2, 4));
  const auto scale = Numbers("scale", DType::kFp64, {}, {3});
  EXPECT_THAT(ElementsOf(Predict(*model, {x, scale}).value()[0].tensor), ElementsAre(3, 6));
  const auto mask = Numbers("mask", DType::kFp32, {2}, {0, 1});
  EXPECT_THAT(ElementsOf(Predict(*model, {x, mask}).value()[0].tensor), ElementsAre(0, 4));
  const auto wrong = Predict(*model, {x, Numbers("scale", DType::kFp64, {2}, {3, 4})});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  EXPECT_THAT(wrong.error().message, HasSubstr("scale"));
}

TEST(PyTorchTest, GivesOnlyTheWantedOutputs) {
  const auto model = LoadModel(kBackend, Model("nested.pt"));
  ASSERT_NE(model, nullptr);
  EXPECT_THAT(OutputNames(*model),
              ElementsAre("output_0", "output_1.a", "output_1.b", "output_2.0", "output_2.1"));
  const std::vector<NamedTensor> inputs{Numbers("x", DType::kFp32, {1}, {1})};
  const std::vector<std::uint32_t> wanted{1, 3};
  const auto outputs = model->Execute(inputs, wanted, nullptr);
  ASSERT_TRUE(outputs) << outputs.error().message;
  ASSERT_EQ(outputs->size(), 2u);
  EXPECT_THAT(ElementsOf(outputs->at(0).tensor), ElementsAre(2));
  EXPECT_THAT(ElementsOf(outputs->at(1).tensor), ElementsAre(3));
}

// list.pt returns its input as it came.
TEST(PyTorchTest, OutputsOutliveTheInputsThatTheyWereMadeOf) {
  const auto model = LoadModel(kBackend, Model("list.pt"));
  ASSERT_NE(model, nullptr);
  std::vector<NamedTensor> inputs{Numbers("x", DType::kFp32, {3}, {1, 2, 3})};
  const auto outputs = Predict(*model, inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  for (float& value : inputs[0].tensor.mutable_values<float>()) value = -1;
  EXPECT_THAT(ElementsOf(outputs->at(0).tensor), ElementsAre(1, 2, 3));
}

TEST(PyTorchTest, SaysWhatTheModelRaisedAndGoesOn) {
  const auto model = LoadModel(kBackend, Model("raises.pt"));
  ASSERT_NE(model, nullptr);
  const auto raised = Predict(*model, {Numbers("x", DType::kFp32, {1}, {1})});
  ASSERT_FALSE(raised);
  EXPECT_THAT(raised.error().message, HasSubstr("the sum of x must not be positive"));
  EXPECT_THAT(raised.error().message, Not(HasSubstr("Traceback")));
  EXPECT_TRUE(Predict(*model, {Numbers("x", DType::kFp32, {1}, {-1})}));
}

TEST(PyTorchTest, AWrongShapeIsTheRequestsFault) {
  const auto model = LoadModel(kBackend, Model("scripted.pt"));
  ASSERT_NE(model, nullptr);
  const auto outputs = Predict(*model, {Numbers("x", DType::kFp32, {1, 5}, {1, 2, 3, 4, 5})});
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().code, Code::kInvalidArgument);
  EXPECT_THAT(outputs.error().message, HasSubstr("1x5"));
  EXPECT_FALSE(Predict(*model, {Strings("x", {1}, {"text"})}));
  EXPECT_FALSE(Predict(*model, {}));
}

TEST(PyTorchTest, TakesCallsFromManyThreads) {
  const DigitsCase digits = LoadDigits("cnn.pt");
  const auto model = LoadModel(kBackend, digits.file);
  ASSERT_NE(model, nullptr);
  CallFromManyThreads(*model, digits);
}

TEST(PyTorchTest, RefusesProgramsThatReachOutside) {
  const Error error = LoadError(kBackend, TestData("reads_file.pt"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("aten::from_file"));
}

TEST(PyTorchTest, AModelThatKeepsStateIsCalledOneAtATimeAndNeverTried) {
  const auto model =
      LoadModel(kBackend, TestData("counter.pt"), Declaring({{"x", DType::kFp32, Shape{-1}}}));
  ASSERT_NE(model, nullptr);
  EXPECT_TRUE(model->signature().stateful);
  EXPECT_FALSE(model->signature().concurrent);
  ASSERT_TRUE(model->Warm());
  const std::vector<NamedTensor> inputs{Numbers("x", DType::kFp32, {1}, {0})};
  const auto first = Predict(*model, inputs);
  const auto second = Predict(*model, inputs);
  ASSERT_TRUE(first && second);
  EXPECT_THAT(ElementsOf(first->at(0).tensor), ElementsAre(1));
  EXPECT_THAT(ElementsOf(second->at(0).tensor), ElementsAre(2));
}

TEST(PyTorchTest, RandomAnswersAreNotCachedNorJoined) {
  const auto model = LoadModel(kBackend, TestData("random.pt"),
                               Declaring({{"x", DType::kFp32, Shape{-1, 2}, -1}}));
  ASSERT_NE(model, nullptr);
  EXPECT_TRUE(model->signature().stateful);
  EXPECT_TRUE(model->signature().concurrent);
  EXPECT_EQ(model->signature().inputs[0].batch_axis, -1);
}

TEST(PyTorchTest, NeverWritesToARequestsMemory) {
  const auto model = LoadModel(kBackend, TestData("in_place.pt"));
  ASSERT_NE(model, nullptr);
  const std::vector<NamedTensor> inputs{Numbers("x", DType::kFp32, {2}, {1, 2})};
  const auto outputs = Predict(*model, inputs);
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_THAT(ElementsOf(outputs->at(0).tensor), ElementsAre(2, 4));
  EXPECT_THAT(ElementsOf(inputs[0].tensor), ElementsAre(1, 2));
}

TEST(PyTorchTest, TakesNumbersAndStringsBesideTensors) {
  const auto model = LoadModel(kBackend, TestData("takes_numbers.pt"));
  ASSERT_NE(model, nullptr);
  const auto outputs = Predict(
      *model, {Numbers("x", DType::kFp32, {2}, {1, 2}), Numbers("rate", DType::kInt64, {}, {10}),
               Numbers("gain", DType::kFp64, {}, {0.5}), Numbers("loud", DType::kBool, {}, {1}),
               Strings("name", {}, {"abc"}), Numbers("steps", DType::kInt64, {4}, {1, 2, 3, 4})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_THAT(ElementsOf(outputs->at(0).tensor), ElementsAre(-12, -17));
}

TEST(PyTorchTest, SaysWhichArgumentCannotBeSent) {
  const Error error = LoadError(kBackend, TestData("takes_list.pt"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("'xs'"));
}

TEST(PyTorchTest, AsksForADeclarationWhereOnlyRunningTellsTheOutputs) {
  const Error error = LoadError(kBackend, TestData("grows.pt"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("declare"));
  EXPECT_EQ(LoadError(kBackend, TestData("no_tensor.pt")).code, Code::kInvalidModel);

  const auto tried =
      LoadModel(kBackend, TestData("grows.pt"), Declaring({{"x", DType::kFp32, Shape{2}}}));
  ASSERT_NE(tried, nullptr);
  EXPECT_THAT(OutputNames(*tried), ElementsAre("x", "part0", "part1"));

  const auto declared =
      LoadModel(kBackend, TestData("grows.pt"), Declaring({}, {{"part1", DType::kAny, {}}}));
  ASSERT_NE(declared, nullptr);
  EXPECT_THAT(OutputNames(*declared), ElementsAre("part1"));
  const auto outputs = Predict(*declared, {Numbers("x", DType::kFp32, {2}, {5, 6})});
  ASSERT_TRUE(outputs) << outputs.error().message;
  EXPECT_THAT(ElementsOf(outputs->at(0).tensor), ElementsAre(6));
  const auto fewer = Predict(*declared, {Numbers("x", DType::kFp32, {1}, {5})});
  ASSERT_FALSE(fewer);
  EXPECT_THAT(fewer.error().message, HasSubstr("part1"));
}

TEST(PyTorchTest, SaysWhatAFileIsThatIsNoTorchScript) {
  EXPECT_THAT(LoadError(kBackend, Model("state_dict.pt")).message, HasSubstr("state_dict"));
  EXPECT_THAT(LoadError(kBackend, TestData("exported.pt2")).message, HasSubstr("torch.export"));
  EXPECT_EQ(LoadError(kBackend, Model("absent.pt")).code, Code::kNotFound);
  const Error pickle = LoadError(kBackend, SourcePath("examples/digits/pipeline.pkl"));
  EXPECT_EQ(pickle.code, Code::kInvalidModel);
  EXPECT_THAT(pickle.message, HasSubstr("torch.jit.trace"));
}

TEST(PyTorchTest, NamesWhatIsWrongWithAnOption) {
  ModelConfig config;
  config.options["optimize"] = "fast";
  EXPECT_THAT(LoadError(kBackend, Model("tuple.pt"), config).message,
              HasSubstr("none, freeze, inference"));
}

TEST(PyTorchTest, RefusesTruncatedFilesWithoutHarm) {
  ExpectTruncatedRefused(kBackend, LoadDigits("cnn.pt").file,
                         ::testing::TempDir() + "truncated.pt");
}

}  // namespace
}  // namespace plinth::testing
