#include "repository/foreign/mlserver.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "repository/foreign/triton_repository.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MlServerTest : public testing::Test {
 protected:
  void Write(const std::string& relative, const std::string& text = "x") {
    base_.Write("repo/" + relative, text);
  }
  FolderModel ModelOf(const std::string& settings) {
    Write("m/model-settings.json", settings);
    auto folder = ScanModelRepository(base_ / "repo");
    EXPECT_TRUE(folder);
    EXPECT_EQ(folder->models.size(), 1U);
    return folder->models.empty() ? FolderModel{} : std::move(folder->models.front());
  }
  std::string ProblemOf(const std::string& settings) {
    const FolderModel model = ModelOf(settings);
    return model.problem ? model.problem->message : "";
  }

  TempFolder base_;
};

TEST_F(MlServerTest, SettingsBecomeOurs) {
  Write("m/pipeline.joblib");
  const FolderModel model = ModelOf(R"({
    "name": "digits",
    "implementation": "mlserver_sklearn.SKLearnModel",
    "max_batch_size": 8,
    "max_batch_time": 0.0015,
    "parallel_workers": 2,
    "inputs": [],
    "parameters": {"uri": "./pipeline.joblib",
                   "version": "v0.1.0", "content_type": "np"}})");
  EXPECT_FALSE(model.problem) << model.problem->message;
  EXPECT_EQ(model.spec.name, "digits");
  EXPECT_EQ(model.spec.version, "v0.1.0");
  EXPECT_EQ(model.spec.framework, "sklearn");
  EXPECT_EQ(model.spec.path, base_ / "repo/m/pipeline.joblib");
  EXPECT_EQ(model.spec.config.batch_size, 8);
  EXPECT_EQ(model.spec.config.batch_timeout_ms, 2);
  const std::string file = base_ / "repo/m/model-settings.json";
  EXPECT_EQ(model.origins.at("batch_size"), file + ":4");
  EXPECT_EQ(model.origins.at("version"), file + ":9");
  EXPECT_THAT(model.spec.warnings,
              ElementsAre(HasSubstr("settings.json:6: 'parallel_workers' has no effect"),
                          HasSubstr("settings.json:9: 'parameters.content_type' has no effect")));
}

TEST_F(MlServerTest, WhatIsNotSaidIsAsUsual) {
  Write("m/model.pkl");
  const FolderModel model = ModelOf(R"({"implementation": "mlserver_sklearn.SKLearnModel"})");
  EXPECT_EQ(model.spec.name, "m");
  EXPECT_EQ(model.spec.version, "v1");
  EXPECT_EQ(model.spec.path, base_ / "repo/m/model.pkl");
}

TEST_F(MlServerTest, OutputsAreCalledAsTheMethods) {
  Write("m/model.pkl");
  const std::string sklearn = R"({"implementation": "mlserver_sklearn.SKLearnModel")";
  EXPECT_EQ(ModelOf(sklearn + "}").spec.config.options.at("outputs"), "predict");
  const FolderModel model = ModelOf(sklearn + R"(,
    "parameters": {"extra": {"predict_fn": "predict_proba", "other": 1}}})");
  EXPECT_FALSE(model.problem) << model.problem->message;
  EXPECT_EQ(model.spec.config.options.at("outputs"), "predict_proba");
  EXPECT_THAT(model.spec.warnings, ElementsAre(HasSubstr("'parameters.extra.other' is unknown")));
  EXPECT_THAT(ProblemOf(sklearn + R"(, "parameters": {"extra": {"predict_fn": 1}}})"),
              HasSubstr("predict_fn"));
}

TEST_F(MlServerTest, BoostedTrees) {
  Write("m/model.bst");
  const FolderModel model = ModelOf(R"({"implementation": "mlserver_xgboost.XGBoostModel"})");
  EXPECT_EQ(model.spec.framework, "xgboost");
  EXPECT_EQ(model.spec.path, base_ / "repo/m/model.bst");
}

TEST_F(MlServerTest, Problems) {
  EXPECT_THAT(ProblemOf("{"), HasSubstr("model-settings.json: "));
  EXPECT_THAT(ProblemOf("{}"), HasSubstr("implementation"));
  EXPECT_THAT(ProblemOf(R"({"implementation": "mlserver_catboost.CatboostModel"})"),
              HasSubstr("is not served; export the model as ONNX"));
  EXPECT_THAT(ProblemOf(R"({"implementation": "mine.Model"})"), HasSubstr("code of its own"));
  EXPECT_THAT(ProblemOf(R"({"parameters": {"uri": "s3://bucket/x"}})"), HasSubstr("fetch"));
  EXPECT_THAT(ProblemOf(R"({"parameters": {"version": "a/b"}})"), HasSubstr("version"));
  EXPECT_THAT(ProblemOf(R"({"max_batch_size": -1})"), HasSubstr("max_batch_size"));
}

TEST_F(MlServerTest, RepositoriesMayBeMixed) {
  Write("triton/1/model.onnx");
  Write("deep/er/a/model-settings.json", R"({"name": "a"})");
  Write("deep/er/b/model-settings.json", R"({"name": "a"})");
  const auto folder = ScanModelRepository(base_ / "repo");
  ASSERT_EQ(folder->models.size(), 2U);
  EXPECT_EQ(folder->models[0].spec.name, "a");
  EXPECT_EQ(folder->models[1].spec.name, "triton");
  EXPECT_THAT(folder->skipped, ElementsAre(HasSubstr("there is a model 'a'")));

  const auto one = ScanModelRepository(base_ / "repo/deep/er/a");
  EXPECT_EQ(one->models.at(0).spec.name, "a") << "the repository is the model's folder itself";
}

}  // namespace
}  // namespace plinth
