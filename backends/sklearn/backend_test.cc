// What the backend promises beside right answers: signature, options, errors, threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "test_host.h"

namespace plinth::sklearn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kFolder = std::string(PLINTH_SOURCE_DIR) + "/tests/fixtures/sklearn/1.9.1/";

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(BackendTest, DescribesAClassifier) {
  const TestModel model(kFolder + "LogisticRegression_multinomial.p5.pkl");
  const plinth_signature& signature = model.signature();
  ASSERT_EQ(signature.input_count, 1u);
  EXPECT_STREQ(signature.inputs[0].name, "X");
  EXPECT_EQ(signature.inputs[0].dtype, PLINTH_FP64);
  EXPECT_EQ(signature.inputs[0].shape[0], -1);
  EXPECT_EQ(signature.inputs[0].shape[1], 4);
  EXPECT_EQ(signature.inputs[0].batch_axis, 0);
  ASSERT_EQ(signature.output_count, 2u);
  EXPECT_STREQ(signature.outputs[0].name, "label");
  EXPECT_EQ(signature.outputs[0].dtype, PLINTH_INT64);
  EXPECT_EQ(signature.outputs[0].rank, 1);
  EXPECT_STREQ(signature.outputs[1].name, "probabilities");
  EXPECT_EQ(signature.outputs[1].rank, 2);
  EXPECT_EQ(signature.outputs[1].shape[1], 3);
  EXPECT_EQ(signature.concurrent, 1);
  EXPECT_EQ(signature.stateful, 0);
}

TEST(BackendTest, DescribesOtherRoles) {
  const TestModel without(kFolder + "LinearSVC.pkl");
  EXPECT_EQ(without.signature().output_count, 1u);
  const TestModel strings(kFolder + "LogisticRegression_strings.pkl");
  EXPECT_EQ(strings.signature().outputs[0].dtype, PLINTH_BYTES);
  const TestModel regressor(kFolder + "LinearRegression_two_targets.pkl");
  EXPECT_STREQ(regressor.signature().outputs[0].name, "prediction");
  EXPECT_EQ(regressor.signature().outputs[0].shape[1], 2);
  const TestModel transformer(kFolder + "PCA.pkl");
  EXPECT_STREQ(transformer.signature().outputs[0].name, "transformed");
}

TEST(BackendTest, RefusesMethodsThatAreNotThere) {
  const TestModel svc(kFolder + "LinearSVC.pkl", {{"method", "predict_proba"}});
  EXPECT_EQ(svc.status(), PLINTH_INVALID_ARGUMENT);
  EXPECT_EQ(svc.error(), "LinearSVC has no method predict_proba");
  const TestModel unknown(kFolder + "LinearSVC.pkl", {{"method", "fit"}});
  EXPECT_THAT(unknown.error(), HasSubstr("known are predict predict_proba"));
}

TEST(BackendTest, CallsOutputsAsTheMethods) {
  const auto outputs = [](const char* file, const char* first) {
    const TestModel model(kFolder + file, {{"outputs", first}});
    EXPECT_EQ(model.error(), "");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < model.signature().output_count; ++i) {
      names.emplace_back(model.signature().outputs[i].name);
      EXPECT_EQ(model.signature().outputs[i].rank, 2);
    }
    return names;
  };
  const std::string strings = "LogisticRegression_strings.pkl";
  EXPECT_THAT(outputs(strings.c_str(), "predict"), ElementsAre("predict", "predict_proba"));
  EXPECT_THAT(outputs(strings.c_str(), "predict_proba"), ElementsAre("predict_proba", "predict"));
  EXPECT_THAT(outputs(strings.c_str(), "decision_function"),
              ElementsAre("decision_function", "predict", "predict_proba"));
  EXPECT_THAT(outputs("LinearSVC.pkl", "predict_proba"), ElementsAre("predict"));
  EXPECT_THAT(outputs("LinearRegression_two_targets.pkl", "predict"), ElementsAre("predict"));
  EXPECT_THAT(outputs("PCA.pkl", "predict"), ElementsAre("transform"));
  EXPECT_THAT(TestModel(kFolder + "PCA.pkl", {{"outputs", "fit"}}).error(),
              HasSubstr("method 'fit' is not known"));
  EXPECT_THAT(TestModel(kFolder + "PCA.pkl", {{"outputs", "x"}, {"method", "transform"}}).error(),
              HasSubstr("'method' and 'outputs' exclude each other"));
}

TEST(BackendTest, ChecksOptions) {
  EXPECT_EQ(TestModel(kFolder + "PCA.pkl", {{"threads", "2"}}).error(), "");
  EXPECT_THAT(TestModel(kFolder + "PCA.pkl", {{"threads", "two"}}).error(),
              HasSubstr("a number was expected"));
  const TestModel unknown(kFolder + "PCA.pkl", {{"thread", "2"}});
  EXPECT_EQ(unknown.status(), PLINTH_INVALID_ARGUMENT);
  EXPECT_THAT(unknown.error(), HasSubstr("'thread' is not known"));
}

