// Fitted state that no fit() gives: well-formed pickles of estimators whose parts do not agree.
// Reading must end in an error that says what is wrong, within bounded time and memory; none may
// become an operator that loops or reads out of bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_pickle.h"
#include "test_refusal.h"

namespace plinth::sklearn {
namespace {

using pickled::Doubles;
using pickled::Int;
using pickled::List;
using pickled::Object;
using pickled::Str;
using pickled::Tuple;
using testing::HasSubstr;

std::string Ridge(const std::string& coef, const std::string& intercept) {
  return Object("sklearn.linear_model._ridge", "Ridge",
                {{"coef_", coef}, {"intercept_", intercept}});
}

std::string Scaler(const std::string& mean, std::int64_t features) {
  return Object(
      "sklearn.preprocessing._data", "StandardScaler",
      {{"with_std", pickled::Bool(false)}, {"mean_", mean}, {"n_features_in_", Int(features)}});
}

std::string Regressor(const std::string& tree) {
  return Object("sklearn.tree._classes", "DecisionTreeRegressor",
                {{"n_features_in_", Int(2)}, {"n_outputs_", Int(1)}, {"tree_", tree}});
}

std::string Pipeline(const std::vector<std::string>& steps) {
  std::vector<std::string> named;
  for (const std::string& step : steps) named.push_back(Tuple({Str("step"), step}));
  return Object("sklearn.pipeline", "Pipeline", {{"steps", List(named)}});
}

TEST(HostileStateTest, WhatIsNotAnEstimatorIsNamed) {
  EXPECT_THAT(ErrorOf(List({})),
              HasSubstr("a list of 0; a fitted scikit-learn estimator was expected"));
  EXPECT_THAT(ErrorOf(pickled::Dict({{"model", Int(1)}})), HasSubstr("a dict of 1"));
  EXPECT_THAT(ErrorOf(Object("sklearn.manifold._t_sne", "TSNE", {})),
              HasSubstr("sklearn.manifold.TSNE is not supported yet; supported are"));
}

TEST(HostileStateTest, UnfittedEstimatorsAreNamed) {
  EXPECT_THAT(ErrorOf(Object("sklearn.linear_model", "Ridge", {})),
              HasSubstr("Ridge: there is no 'coef_'; it was saved before fit()"));
  EXPECT_THAT(ErrorOf(Pipeline({Object("sklearn.preprocessing", "StandardScaler", {})})),
              HasSubstr("Pipeline: StandardScaler: there is no 'mean_'"));
}

TEST(HostileStateTest, ShapesMustAgree) {
  EXPECT_EQ(ErrorOf(Ridge(Doubles({2}, {1, 2}), pickled::Float(0))), "");
  EXPECT_THAT(ErrorOf(Ridge(Doubles({0}, {}), pickled::Float(0))), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf(Ridge(Doubles({3, 0}, {}), Doubles({3}, {1, 2, 3}))), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf(Ridge(Doubles({2, 1}, {1, 2}), Doubles({3}, {1, 2, 3}))),
              HasSubstr("'intercept_' has 3 numbers; 2 were expected"));
  EXPECT_THAT(ErrorOf(Ridge(Str("coef"), pickled::Float(0))), HasSubstr("an array was expected"));
  EXPECT_THAT(ErrorOf(Scaler(Doubles({3}, {1, 2, 3}), 4)),
              HasSubstr("takes 4 features but its arrays are for 3"));
  EXPECT_THAT(ErrorOf(Scaler(Doubles({0}, {}), 4)), HasSubstr("arrays are for 0"));
  EXPECT_THAT(ErrorOf(Ridge(Doubles({2}, {1, 2}), pickled::Float(0)), 3), HasSubstr("is given 3"));
}

TEST(HostileStateTest, EmptyArraysOfWideModelsAreRefused) {
  const auto with = [](std::string_view module, std::string_view name,
                       pickled::Attributes attributes) {
    attributes.emplace_back("n_features_in_", Int(1000));
    return Object(module, name, attributes);
  };
  const std::string empty = Doubles({0}, {});
  const std::string flat = Doubles({3, 0}, {});
  EXPECT_NE(ErrorOf(with("sklearn.decomposition", "PCA",
                         {{"components_", flat}, {"mean_", Doubles({0}, {})}})),
            "");
  EXPECT_NE(
      ErrorOf(with("sklearn.preprocessing", "MinMaxScaler", {{"scale_", empty}, {"min_", empty}})),
      "");
  EXPECT_NE(ErrorOf(with("sklearn.preprocessing", "MaxAbsScaler", {{"scale_", empty}})), "");
  EXPECT_NE(ErrorOf(with("sklearn.impute", "SimpleImputer", {{"statistics_", empty}})), "");
  EXPECT_NE(
      ErrorOf(with("sklearn.impute", "MissingIndicator", {{"features_", pickled::Ints({1000})}})),
      "");
  EXPECT_NE(
      ErrorOf(with("sklearn.impute", "MissingIndicator", {{"features_", pickled::Ints({-1})}})),
      "");
}

TEST(HostileStateTest, ClassifiersScoreTheirClasses) {
  const auto classifier = [](const std::string& coef, const std::string& intercept,
                             const std::string& classes) {
    return Object("sklearn.svm", "LinearSVC",
                  {{"coef_", coef}, {"intercept_", intercept}, {"classes_", classes}});
  };
  const std::string one = Doubles({1, 2}, {1, 2});
  EXPECT_EQ(ErrorOf(classifier(one, Doubles({1}, {0}), pickled::Ints({0, 1}))), "");
  EXPECT_NE(ErrorOf(classifier(one, Doubles({1}, {0}), pickled::Ints({0, 1, 2}))), "");
  EXPECT_NE(ErrorOf(classifier(one, Doubles({1}, {0}), pickled::Ints({0}))), "");
  EXPECT_NE(ErrorOf(classifier(one, Doubles({1}, {0}), pickled::Ints({}))), "");
  EXPECT_THAT(ErrorOf(classifier(one, Doubles({1}, {0}), List({pickled::Ints({0, 1})}))),
              HasSubstr("several targets"));
}

TEST(HostileStateTest, TreesAreTrees) {
  using Node = pickled::TreeNode;
  const Node leaf;
  EXPECT_EQ(ErrorOf(Regressor(pickled::Tree({{1, 2, 0, 0.5}, leaf, leaf}, {0, 1, 2}))), "");
  // A node that is its own child, one with two parents, children and features that are not there.
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{0, 1, 0, 0.5}, leaf}, {0, 1}))),
              HasSubstr("node 0"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{1, 2, 0, 0.5}, {0, 2, 0, 0.5}, leaf}, {0, 1, 2}))),
              HasSubstr("node 1"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{1, 1, 0, 0.5}, leaf}, {0, 1}))),
              HasSubstr("node 0"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{1, 3, 0, 0.5}, leaf, leaf}, {0, 1, 2}))),
              HasSubstr("node 0"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{1, -1, 0, 0.5}, leaf, leaf}, {0, 1, 2}))),
              HasSubstr("node 0"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{1, 2, 2, 0.5}, leaf, leaf}, {0, 1, 2}))),
              HasSubstr("node 0"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({{1, 2, -1, 0.5}, leaf, leaf}, {0, 1, 2}))),
              HasSubstr("node 0"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({}, {}))), HasSubstr("0 nodes"));
  EXPECT_THAT(ErrorOf(Regressor(pickled::Tree({leaf}, {0, 1}))), HasSubstr("2 values"));
  EXPECT_THAT(ErrorOf(Regressor(Str("tree"))), HasSubstr("no nodes"));
}

