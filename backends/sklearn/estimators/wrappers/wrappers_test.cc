// Wrappers whose parts do not agree: refused, with what is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_pickle.h"
#include "test_refusal.h"

namespace plinth::sklearn {
namespace {

using pickled::Attributes;
using pickled::Doubles;
using pickled::Float;
using pickled::Global;
using pickled::Int;
using pickled::Ints;
using pickled::List;
using pickled::None;
using pickled::Object;
using pickled::Str;
using pickled::Tuple;
using testing::HasSubstr;

std::string Ridge() {
  return Object("sklearn.linear_model._ridge", "Ridge",
                {{"coef_", Doubles({1}, {2})}, {"intercept_", Float(0)}});
}

std::string Classifier(const std::vector<std::int64_t>& classes = {0, 1}) {
  return Object("sklearn.linear_model", "LogisticRegression",
                {{"coef_", Doubles({1, 1}, {1})},
                 {"intercept_", Doubles({1}, {0})},
                 {"classes_", Ints(classes)}});
}

std::string Binarizer(const std::vector<std::int64_t>& classes) {
  return Object("sklearn.preprocessing._label", "LabelBinarizer",
                {{"y_type_", Str("multiclass")}, {"classes_", Ints(classes)}});
}

TEST(WrappersTest, OneEstimatorForEachClass) {
  const auto rest = [](const std::vector<std::int64_t>& classes,
                       const std::vector<std::string>& members) {
    return Object("sklearn.multiclass", "OneVsRestClassifier",
                  {{"label_binarizer_", Binarizer(classes)}, {"estimators_", List(members)}});
  };
  EXPECT_EQ(ErrorOf(rest({0, 1, 2}, {Classifier(), Classifier(), Ridge()})), "");
  EXPECT_EQ(ErrorOf(rest({0, 1}, {Classifier()})), "");
  EXPECT_THAT(ErrorOf(rest({0, 1, 2}, {Classifier()})), HasSubstr("one for each class"));
  EXPECT_THAT(ErrorOf(rest({0}, {Classifier()})), HasSubstr("one for each class"));
  EXPECT_NE(ErrorOf(rest({0, 1, 2}, {})), "");
}

TEST(WrappersTest, OneEstimatorForEachPair) {
  const auto one = [](const std::vector<std::string>& members) {
    return Object("sklearn.multiclass", "OneVsOneClassifier",
                  {{"classes_", Ints({5, 6, 7})}, {"estimators_", List(members)}});
  };
  EXPECT_EQ(ErrorOf(one({Classifier(), Classifier(), Classifier()})), "");
  EXPECT_THAT(ErrorOf(one({Classifier()})), HasSubstr("one for each pair"));
  EXPECT_NE(ErrorOf(one({Classifier(), Classifier(), Classifier({5, 6})})), "");
}

TEST(WrappersTest, ChainsHaveAnOrder) {
  const auto chain = [](const std::vector<std::int64_t>& order) {
    const std::string second = Object("sklearn.linear_model._ridge", "Ridge",
                                      {{"coef_", Doubles({2}, {1, 1})}, {"intercept_", Float(0)}});
    return Object("sklearn.multioutput", "RegressorChain",
                  {{"estimators_", List({Ridge(), second})}, {"order_", Ints(order)}});
  };
  EXPECT_EQ(ErrorOf(chain({1, 0})), "");
  EXPECT_THAT(ErrorOf(chain({1, 1})), HasSubstr("not an order"));
  EXPECT_THAT(ErrorOf(chain({0, 2})), HasSubstr("not an order"));
  EXPECT_THAT(ErrorOf(chain({0, -1})), HasSubstr("not an order"));
  EXPECT_THAT(ErrorOf(chain({0})), HasSubstr("do not go together"));
}

TEST(WrappersTest, CalibratorsAreOnesThatAreKnown) {
  const auto calibrated = [](const std::vector<std::string>& calibrators) {
    const std::string member =
        Object("sklearn.calibration", "_CalibratedClassifier",
               {{"estimator", Classifier()}, {"calibrators", List(calibrators)}});
    return Object("sklearn.calibration", "CalibratedClassifierCV",
                  {{"classes_", Ints({0, 1})}, {"calibrated_classifiers_", List({member})}});
  };
  const std::string sigmoid =
      Object("sklearn.calibration", "_SigmoidCalibration", {{"a_", Float(-1)}, {"b_", Float(0)}});
  EXPECT_EQ(ErrorOf(calibrated({sigmoid})), "");
  EXPECT_NE(ErrorOf(calibrated({})), "");
  EXPECT_NE(ErrorOf(calibrated({sigmoid, sigmoid})), "");
  EXPECT_THAT(ErrorOf(calibrated({Ridge()})), HasSubstr("no calibrator that is known"));
  const auto isotonic = [](std::string_view outside) {
    return Object("sklearn.isotonic", "IsotonicRegression",
                  {{"X_thresholds_", Doubles({2}, {0, 1})},
                   {"y_thresholds_", Doubles({2}, {0, 1})},
                   {"X_min_", Float(0)},
                   {"X_max_", Float(1)},
                   {"out_of_bounds", Str(outside)}});
  };
  EXPECT_EQ(ErrorOf(calibrated({isotonic("clip")})), "");
  EXPECT_THAT(ErrorOf(calibrated({isotonic("raise")})), HasSubstr("is not 'clip'"));
}

std::string Target(const std::string& transformer) {
  return Object("sklearn.compose._target", "TransformedTargetRegressor",
                {{"regressor_", Ridge()}, {"transformer_", transformer}});
}

TEST(WrappersTest, TargetsAreTransformedBackByWhatIsKnown) {
  const auto function = [](const std::string& inverse) {
    return Object("sklearn.preprocessing", "FunctionTransformer", {{"inverse_func", inverse}});
  };
  EXPECT_EQ(ErrorOf(Target(function(None()))), "");
  EXPECT_EQ(ErrorOf(Target(function(Global("numpy", "expm1")))), "");
  EXPECT_THAT(ErrorOf(Target(function(Global("sklearn.utils", "check_array")))),
              HasSubstr("not a function of NumPy or SciPy that is known"));
  EXPECT_THAT(ErrorOf(Target(Ridge())), HasSubstr("its inverse is not supported"));
  EXPECT_THAT(
      ErrorOf(Target(Object("sklearn.preprocessing", "StandardScaler",
                            {{"scale_", Doubles({2}, {1, 1})}, {"mean_", Doubles({2}, {1, 1})}}))),
      HasSubstr("1 were expected"));
}

TEST(WrappersTest, PipelinesOfInversesHaveAnEnd) {
  const std::string self =
      Global("sklearn.pipeline", "Pipeline") + ")\x81" + "r" + pickled::Number(7, 4) +
      pickled::Dict({{"steps", List({Tuple({Str("me"), pickled::Get(7)})})}}) + "b";
  EXPECT_THAT(ErrorOf(Target(self)), HasSubstr("nested too deep"));
}

TEST(WrappersTest, PositiveClassesAreClasses) {
  const auto fixed = [](const std::string& positive) {
    return Object(
        "sklearn.model_selection", "FixedThresholdClassifier",
        {{"estimator_", Classifier({3, 4})}, {"threshold", Float(0.5)}, {"pos_label", positive}});
  };
  EXPECT_EQ(ErrorOf(fixed(None())), "");
  EXPECT_EQ(ErrorOf(fixed(Int(3))), "");
  EXPECT_EQ(ErrorOf(fixed(Float(4))), "");
  EXPECT_THAT(ErrorOf(fixed(Int(5))), HasSubstr("'pos_label' is not one of the classes"));
  EXPECT_THAT(ErrorOf(fixed(Str("3"))), HasSubstr("'pos_label' is not one of the classes"));
}

TEST(WrappersTest, ImportancesComeFromTreesThatAreTrees) {
  const auto select = [](const std::vector<pickled::TreeNode>& nodes) {
    const std::string tree = pickled::Tree(nodes, std::vector<double>(nodes.size()));
    return Object("sklearn.feature_selection", "SelectFromModel",
                  {{"estimator_", Object("sklearn.tree", "DecisionTreeRegressor",
                                         {{"n_features_in_", Int(2)}, {"tree_", tree}})}});
  };
  // The nodes of these tests have no impurity.
  EXPECT_THAT(ErrorOf(select({{1, 2, 0, 0.5}, {}, {}})), HasSubstr("impurity"));
  EXPECT_NE(ErrorOf(select({})), "");
}

TEST(WrappersTest, SearchesHoldWhatTheyFound) {
  const auto search = [](const Attributes& attributes) {
    return Object("sklearn.model_selection._search", "GridSearchCV", attributes);
  };
  EXPECT_EQ(ErrorOf(search({{"best_estimator_", Ridge()}})), "");
  EXPECT_THAT(ErrorOf(search({{"refit", pickled::Bool(false)}})), HasSubstr("refit=True"));
  EXPECT_THAT(ErrorOf(search({})), HasSubstr("saved before fit()"));
}

}  // namespace
}  // namespace plinth::sklearn