TEST(BackendTest, ADeclaredWidthMustFit) {
  EXPECT_EQ(TestModel(kFolder + "PCA.pkl", {}, 4).error(), "");
  EXPECT_THAT(TestModel(kFolder + "PCA.pkl", {}, 5).error(), HasSubstr("5"));
}

TEST(BackendTest, MissingAndBrokenFilesAreToldApart) {
  EXPECT_EQ(TestModel(kFolder + "nothing.pkl").status(), PLINTH_NOT_FOUND);
  EXPECT_EQ(TestModel(kFolder + "PCA.json").status(), PLINTH_INVALID_MODEL);
  // A folder with many models.
  EXPECT_EQ(TestModel(kFolder).status(), PLINTH_NOT_FOUND);
}

TEST(BackendTest, AFolderWithOneModelIsThatModel) {
  const fs::path folder = fs::path(testing::TempDir()) / "plinth_sklearn_folder";
  fs::create_directories(folder);
  fs::copy_file(kFolder + "PCA.pkl", folder / "model.pkl", fs::copy_options::overwrite_existing);
  std::ofstream(folder / "README.md") << "not a model";
  EXPECT_EQ(TestModel(folder).error(), "");
  EXPECT_EQ(TestBackend()->probe(folder.c_str()), 1);
  fs::remove_all(folder);
}

TEST(BackendTest, ProbesByNameAndFirstBytes) {
  const auto probe = [](const std::string& path) { return TestBackend()->probe(path.c_str()); };
  EXPECT_EQ(probe(kFolder + "PCA.pkl"), 1);
  EXPECT_EQ(probe(kFolder + "LogisticRegression_multinomial.joblib.gz"), 1);
  EXPECT_EQ(probe(kFolder + "PCA.json"), 0);
  EXPECT_EQ(probe(kFolder), 0);
  EXPECT_EQ(probe(kFolder + "nothing.pkl"), 0);
  const fs::path unnamed = fs::path(testing::TempDir()) / "plinth_sklearn_model.bin";
  fs::copy_file(kFolder + "PCA.pkl", unnamed, fs::copy_options::overwrite_existing);
  EXPECT_EQ(probe(unnamed), 1);
  fs::remove(unnamed);
}

TEST(BackendTest, RefusesNaNAndInfinityAsScikitLearnDoes) {
  TestModel model(kFolder + "LogisticRegression_multinomial.p5.pkl");
  model.Execute({1, 2, 3, 4, 5, 6, kNaN, 8}, {2, 4}, "label");
  EXPECT_EQ(model.status(), PLINTH_INVALID_ARGUMENT);
  EXPECT_THAT(model.error(), HasSubstr("Input X contains NaN (row 1, column 2). LogisticRegression "
                                       "does not accept missing values"));
  model.Execute({1, -kInfinity, 3, 4}, {1, 4}, "label");
  EXPECT_THAT(model.error(), HasSubstr("Input X contains infinity (row 0, column 1)"));
  TestModel scaler(kFolder + "MaxAbsScaler.pkl");
  EXPECT_TRUE(
      std::isnan(scaler.Execute({kNaN, 1, 1, 1, 1, 1}, {1, 6}, "transformed").numbers.at(0)));
  scaler.Execute({kInfinity, 1, 1, 1, 1, 1}, {1, 6}, "transformed");
  EXPECT_EQ(scaler.status(), PLINTH_INVALID_ARGUMENT);
}

TEST(BackendTest, TheRowOfABadValueIsThatOfTheWholeInput) {
  TestModel model(kFolder + "LogisticRegression_multinomial.p5.pkl");
  std::vector<double> x(4 * 1000, 1.0);
  x[4UZ * 777 + 3] = kNaN;
  model.Execute(x, {1000, 4}, "label");
  EXPECT_THAT(model.error(), HasSubstr("(row 777, column 3)"));
}

TEST(BackendTest, TreesRefuseWhatFloat32CannotHold) {
  TestModel model(kFolder + "DecisionTreeClassifier.pkl");
  model.Execute({1, 1e39, 1, 1}, {1, 4}, "label");
  EXPECT_THAT(model.error(), HasSubstr("too large for float32 (row 0, column 1)"));
  TestModel boosting(kFolder + "GradientBoostingClassifier.pkl");
  boosting.Execute({1, kNaN, 1, 1}, {1, 4}, "label");
  EXPECT_THAT(boosting.error(),
              HasSubstr("GradientBoostingClassifier does not accept missing values"));
}

