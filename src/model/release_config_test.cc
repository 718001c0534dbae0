#include "model/release_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

ReleaseChange Read(const std::string& json) {
  auto change = ParseReleaseChange(json);
  if (!change) {
    ADD_FAILURE() << change.error().message;
    return {};
  }
  return *std::move(change);
}

std::string ErrorOf(const std::string& json) {
  const auto change = ParseReleaseChange(json);
  if (change) {
    ADD_FAILURE() << "was accepted: " << json;
    return "";
  }
  EXPECT_EQ(change.error().code, Code::kInvalidArgument);
  return change.error().message;
}

TEST(ReleaseConfigTest, ReadsVersionsInNaturalOrder) {
  const ReleaseChange change = Read(
      R"({"versions": {"v10": {"traffic": 0.1}, "v9": {"traffic": 0.9}, "v11": {"shadow": 0.2}}})");
  EXPECT_EQ(change.versions,
            (std::vector<VersionTraffic>{{"v9", 0.9, 0}, {"v10", 0.1, 0}, {"v11", 0, 0.2}}));
  EXPECT_FALSE(change.sticky || change.labels || change.rollout);
}

TEST(ReleaseConfigTest, EmptyAndNullTakeBack) {
  EXPECT_EQ(Read(R"({"versions": {}})").versions, std::vector<VersionTraffic>());
  EXPECT_EQ(Read(R"({"versions": null})").versions, std::vector<VersionTraffic>());
  EXPECT_EQ(Read(R"({"sticky": null})").sticky, StickyKey());
  EXPECT_TRUE(Read(R"({"labels": null})").labels->empty());
  EXPECT_TRUE(Read(R"({"labels": {}})").labels->empty());
}

TEST(ReleaseConfigTest, TheTrafficSumsToOne) {
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"traffic": 0.9}, "v2": {"traffic": 0.2}}})"),
            "the traffic of the versions sums to 1.1, expected 1");
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"traffic": 0.5}, "v2": {"traffic": 0.499998}}})"),
            "the traffic of the versions sums to 0.999998, expected 1");
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"traffic": 0}}})"),
            "the traffic of the versions sums to 0, expected 1");
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {}}})"),
            "the traffic of the versions sums to 0, expected 1");
  const std::string third = "{\"traffic\": 0.3333333}";
  Read(R"({"versions": {"a": )" + third + R"(, "b": )" + third + R"(, "c": )" + third + "}}");
}

TEST(ReleaseConfigTest, ShadowsNeedNoTraffic) {
  Read(R"({"versions": {"v3": {"shadow": 1}}})");
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"traffic": 1, "shadow": 0.5}}})"),
            "version 'v1' has both traffic and shadow; one that answers requests needs no copies "
            "of them");
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"shadow": 0.6}, "v2": {"shadow": 0.6}}})"),
            "the shadow shares of the versions sum to 1.2, expected at most 1: of a request one "
            "copy is made");
}

TEST(ReleaseConfigTest, RefusalsNameKeyValueAndExpectation) {
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"traffic": -0.1}}})"),
            "version 'v1' key 'traffic' is -0.1, expected a number from 0 to 1");
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": {"traffic": "1"}}})"),
            "version 'v1' key 'traffic' is \"1\", expected a number from 0 to 1");
  EXPECT_THAT(ErrorOf(R"({"versions": {"v1": {"traffic": NaN}}})"), HasSubstr("not valid JSON"));
  EXPECT_THAT(ErrorOf(R"({"versions": {"v1": {"traffic": 1e999}}})"), HasSubstr("JSON"));
  EXPECT_EQ(ErrorOf(R"({"versions": {"v1": 0.9}})"),
            "versions key 'v1' is 0.9, expected an object such as {\"traffic\": 0.9}");
  EXPECT_THAT(ErrorOf(R"({"versions": {"v1": {"trafic": 1}}})"),
              HasSubstr("version 'v1' key 'trafic' is unknown; did you mean 'traffic'?"));
  EXPECT_THAT(ErrorOf(R"({"versions": {"a/b": {"traffic": 1}}})"), HasSubstr("version 'a/b'"));
  EXPECT_THAT(ErrorOf(R"({"versions": {"v1": {"traffic": 1}, "v1": {"traffic": 1}}})"),
              HasSubstr("given twice"));
  EXPECT_THAT(ErrorOf(R"({"versions": [1]})"), HasSubstr("expected an object"));
  EXPECT_THAT(ErrorOf(R"({"version": {}})"), HasSubstr("did you mean 'versions'?"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("the body changes nothing"));
  std::string many = R"({"versions": {"v": {"traffic": 1})";
  for (int i = 0; i < 100; ++i) many += ", \"v" + std::to_string(i) + "\": {}";
  EXPECT_THAT(ErrorOf(many + "}}"), HasSubstr("expected at most 100 versions"));
}

