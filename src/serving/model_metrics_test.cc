#include "serving/model_metrics.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ModelMetricsTest, SeriesAreThereFromTheStart) {
  ModelMetrics metrics;
  metrics.For("m", "v1");
  const std::string text = metrics.Render({});
  for (const char* name :
       {"model_requests_total", "model_request_duration_seconds_count",
        "model_queue_duration_seconds_count", "model_execution_duration_seconds_count",
        "model_requests_in_flight", "model_queue_length", "model_instances",
        "model_load_duration_seconds"}) {
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{}{{model=\"m\",version=\"v1\"}} 0\n", name)));
  }
  for (const char* name :
       {"model_batch_size_count", "model_cache_hits_total", "model_cache_misses_total",
        "model_cache_joins_total", "model_cache_evictions_total", "model_cache_entries",
        "model_cache_bytes"}) {
    EXPECT_THAT(text, HasSubstr(fmt::format("\n{}{{model=\"m\"}} 0\n", name)));
  }
  EXPECT_THAT(text, Not(HasSubstr("submitted")));
}

TEST(ModelMetricsTest, VersionsCountForThemselvesAndForTheirModel) {
  ModelMetrics metrics;
  const VersionMetrics first = metrics.For("m", "v1");
  const VersionMetrics second = metrics.For("m", "v2");
  first.requests->Add();
  first.cache_hits->Add();
  second.cache_hits->Add();
  second.batch_size->Observe(3.0);
  second.queue_length->Set(7);
  EXPECT_THAT(metrics.Render({}),
              AllOf(HasSubstr("model_requests_total{model=\"m\",version=\"v1\"} 1\n"),
                    HasSubstr("model_requests_total{model=\"m\",version=\"v2\"} 0\n"),
                    HasSubstr("model_cache_hits_total{model=\"m\"} 2\n"),
                    HasSubstr("model_batch_size_sum{model=\"m\"} 3\n"),
                    HasSubstr("model_queue_length{model=\"m\",version=\"v2\"} 7\n")));
}

// A version that replaces one of the same name goes on where that one is: the numbers of what is
// in flight stay right.
TEST(ModelMetricsTest, TheSameNameCountsOn) {
  ModelMetrics metrics;
  const VersionMetrics old = metrics.For("m", "v1");
  old.submitted->Add();
  const VersionMetrics now = metrics.For("m", "v1");
  old.requests->Add();
  EXPECT_EQ(now.submitted->value(), 1u);
  EXPECT_EQ(now.requests->value(), 1u);
}

TEST(ModelMetricsTest, ErrorsAreShownByCode) {
  ModelMetrics metrics;
  const VersionMetrics version = metrics.For("m", "v1");
  version.CountError(Code::kResourceExhausted);
  version.CountError(Code::kResourceExhausted);
  version.CountError(Code::kInternal);
  const std::string text = metrics.Render({});
  EXPECT_THAT(
      text,
      HasSubstr("model_errors_total{model=\"m\",version=\"v1\",code=\"RESOURCE_EXHAUSTED\"} 2\n"
                "model_errors_total{model=\"m\",version=\"v1\",code=\"INTERNAL\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("code=\"NOT_FOUND\"")));
}

TEST(ModelMetricsTest, AStateIsOneOfSix) {
  VersionInfo version;
  version.version = "v1";
  version.state = VersionState::kReady;
  const std::vector<ModelInfo> models = {{"m", {version}}};
  const std::string text = ModelMetrics().Render(models);
  for (const char* state : {"loading", "warming", "ready", "draining", "unloaded", "failed"}) {
    const bool is = std::string_view(state) == "ready";
    EXPECT_THAT(text, HasSubstr(fmt::format(
                          "model_version_state{{model=\"m\",version=\"v1\",state=\"{}\"}} {}\n",
                          state, is ? 1 : 0)));
  }
}

TEST(ModelMetricsTest, WhatIsForgottenLeavesTheText) {
  ModelMetrics metrics;
  for (const char* version : {"v1", "v2"}) {
    metrics.For("m", version).CountError(Code::kInternal);
  }
  metrics.For("other", "v1");
  metrics.Forget("m", "v1");
  EXPECT_THAT(metrics.Render({}), AllOf(Not(HasSubstr("model=\"m\",version=\"v1\"")),
                                        HasSubstr("model=\"m\",version=\"v2\""),
                                        HasSubstr("model_cache_hits_total{model=\"m\"}")));
  metrics.Forget("m");
  EXPECT_THAT(metrics.Render({}),
              AllOf(Not(HasSubstr("model=\"m\"")), HasSubstr("model=\"other\"")));
  EXPECT_EQ(metrics.For("m", "v2").submitted->value(), 0u);
}

// A request may end after its model has been removed.
TEST(ModelMetricsTest, LateCountsBringNothingBack) {
  ModelMetrics metrics;
  const VersionMetrics version = metrics.For("m", "v1");
  metrics.Forget("m");
  version.requests->Add();
  version.CountError(Code::kCancelled);
  EXPECT_THAT(metrics.Render({}), Not(HasSubstr("model=\"m\"")));
}

TEST(ModelMetricsTest, TheProcessIsInTheText) {
  ModelMetrics metrics("1.2.3");
  metrics.cache_bytes.Set(10);
  metrics.cache_limit_bytes.Set(64);
  EXPECT_THAT(metrics.Render({}), AllOf(HasSubstr("\nplinth_build_info{version=\"1.2.3\"} 1\n"),
                                        HasSubstr("\nplinth_cache_bytes 10\n"),
                                        HasSubstr("\nplinth_cache_limit_bytes 64\n"),
                                        HasSubstr("\nprocess_cpu_seconds_total ")));
  EXPECT_THAT(ModelMetrics().Render({}), Not(HasSubstr("plinth_build_info")));
}

}  // namespace
}  // namespace plinth
