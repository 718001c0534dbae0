#include "serving/version_figures.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

ModelInfo Model(std::vector<std::string> ready, TrafficPolicy policy) {
  ModelInfo model{.name = "m", .versions = {}};
  for (std::string& version : ready) {
    model.versions.emplace_back();
    model.versions.back().version = std::move(version);
    model.versions.back().state = VersionState::kReady;
  }
  model.traffic = std::make_shared<const TrafficPolicy>(std::move(policy));
  return model;
}

TrafficPolicy Weights(std::vector<VersionTraffic> weights) {
  TrafficPolicy policy;
  policy.versions = std::move(weights);
  return policy;
}

TEST(VersionFiguresTest, QuantilesAreOfTheRequestsDurations) {
  ModelMetrics metrics;
  const VersionMetrics series = metrics.For("m", "v1");
  EXPECT_EQ(FiguresOf(metrics.CountsOf("m", "v1")).p99_ms, std::nullopt);
  for (int i = 1; i <= 100; ++i) {
    series.requests->Add();
    series.duration->Observe(milliseconds(i));
  }
  series.CountError(Code::kCancelled);
  series.CountError(Code::kInternal);
  const VersionFigures figures = FiguresOf(metrics.CountsOf("m", "v1"));
  EXPECT_EQ(figures.requests, 100u);
  EXPECT_EQ(figures.errors, 2u);
  EXPECT_NEAR(*figures.p50_ms, 50, 5);
  EXPECT_NEAR(*figures.p95_ms, 95, 5);
  EXPECT_NEAR(*figures.p99_ms, 99, 5);
  EXPECT_EQ(metrics.CountsOf("m", "v1").cancelled, 1u);
  EXPECT_EQ(metrics.CountsOf("m", "v2").requests, 0u) << "and none is made by looking";
  EXPECT_EQ(metrics.Render({}).find("version=\"v2\""), std::string::npos);
}

TEST(VersionFiguresTest, AskedIsTheWeightOrAllForTheNewest) {
  EXPECT_THAT(AskedShares(Model({"v1", "v2", "v3"}, Weights({{"v1", 0.9}, {"v3", 0.1}}))),
              ElementsAre(0.9, 0, 0.1));
  EXPECT_THAT(AskedShares(Model({"v1", "v2"}, {})), ElementsAre(0, 1));
  EXPECT_THAT(AskedShares(Model({"v1", "v2"}, Weights({{"v2", 0, 0.5}}))), ElementsAre(1, 0));
  ModelInfo resting = Model({"v1", "v2"}, {});
  resting.versions[1].state = VersionState::kUnloaded;
  EXPECT_THAT(AskedShares(resting), ElementsAre(0, 1)) << "it is loaded when it is asked for";
  ModelInfo loading = Model({"v1"}, {});
  loading.versions[0].state = VersionState::kLoading;
  EXPECT_THAT(AskedShares(loading), ElementsAre(0));
  loading.traffic = nullptr;
  EXPECT_THAT(AskedShares(loading), ElementsAre(0));
}

TEST(VersionFiguresTest, SeenIsCountedFromTheLastChangeOfWeights) {
  TrafficSeen seen;
  EXPECT_THAT(seen.Shares("m", {{"v1", 0}}), IsEmpty());
  EXPECT_THAT(seen.Shares("m", {{"v1", 3}, {"v2", 1}}),
              ElementsAre(Pair("v1", 0.75), Pair("v2", 0.25)));
  seen.Follow("m", Weights({{"v1", 1}}), {{"v1", 3}, {"v2", 1}});
  EXPECT_THAT(seen.Shares("m", {{"v1", 3}, {"v2", 1}}), IsEmpty());
  EXPECT_THAT(seen.Shares("m", {{"v1", 4}, {"v2", 1}}), ElementsAre(Pair("v1", 1), Pair("v2", 0)));
  // The same weights again are no change.
  seen.Follow("m", Weights({{"v1", 1}}), {{"v1", 4}, {"v2", 1}});
  EXPECT_THAT(seen.Shares("m", {{"v1", 4}, {"v2", 1}}), ElementsAre(Pair("v1", 1), Pair("v2", 0)));
  // v1 was deployed anew, and v3 is new.
  EXPECT_THAT(seen.Shares("m", {{"v1", 1}, {"v2", 1}, {"v3", 1}}),
              ElementsAre(Pair("v1", 0.5), Pair("v2", 0), Pair("v3", 0.5)));
  seen.Forget("m");
  EXPECT_THAT(seen.Shares("m", {{"v1", 4}}), ElementsAre(Pair("v1", 1)));
}

}  // namespace
}  // namespace plinth
