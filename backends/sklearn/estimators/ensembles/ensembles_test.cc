// Fitted state of ensembles that no fit() gives: it must end in an error that says what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "test_pickle.h"
#include "test_refusal.h"

namespace plinth::sklearn {
namespace {

using pickled::Doubles;
using pickled::Int;
using pickled::Ints;
using pickled::List;
using pickled::Object;
using pickled::Str;
using pickled::Tuple;
using testing::HasSubstr;

std::string Ensemble(std::string_view name, pickled::Attributes attributes) {
  attributes.emplace_back("n_features_in_", Int(2));
  return Object("sklearn.ensemble", name, attributes);
}

std::string Stump() { return pickled::Tree({{1, 2, 0, 0.5}, {}, {}}, {0, 1, 2}); }

std::string Regressor(std::int64_t features) {
  return Object("sklearn.tree", "DecisionTreeRegressor",
                {{"n_features_in_", Int(features)}, {"tree_", Stump()}});
}

// Says class `classes[0]` of two.
std::string Classifier(const std::vector<std::int64_t>& classes) {
  return Object("sklearn.dummy", "DummyClassifier",
                {{"n_features_in_", Int(2)},
                 {"strategy", Str("prior")},
                 {"_strategy", Str("prior")},
                 {"n_classes_", Int(2)},
                 {"n_outputs_", Int(1)},
                 {"classes_", Ints(classes)},
                 {"class_prior_", Doubles({2}, {0.5, 0.5})}});
}

TEST(EnsemblesTest, ColumnsOfBagsAreThere) {
  const auto bag = [](const std::vector<std::string>& columns) {
    return Ensemble("BaggingRegressor", {{"estimators_", List({Regressor(1)})},
                                         {"estimators_features_", List(columns)}});
  };
  EXPECT_EQ(ErrorOf(bag({Ints({1})})), "");
  EXPECT_THAT(ErrorOf(bag({Ints({2})})), HasSubstr("not there"));
  EXPECT_THAT(ErrorOf(bag({Ints({-1})})), HasSubstr("not there"));
  EXPECT_THAT(ErrorOf(bag({Ints({})})), HasSubstr("no columns"));
  EXPECT_THAT(ErrorOf(bag({})), HasSubstr("do not go together"));
  EXPECT_THAT(ErrorOf(bag({Ints({0, 1})})), HasSubstr("is given 2"));
}

TEST(EnsemblesTest, MembersKnowTheClassesOfTheWhole) {
  const auto vote = [](const std::string& member, const std::vector<std::int64_t>& classes) {
    return Ensemble("VotingClassifier",
                    {{"estimators_", List({member})}, {"classes_", Ints(classes)}});
  };
  EXPECT_EQ(ErrorOf(vote(Classifier({0, 1}), {5, 7})), "");
  EXPECT_THAT(ErrorOf(vote(Classifier({0, 2}), {5, 7})), HasSubstr("a class"));
  EXPECT_THAT(ErrorOf(vote(Classifier({-1, 1}), {5, 7})), HasSubstr("a class"));
  EXPECT_THAT(ErrorOf(vote(Regressor(2), {5, 7})), HasSubstr("not a classifier"));

  const auto boost = [](const std::string& member, const std::string& weights) {
    return Ensemble("AdaBoostClassifier", {{"estimators_", List({member})},
                                           {"classes_", Ints({0, 1})},
                                           {"estimator_weights_", weights}});
  };
  EXPECT_EQ(ErrorOf(boost(Classifier({0, 1}), Doubles({1}, {1}))), "");
  EXPECT_THAT(ErrorOf(boost(Classifier({0, 2}), Doubles({1}, {1}))), HasSubstr("a class"));
  EXPECT_THAT(ErrorOf(boost(Classifier({0, 1}), Doubles({0}, {}))), HasSubstr("too few"));
}

TEST(EnsemblesTest, StacksAskForMethodsThatAreThere) {
  const auto stack = [](const std::vector<std::string>& methods, std::int64_t width) {
    return Ensemble("StackingRegressor", {{"estimators_", List({Regressor(2)})},
                                          {"stack_method_", List(methods)},
                                          {"final_estimator_", Regressor(width)}});
  };
  EXPECT_EQ(ErrorOf(stack({Str("predict")}, 1)), "");
  EXPECT_THAT(ErrorOf(stack({Str("transform")}, 1)), HasSubstr("no method 'transform'"));
  EXPECT_THAT(ErrorOf(stack({pickled::None()}, 1)), HasSubstr("no method ''"));
  EXPECT_THAT(ErrorOf(stack({}, 1)), HasSubstr("does not go with"));
  EXPECT_THAT(ErrorOf(stack({Str("predict")}, 2)), HasSubstr("is given 1"));
}

TEST(EnsemblesTest, LeavesOfAnEmbeddingAreKnownToItsEncoder) {
  const auto embedding = [](const std::vector<std::string>& categories) {
    const std::string encoder =
        Object("sklearn.preprocessing", "OneHotEncoder", {{"categories_", List(categories)}});
    return Ensemble("RandomTreesEmbedding",
                    {{"estimators_", List({Regressor(2)})}, {"one_hot_encoder_", encoder}});
  };
  EXPECT_EQ(ErrorOf(embedding({Ints({1, 2})})), "");
  EXPECT_THAT(ErrorOf(embedding({Ints({1, 3})})), HasSubstr("does not know"));
  EXPECT_THAT(ErrorOf(embedding({})), HasSubstr("fewer trees"));
}

// A node of HistGradientBoosting*, all fields of eight bytes.
struct HistNode {
  double value = 0;
  double threshold = 0;
  std::int64_t feature = 0;
  std::int64_t left = 0;
  std::int64_t right = 0;
  std::int64_t is_leaf = 1;
  std::int64_t missing_left = 0;
  std::int64_t is_categorical = 0;
  std::int64_t set = 0;
};

std::string HistModel(const HistNode& root) {
  const std::array<HistNode, 3> nodes = {root, {}, {}};
  std::string bytes(sizeof(nodes), '\0');
  std::memcpy(bytes.data(), nodes.data(), sizeof(nodes));
  const std::string dtype = pickled::Record({{"value", "f8"},
                                             {"num_threshold", "f8"},
                                             {"feature_idx", "i8"},
                                             {"left", "i8"},
                                             {"right", "i8"},
                                             {"is_leaf", "i8"},
                                             {"missing_go_to_left", "i8"},
                                             {"is_categorical", "i8"},
                                             {"bitset_idx", "i8"}});
  const std::string words(8 * sizeof(std::uint32_t), '\x55');
  const std::string tree =
      Object("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor",
             {{"nodes", pickled::Array(dtype, {3}, bytes)},
              {"raw_left_cat_bitsets", pickled::Array(pickled::DType("u4"), {1, 8}, words)}});
  const std::string mapper =
      Object("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper",
             {{"is_categorical_", Ints({0, 1})},
              {"bin_thresholds_", List({Doubles({1}, {0.5}), Doubles({2}, {0, 3})})}});
  return Ensemble("HistGradientBoostingRegressor", {{"_baseline_prediction", Doubles({1, 1}, {0})},
                                                    {"_bin_mapper", mapper},
                                                    {"_predictors", List({List({tree})})}});
}

TEST(EnsemblesTest, SplitsOfHistGradientBoostingAreThere) {
  HistNode root{.threshold = 0.5, .left = 1, .right = 2, .is_leaf = 0};
  EXPECT_EQ(ErrorOf(HistModel(root)), "");
  root.is_categorical = 1;
  EXPECT_EQ(ErrorOf(HistModel(root)), "");
  for (std::int64_t set : {-1, 1}) {
    root.set = set;
    EXPECT_THAT(ErrorOf(HistModel(root)), HasSubstr("no categories"));
  }
  root.set = 0;
  for (std::int64_t feature : {-1, 2}) {
    root.feature = feature;
    EXPECT_THAT(ErrorOf(HistModel(root)), HasSubstr("no categories"));
  }
  root.is_categorical = 0;
  EXPECT_THAT(ErrorOf(HistModel(root)), HasSubstr("node 0"));
  root.feature = 0;
  root.right = 1;
  EXPECT_THAT(ErrorOf(HistModel(root)), HasSubstr("node 0"));
}

}  // namespace
}  // namespace plinth::sklearn