TEST(ReleaseConfigTest, ReadsWhatIsSticky) {
  EXPECT_EQ(Read(R"({"sticky": "header:X-User-Id"})").sticky,
            (StickyKey{StickyKey::Source::kHeader, "X-User-Id"}));
  EXPECT_EQ(Read(R"({"sticky": "field:user"})").sticky,
            (StickyKey{StickyKey::Source::kField, "user"}));
  for (const char* wrong : {R"("cookie:id")", R"("header:")", R"("header")", R"("")", "7",
                            R"("header:a b")", R"("field:a\u0000b")", R"(":x")"}) {
    EXPECT_THAT(ErrorOf(std::string("{\"sticky\": ") + wrong + "}"),
                HasSubstr("expected \"header:NAME\", \"field:NAME\""))
        << wrong;
  }
  EXPECT_THAT(ErrorOf(R"({"sticky": "field:inputs"})"), HasSubstr("do not have already"));
}

TEST(ReleaseConfigTest, ReadsLabels) {
  EXPECT_THAT(*Read(R"({"labels": {"stable": "v1", "canary": "v2"}})").labels,
              ElementsAre(Pair("canary", "v2"), Pair("stable", "v1")));
  EXPECT_THAT(ErrorOf(R"({"labels": {"a b": "v1"}})"), HasSubstr("label 'a b' is not allowed"));
  EXPECT_THAT(ErrorOf(R"({"labels": {"stable": "../v1"}})"), HasSubstr("'../v1' is not allowed"));
  EXPECT_THAT(ErrorOf(R"({"labels": {"stable": 1}})"),
              HasSubstr("labels key 'stable' is 1, expected a string"));
}

TEST(ReleaseConfigTest, ReadsRollouts) {
  const RolloutPlan plan = *Read(
                                R"({"rollout": {"to": "v2", "steps": [0.01, 0.5, 1], "every_s": 0.5,
                      "abort_if": {"error_rate": 0.01, "p99_ms": 50}}})")
                                .rollout;
  EXPECT_EQ(plan,
            (RolloutPlan{.to = "v2",
                         .steps = {0.01, 0.5, 1},
                         .every_s = 0.5,
                         .abort_if = {.error_rate = 0.01, .p99_ms = 50, .disagreement = {}}}));
  EXPECT_EQ(Read(R"({"rollout": {"to": "v2", "steps": [1]}})").rollout->every_s, 60);
  for (const char* steps : {"[]", "[0]", "[0.5, 0.5]", "[0.5, 0.1]", "[1.5]", "0.5", "[\"1\"]"}) {
    EXPECT_THAT(ErrorOf(std::string(R"({"rollout": {"to": "v2", "steps": )") + steps + "}}"),
                HasSubstr("expected an array of 1 to 100 rising numbers above 0 and at most 1"))
        << steps;
  }
  EXPECT_THAT(ErrorOf(R"({"rollout": {"steps": [1]}})"), HasSubstr("no \"to\""));
  EXPECT_THAT(ErrorOf(R"({"rollout": {"to": "v2"}})"), HasSubstr("no \"steps\""));
  EXPECT_THAT(ErrorOf(R"({"rollout": {"to": "v2", "steps": [1], "every_s": 0.01}})"),
              HasSubstr("rollout key 'every_s' is 0.01, expected a number from 0.05 to 86400"));
  EXPECT_THAT(ErrorOf(R"({"rollout": {"to": "v2", "abort_if": {"p99ms": 1}}})"),
              HasSubstr("abort_if key 'p99ms' is unknown; did you mean 'p99_ms'?"));
  EXPECT_THAT(ErrorOf(R"({"rollout": {"to": "v2", "abort_if": {"error_rate": 2}}})"),
              HasSubstr("expected a number from 0 to 1"));
}