TEST(BackendTest, ChecksTheTensor) {
  TestModel model(kFolder + "LogisticRegression_multinomial.p5.pkl");
  const std::vector<double> x(12, 1.0);
  const auto refused = [&](plinth_tensor tensor) {
    std::vector<plinth_output> outputs;
    EXPECT_EQ(model.Execute(tensor, {0}, outputs), PLINTH_INVALID_ARGUMENT);
    return model.error();
  };
  const std::int64_t shape[] = {3, 4};
  const std::int64_t wide[] = {2, 6};
  const std::int64_t flat[] = {12};
  EXPECT_THAT(
      refused({"X", PLINTH_FP64, 2, wide, x.data(), 96, nullptr}),
      HasSubstr("6 features and 96 bytes; shape [rows, 4] was expected by LogisticRegression"));
  EXPECT_THAT(refused({"X", PLINTH_FP64, 1, flat, x.data(), 96, nullptr}), HasSubstr("rank 1"));
  EXPECT_THAT(refused({"X", PLINTH_FP32, 2, shape, x.data(), 48, nullptr}), HasSubstr("FP64"));
  EXPECT_THAT(refused({"X", PLINTH_FP64, 2, shape, x.data(), 95, nullptr}), HasSubstr("95 bytes"));
  EXPECT_THAT(refused({"Y", PLINTH_FP64, 2, shape, x.data(), 96, nullptr}),
              HasSubstr("'X' is missing"));
}

TEST(BackendTest, NoRowsGiveNoRows) {
  TestModel model(kFolder + "LogisticRegression_strings.pkl");
  const TestOutput label = model.Execute({}, {0, 4}, "label");
  EXPECT_EQ(model.error(), "");
  EXPECT_EQ(label.shape, std::vector<std::int64_t>{0});
  EXPECT_EQ(model.Execute({}, {0, 4}, "probabilities").shape, (std::vector<std::int64_t>{0, 3}));
}

TEST(BackendTest, ManyRowsAreTheSameAsFew) {
  TestModel model(kFolder + "Pipeline_long.p5.pkl");
  const std::vector<double> few = {5.1, 3.5, 1.4, 0.2, 6.2, kNaN, 4.7, 1.5, 7.0, 3.0, kNaN, 2.2};
  std::vector<double> many;
  for (int i = 0; i < 1000; ++i) many.insert(many.end(), few.begin(), few.end());
  const TestOutput expected = model.Execute(few, {3, 4}, "probabilities");
  const TestOutput actual = model.Execute(many, {3000, 4}, "probabilities");
  ASSERT_EQ(actual.numbers.size(), 9000u);
  for (std::size_t i = 0; i < actual.numbers.size(); ++i) {
    ASSERT_EQ(actual.numbers[i], expected.numbers[i % 9]);
  }
}

TEST(BackendTest, BothOutputsComeFromOneCall) {
  TestModel model(kFolder + "LogisticRegression_strings.pkl");
  const std::vector<double> x = {5.1, 3.5, 1.4, 0.2};
  const std::int64_t shape[] = {1, 4};
  std::vector<plinth_output> outputs;
  ASSERT_EQ(model.Execute({"X", PLINTH_FP64, 2, shape, x.data(), 32, nullptr}, {0, 1}, outputs),
            PLINTH_OK);
  EXPECT_STREQ(outputs[0].tensor.name, "label");
  EXPECT_EQ(
      std::string(static_cast<const char*>(outputs[0].tensor.data), outputs[0].tensor.byte_size),
      "setosa");
  EXPECT_STREQ(outputs[1].tensor.name, "probabilities");
  EXPECT_EQ(outputs[1].tensor.byte_size, 24u);
  for (plinth_output& output : outputs) output.release(output.release_context);
}

TEST(BackendTest, ThreadsShareOneModel) {
  TestModel model(kFolder + "RandomForestClassifier.pkl");
  const std::vector<double> x = {5.1, 3.5, 1.4, 0.2, 6.2, 2.9, 4.7, 1.5};
  const TestOutput expected = model.Execute(x, {2, 4}, "probabilities");
  const std::int64_t shape[] = {2, 4};
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      const plinth_tensor tensor = {"X", PLINTH_FP64, 2, shape, x.data(), 64, nullptr};
      for (int i = 0; i < 500; ++i) {
        const std::optional<std::vector<double>> numbers = model.Numbers(tensor, 1);
        wrong[t] += numbers != expected.numbers;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(BackendTest, TheEntryRefusesAnotherAbi) {
  const plinth_host host = {sizeof(plinth_host), PLINTH_ABI_VERSION + 1, nullptr, nullptr};
  const char* error = nullptr;
  EXPECT_EQ(plinth_backend_entry(&host, &error), nullptr);
  EXPECT_NE(error, nullptr);
}

}  // namespace
}  // namespace plinth::sklearn
