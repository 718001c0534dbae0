#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "repository/foreign/tfserving_config.h"
#include "repository/foreign/tfserving_models.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

std::string Refusal(std::string_view text) {
  const auto config = ParseTfServingConfig(text, "models.config");
  return config ? "" : config.error().message;
}

TEST(TfServingConfigTest, Models) {
  const auto config = ParseTfServingConfig(R"(model_config_list {
    config {
      name: "half"
      base_path: "/models/half"
      model_platform: "tensorflow"
      model_version_policy { specific { versions: 42 versions: 43 } }
      version_labels { key: "stable" value: 42 }
      version_labels { key: "canary" value: 43 }
    }
    config: { name: "all" base_path: "/models/all" model_version_policy: { all: {} }
              logging_config { } }
    config { name: "latest" base_path: "/models/latest" }
  })",
                                           "models.config");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->models.size(), 3U);
  const TfServingModel& half = config->models[0];
  EXPECT_EQ(half.name, "half");
  EXPECT_EQ(half.base_path, "/models/half");
  EXPECT_EQ(half.origin, "models.config:2");
  EXPECT_THAT(half.versions.specific, ElementsAre(42, 43));
  EXPECT_THAT(half.labels, ElementsAre(Pair("canary", 43), Pair("stable", 42)));
  EXPECT_EQ(config->models[1].versions.kind, VersionPolicy::Kind::kAll);
  EXPECT_EQ(config->models[2].versions, VersionPolicy{});
  EXPECT_THAT(config->warnings, ElementsAre("models.config:11: 'logging_config' has no effect: "
                                            "requests are not logged"));
}

TEST(TfServingConfigTest, Refusals) {
  EXPECT_EQ(Refusal(""), "");
  EXPECT_THAT(Refusal("model_config_list { config { name: 'm' } }"), HasSubstr("no base_path"));
  EXPECT_THAT(Refusal("model_config_list { config { base_path: '/x' } }"), HasSubstr("no name"));
  EXPECT_THAT(Refusal("model_config_list { config { name: 'm' base_path: 'gs://x/y' } }"),
              HasSubstr("fetch the model"));
  EXPECT_THAT(Refusal("model_config_list { config { name: 'm' base_path: '/x' }\n"
                      "config { name: 'm' base_path: '/y' } }"),
              HasSubstr("'m' is there twice"));
  EXPECT_THAT(Refusal("model_config_lists {}"),
              HasSubstr("models.config:1:1: there is no field 'model_config_lists'; did you mean"));
  EXPECT_THAT(Refusal("custom_model_config {}"), HasSubstr("not served"));
  EXPECT_EQ(ReadTfServingConfig("/no/such/file").error().message,
            "/no/such/file: there is no such file");
}

TEST(TfServingConfigTest, Batching) {
  TempFolder folder;
  const std::string file = folder / "batching.txt";
  folder.Write("batching.txt", R"(
    max_batch_size { value: 128 }
    batch_timeout_micros { value: 1500 }
    max_enqueued_batches { value: 100 }
    num_batch_threads { value: 8 }
    allowed_batch_sizes: 64 allowed_batch_sizes: 128
    pad_variable_length_inputs: true)");
  const auto batching = ReadTfServingBatching(file);
  ASSERT_TRUE(batching) << batching.error().message;
  EXPECT_EQ(batching->config.batch_size, 128);
  EXPECT_EQ(batching->config.batch_timeout_ms, 2);
  EXPECT_EQ(batching->config.max_queue, 12'800);
  EXPECT_EQ(batching->config.instances, (InstanceLimits{8, 8}));
  EXPECT_THAT(batching->config.preferred_batch_sizes, ElementsAre(64, 128));
  EXPECT_EQ(batching->origins.at("batch_size"), file + ":2");
  EXPECT_THAT(batching->warnings, ElementsAre(HasSubstr("pad_variable_length_inputs")));
  folder.Write("batching.txt", "max_batch_size: 128");
  EXPECT_THAT(ReadTfServingBatching(file).error().message, HasSubstr(":1:1: 'max_batch_size'"));
}

TEST(TfServingConfigTest, Monitoring) {
  TempFolder folder;
  const std::string file = folder / "monitoring.txt";
  folder.Write("monitoring.txt", "prometheus_config { enable: true, path: \"/m\" }");
  EXPECT_EQ(ReadTfServingMonitoring(file).value(), "/m");
  folder.Write("monitoring.txt", "prometheus_config { enable: true }");
  EXPECT_EQ(ReadTfServingMonitoring(file).value(), "/monitoring/prometheus/metrics");
  folder.Write("monitoring.txt", "");
  EXPECT_EQ(ReadTfServingMonitoring(file).value(), "");
  folder.Write("monitoring.txt", "prometheus_config { path: \"m\" }");
  EXPECT_FALSE(ReadTfServingMonitoring(file));
}

TEST(TfServingModelsTest, VersionsOfEachBasePath) {
  TempFolder folder;
  for (const char* version : {"1", "0002", "3", "x", "-4"})
    folder.Write(std::string("m/") + version + "/saved_model.pb");
  folder.Write("m/5/.hidden");
  TfServingConfig config{
      .models =
          {{.name = "m", .base_path = folder / "m", .versions = {}, .labels = {}, .origin = {}},
           {.name = "gone",
            .base_path = folder / "gone",
            .versions = {},
            .labels = {},
            .origin = {}}},
      .warnings = {}};
  const auto names = [](const ModelFolder& found) {
    std::vector<std::string> all;
    for (const FolderModel& model : found.models)
      all.push_back(model.spec.name + "/" + model.spec.version);
    return all;
  };
  TfServingModels models(config, DefaultTfServingBatching());
  EXPECT_THAT(names(models.Scan()), ElementsAre("m/3"));
  EXPECT_THAT(models.Scan().skipped, ElementsAre(HasSubstr("no versions found")));
  config.models[0].versions.kind = VersionPolicy::Kind::kAll;
  models.Replace(config);
  EXPECT_THAT(names(models.Scan()), ElementsAre("m/1", "m/2", "m/3"));
  EXPECT_EQ(models.Scan().models[1].spec.path, folder / "m/0002");
  models.Replace({});
  EXPECT_THAT(models.Scan().models, IsEmpty());
}

}  // namespace
}  // namespace plinth