TEST(ReleaseConfigTest, ARolloutReadsBackEqual) {
  TrafficPolicy policy;
  policy.versions = {{"v1", 0.99}, {"v2", 0.01, 0.1}};
  Rollout rollout{.plan = {.to = "v2", .steps = {0.01, 1.0 / 3, 1}, .every_s = 0.1, .abort_if = {}},
                  .before = {{"v1", 1}, {"v2", 0}},
                  .reason = {}};
  policy.rollout = rollout;
  EXPECT_EQ(ParseRelease(EncodeRelease(policy)), policy);
  rollout.plan.abort_if = {.error_rate = 0, .p99_ms = 50, .disagreement = 0.2};
  rollout.state = Rollout::State::kRolledBack;
  rollout.step = 2;
  rollout.reason = std::string("it said \0 and \n", 16);
  policy.rollout = rollout;
  EXPECT_EQ(ParseRelease(EncodeRelease(policy)), policy);
}

TEST(ReleaseConfigTest, ARolloutThatCannotBeIsRefused) {
  const auto parse = [](const char* rollout) {
    return ParseRelease(std::string(R"({"rollout": )") + rollout + "}");
  };
  EXPECT_TRUE(parse(R"({"plan": {"to": "v2", "steps": [1]}, "before": {"v1": {}}, "step": 0})"));
  EXPECT_FALSE(parse(R"({"plan": {"to": "v2", "steps": [1]}, "before": {"v1": {}}, "step": 1})"));
  EXPECT_FALSE(parse(R"({"plan": {"to": "v2", "steps": [1]}, "before": {}, "step": 0})"));
  EXPECT_FALSE(
      parse(R"({"plan": {"to": "v2", "steps": [1]}, "before": {"v1": {}}, "state": "x"})"));
  EXPECT_FALSE(parse("null"));
}

TEST(ReleaseConfigTest, APolicyReadsBackEqual) {
  EXPECT_EQ(ParseRelease(EncodeRelease({})), TrafficPolicy());
  TrafficPolicy policy =
      ApplyChange({}, Read(R"({"versions": {"v1": {"traffic": 0.1}, "v2": {"traffic": 0.9},
                                            "v3": {"shadow": 0.3}},
                               "sticky": "header:X-User", "labels": {"stable": "v1"}})"));
  policy = ApplyChange(policy, Read(R"({"versions": {"v1": {"traffic": 0.3333333},
                                                     "v2": {"traffic": 0.6666667}}})"));
  EXPECT_EQ(ParseRelease(EncodeRelease(policy)), policy);
  policy.versions[0].shadow = 0.1;  // as a rollout does
  EXPECT_EQ(ParseRelease(EncodeRelease(policy)), policy);
  EXPECT_FALSE(ParseRelease(R"({"ranges": [[0.5, "v1"], [0.4, "v2"]]})"));
  EXPECT_FALSE(ParseRelease(R"({"ranges": [[0.5]]})"));
  EXPECT_FALSE(ParseRelease("[]"));
}

TEST(ReleaseConfigTest, IsShownAsItIsGiven) {
  const TrafficPolicy policy = ApplyChange(
      {}, Read(
              R"({"versions": {"v1": {"traffic": 1}, "v2": {"traffic": 0}, "v3": {"shadow": 0.2}},
          "labels": {"stable": "v1"}})"));
  JsonWriter json;
  json.BeginObject();
  WriteTraffic(json, policy);
  json.EndObject();
  EXPECT_EQ(json.text(),
            R"({"versions":{"v1":{"traffic":1},"v2":{"traffic":0},"v3":{"shadow":0.2}},)"
            R"("sticky":null,"labels":{"stable":"v1"}})");
}

}  // namespace
}  // namespace plinth