TEST(HostileStateTest, PipelinesEndAndTransformBeforeTheirEnd) {
  const std::string ridge = Ridge(Doubles({1}, {1}), pickled::Float(0));
  EXPECT_THAT(ErrorOf(Pipeline({ridge, ridge})), HasSubstr("not the last step"));
  // A pipeline that holds itself.
  const std::string self =
      pickled::Global("sklearn.pipeline", "Pipeline") + ")\x81" + "r" + pickled::Number(7, 4) +
      pickled::Dict({{"steps", List({Tuple({Str("me"), pickled::Get(7)})})}}) + "b";
  EXPECT_THAT(ErrorOf(self), HasSubstr("nested more than"));
  EXPECT_THAT(ErrorOf(Pipeline({Scaler(Doubles({2}, {0, 0}), 2), ridge})), HasSubstr("is given 2"));
}

TEST(HostileStateTest, SharedPartsDoNotMultiply) {
  // Each level is a pipeline of eight of the level below: 8^30 scalers.
  std::string pickle = pickled::Put(0, Scaler(Doubles({1}, {0}), 1)) + "0";
  for (std::uint32_t level = 1; level <= 30; ++level) {
    pickle +=
        pickled::Put(level, Pipeline(std::vector<std::string>(8, pickled::Get(level - 1)))) + "0";
  }
  EXPECT_THAT(ErrorOf(pickle + pickled::Get(30)), HasSubstr("far more estimators"));
}

