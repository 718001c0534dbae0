// Model files of XGBoost and LightGBM that mean harm: each must be refused, or read and run, within
// bounded time and memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "boosting/json.h"
#include "model.h"
#include "pickle/load.h"

namespace plinth::sklearn {
namespace {

using testing::HasSubstr;

const std::string kFixtures = std::string(PLINTH_SOURCE_DIR) + "/tests/fixtures/boosting/";

std::string Fixture(const std::string& name) {
  auto bytes = ReadWholeFile(kFixtures + name);
  EXPECT_TRUE(bytes) << name;
  return bytes ? *bytes : "";
}

// What became of a file: its error, or "" if it could be read; then it has run too.
std::string ErrorOf(std::string bytes) {
  const auto model = Model::Parse(std::move(bytes), {});
  if (!model) return model.error().message;
  const Traits& traits = (*model)->traits();
  if (traits.inputs + traits.outputs + traits.ProbabilityWidth() > 1000) return "";
  std::vector<double> x(traits.inputs, 0.5);
  std::vector<double> values(traits.outputs + traits.ProbabilityWidth());
  std::vector<std::int32_t> labels(traits.LabelWidth());
  Outputs out;
  (traits.outputs > 0 ? out.values : out.probabilities) = values.data();
  if (traits.outputs == 0) out.labels = labels.data();
  EXPECT_TRUE((*model)->Run(Batch(Rows{x.data(), 1, traits.inputs, 0}), out));
  return "";
}

std::string Replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

std::string UbjsonError(std::string_view bytes) {
  ReadLimits limits(std::size_t{1} << 20);
  const auto json = ParseUbjson(bytes, limits);
  return json ? "" : json.error().message;
}

TEST(Ubjson, IsReadByItsTypes) {
  ReadLimits limits(std::size_t{1} << 20);
  const std::string_view bytes(
      "{U\x01"
      "aI\xff\xfeU\x01"
      "b[$d#U\x02\x3f\x80\0\0\xbf\0\0\0U\x01"
      "cSU\x02hiU\x01"
      "d[TFZ]}",
      41);
  const auto json = ParseUbjson(bytes, limits);
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->Find("a")->number, -2);
  EXPECT_THAT(json->Find("b")->numbers, testing::ElementsAre(1.0, -0.5));
  EXPECT_EQ(json->Find("c")->text, "hi");
  EXPECT_EQ(json->Find("d")->items.size(), 3U);
  EXPECT_EQ(json->Find("e"), nullptr);
}

TEST(Ubjson, IsRefusedWhereItLies) {
  using namespace std::string_view_literals;
  EXPECT_THAT(UbjsonError(""), HasSubstr("ends too early"));
  EXPECT_THAT(UbjsonError("[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff"), HasSubstr("ends too early"));
  EXPECT_THAT(UbjsonError("[#L\x7f\xff\xff\xff\xff\xff\xff\xff"), HasSubstr("ends too early"));
  EXPECT_THAT(UbjsonError("[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff"), HasSubstr("not of numbers"));
  EXPECT_THAT(UbjsonError("[$U#i\xff"), HasSubstr("negative length"));
  EXPECT_THAT(UbjsonError("Sd\0\0\0\0"sv), HasSubstr("not a whole number"));
  EXPECT_THAT(UbjsonError("?"), HasSubstr("not known"));
  EXPECT_THAT(UbjsonError("ZZ"), HasSubstr("behind its end"));
  EXPECT_THAT(UbjsonError(std::string(100000, '[')), HasSubstr("nested too deep"));
  EXPECT_THAT(UbjsonError("[" + std::string(100000, 'Z')), HasSubstr("too much memory"));
}

TEST(XgboostHostile, Inconsistent) {
  const std::string model = Fixture("xgboost-3.2.0/binary.model.json");
  EXPECT_EQ(ErrorOf(model), "");
  const auto with = [&](const char* what, const char* by) {
    return ErrorOf(Replaced(model, what, by));
  };
  EXPECT_THAT(with("\"left_children\":[1", "\"left_children\":[0"), HasSubstr("cannot be"));
  EXPECT_THAT(with("\"left_children\":[1", "\"left_children\":[999"), HasSubstr("cannot be"));
  EXPECT_THAT(with("\"left_children\":[1,", "\"left_children\":["), HasSubstr("were expected"));
  EXPECT_THAT(with("\"tree_info\":[0", "\"tree_info\":[7"), HasSubstr("not there"));
  EXPECT_THAT(with("\"num_feature\":\"5\",\"num_target\"", "\"num_feature\":\"1\",\"num_target\""),
              HasSubstr("cannot be"));
  EXPECT_THAT(with("\"num_class\":\"0\"", "\"num_class\":\"9999999\""), HasSubstr("num_class"));
  EXPECT_THAT(with("binary:logistic", "binary:mystery"), HasSubstr("objective"));
  EXPECT_THAT(with("\"name\":\"gbtree\"", "\"name\":\"gbbush\""), HasSubstr("booster"));
  EXPECT_THAT(ErrorOf("{\"learner\":" + std::string(100000, '[')), HasSubstr("cannot be read"));
  EXPECT_THAT(ErrorOf("{\"learner\":1}"), HasSubstr("learner"));
  EXPECT_THAT(ErrorOf("binf\x01\x02"), HasSubstr("old binary format"));
}

TEST(LightgbmHostile, Inconsistent) {
  const std::string model = Fixture("lightgbm-4.7.0/partition.txt");
  EXPECT_EQ(ErrorOf(model), "");
  const auto with = [&](const char* what, const char* by) {
    return ErrorOf(Replaced(model, what, by));
  };
  EXPECT_THAT(with("left_child=1", "left_child=0"), HasSubstr("cannot be"));
  EXPECT_THAT(with("split_feature=", "split_feature=9"), HasSubstr("not there"));
  EXPECT_THAT(with("num_leaves=5", "num_leaves=4"), HasSubstr("were expected"));
  EXPECT_THAT(with("num_leaves=5", "num_leaves=268435456"), HasSubstr("were expected"));
  EXPECT_THAT(with("cat_boundaries=0", "cat_boundaries=5"), HasSubstr("rising"));
  EXPECT_THAT(with("num_tree_per_iteration=1", "num_tree_per_iteration=0"), HasSubstr("is 0"));
  EXPECT_THAT(with("objective=regression", "objective=mystery"), HasSubstr("objective"));
  EXPECT_THAT(with("end of trees", "end of"), HasSubstr("not whole"));
}

// Any damage must end in an error or in a model that runs.
TEST(BoostingHostile, DamagedFiles) {
  std::mt19937 random(7);
  for (const char* name : {"xgboost-3.2.0/binary.ubj", "xgboost-3.2.0/partition.model.json",
                           "lightgbm-4.7.0/partition.txt", "lightgbm-4.7.0/linear_trees.txt"}) {
    SCOPED_TRACE(name);
    const std::string model = Fixture(name);
    for (int round = 0; round < 300; ++round) {
      std::string damaged = model;
      for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
      (void)ErrorOf(damaged);
      (void)ErrorOf(model.substr(0, random() % model.size()));
    }
  }
}

}  // namespace
}  // namespace plinth::sklearn