TEST(HostileStateTest, OneTreeInManyForestsIsCharged) {
  // One tree of a few thousand nodes, a hundred thousand times in one forest.
  std::vector<pickled::TreeNode> nodes;
  for (std::int64_t i = 0; i < 2000; ++i) nodes.push_back({2 * i + 1, 2 * i + 2, 0, 0.5});
  nodes.resize(4001);
  const std::string tree =
      Object("sklearn.tree", "DecisionTreeRegressor",
             {{"tree_", pickled::Tree(nodes, std::vector<double>(nodes.size()))}});
  std::vector<std::string> many(100'000, pickled::Get(1));
  const std::string forest =
      Object("sklearn.ensemble", "RandomForestRegressor",
             {{"n_features_in_", Int(1)}, {"n_outputs_", Int(1)}, {"estimators_", List(many)}});
  EXPECT_THAT(ErrorOf(pickled::Put(1, tree) + "0" + forest), HasSubstr("too large for its file"));
}

TEST(HostileStateTest, ColumnsMustBeThere) {
  const auto transformer = [](const std::string& columns) {
    return Object("sklearn.compose._column_transformer", "ColumnTransformer",
                  {{"n_features_in_", Int(3)},
                   {"transformers_", List({Tuple({Str("a"), Str("passthrough"), columns})})}});
  };
  const auto slice = [](const std::string& start, const std::string& stop,
                        const std::string& step) {
    return pickled::Call(pickled::Global("builtins", "slice"), {start, stop, step});
  };
  EXPECT_EQ(ErrorOf(transformer(List({Int(-3), Int(2)}))), "");
  EXPECT_NE(ErrorOf(transformer(List({Int(3)}))), "");
  EXPECT_NE(ErrorOf(transformer(List({Int(-4)}))), "");
  EXPECT_NE(ErrorOf(transformer(List({Int(INT64_MIN)}))), "");
  EXPECT_NE(ErrorOf(transformer(List({pickled::Bool(true)}))), "");
  EXPECT_NE(ErrorOf(transformer(Str("name"))), "");
  EXPECT_EQ(ErrorOf(transformer(slice(Int(-100), Int(INT64_MAX), Int(INT64_MAX)))), "");
  EXPECT_NE(ErrorOf(transformer(slice(Int(2), Int(0), Int(-1)))), "");
  EXPECT_NE(ErrorOf(transformer(slice(Int(0), Int(1), Int(0)))), "");
  EXPECT_NE(ErrorOf(transformer(pickled::Call(pickled::Global("builtins", "slice"), {Int(1)}))),
            "");
}

}  // namespace
}  // namespace plinth::sklearn
