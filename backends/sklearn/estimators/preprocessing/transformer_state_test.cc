// Fitted state that no fit() gives, of transformers and clusterers: reading it must end in an error
// that says what is wrong.
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

std::string ErrorOf(std::string_view module, std::string_view name,
                    pickled::Attributes attributes) {
  return sklearn::ErrorOf(Object(module, name, attributes));
}

TEST(TransformerStateTest, PolynomialsAreBounded) {
  const auto expand = [](const std::string& degree, std::int64_t inputs) {
    return ErrorOf("sklearn.preprocessing", "PolynomialFeatures",
                   {{"degree", degree}, {"n_features_in_", Int(inputs)}});
  };
  EXPECT_EQ(expand(Int(2), 3), "");
  EXPECT_EQ(expand(Tuple({Int(2), Int(3)}), 3), "");
  EXPECT_THAT(expand(Int(INT64_MAX), 1), HasSubstr("more columns than are supported"));
  EXPECT_THAT(expand(Int(9), 10'000), HasSubstr("more columns than are supported"));
  EXPECT_THAT(expand(Int(-1), 3), HasSubstr("'degree'"));
  EXPECT_THAT(expand(Tuple({Int(3), Int(2)}), 3), HasSubstr("'degree'"));
}

TEST(TransformerStateTest, SplinesHaveTheirKnots) {
  const auto splines = [](std::int64_t degree, const std::vector<double>& knots) {
    const auto count = static_cast<std::int64_t>(knots.size());
    const std::string spline =
        Object("scipy.interpolate._bsplines", "BSpline", {{"t", Doubles({count}, knots)}});
    return ErrorOf("sklearn.preprocessing", "SplineTransformer",
                   {{"degree", Int(degree)}, {"bsplines_", List({spline})}});
  };
  EXPECT_EQ(splines(1, {0, 1, 2, 3, 4}), "");
  EXPECT_EQ(splines(1, {4, 3, 2, 1, 0}), "");
  EXPECT_THAT(splines(1, {0, 1, 2}), HasSubstr("too few knots"));
  EXPECT_THAT(splines(3, {0, 1, 2, 3, 4}), HasSubstr("too few knots"));
  EXPECT_THAT(splines(64, {0, 1, 2, 3, 4}), HasSubstr("'degree'"));
  EXPECT_THAT(splines(-1, {0, 1, 2, 3, 4}), HasSubstr("'degree'"));
}

TEST(TransformerStateTest, MixturesAreChargedBeforeTheyAreRead) {
  const std::vector<double> zeros(40'000, 0.0);
  EXPECT_THAT(
      ErrorOf("sklearn.mixture", "GaussianMixture", {{"means_", Doubles({1, 40'000}, zeros)}}),
      HasSubstr("too large for its file"));
  EXPECT_THAT(
      ErrorOf("sklearn.mixture", "GaussianMixture",
              {{"means_", Doubles({1, 2}, {0, 0})}, {"precisions_cholesky_", Doubles({1}, {1})}}),
      HasSubstr("4 were expected"));
  EXPECT_THAT(ErrorOf("sklearn.mixture", "BayesianGaussianMixture",
                      {{"covariance_type", Str("diag")},
                       {"means_", Doubles({1, 2}, {0, 0})},
                       {"precisions_cholesky_", Doubles({1, 2}, {1, 1})},
                       {"weight_concentration_prior_type", Str("dirichlet_distribution")},
                       {"weight_concentration_", Doubles({1}, {-1e300})}}),
              HasSubstr("weight_concentration_"));
}

TEST(TransformerStateTest, BisectionsEnd) {
  const std::string centre = Doubles({1}, {0});
  // A node that is its own child.
  const std::string self =
      pickled::Global("sklearn.cluster._bisect_k_means", "_BisectingTree") + ")\x81" + "r" +
      pickled::Number(7, 4) +
      pickled::Dict({{"center", centre}, {"left", pickled::Get(7)}, {"right", pickled::Get(7)}}) +
      "b";
  EXPECT_THAT(ErrorOf("sklearn.cluster", "BisectingKMeans",
                      {{"cluster_centers_", Doubles({2, 1}, {0, 1})}, {"_bisecting_tree", self}}),
              HasSubstr("more nodes than clusters need"));
  EXPECT_THAT(ErrorOf("sklearn.cluster", "BisectingKMeans",
                      {{"cluster_centers_", Doubles({1, 1}, {0})},
                       {"_bisecting_tree", Object("sklearn.cluster._bisect_k_means",
                                                  "_BisectingTree", {{"label", Int(1)}})}}),
              HasSubstr("'label'"));
}

TEST(TransformerStateTest, PartsHaveTheSameShape) {
  EXPECT_THAT(ErrorOf("sklearn.cluster", "Birch",
                      {{"subcluster_centers_", Doubles({2, 1}, {0, 1})},
                       {"subcluster_labels_", pickled::Ints({0})}}),
              HasSubstr("another number of centres"));
  EXPECT_THAT(ErrorOf("sklearn.impute", "KNNImputer",
                      {{"_fit_X", Doubles({2, 1}, {0, 1})}, {"_mask_fit_X", Doubles({1, 1}, {0})}}),
              HasSubstr("'_mask_fit_X'"));
  EXPECT_THAT(
      ErrorOf("sklearn.decomposition", "SparseCoder",
              {{"dictionary", Doubles({1, 2}, {0, 1})}, {"transform_n_nonzero_coefs", Int(2)}}),
      HasSubstr("'transform_n_nonzero_coefs'"));
  EXPECT_THAT(ErrorOf("sklearn.decomposition", "NMF",
                      {{"components_", Doubles({1, 2}, {0, 1})}, {"max_iter", Int(INT64_MAX)}}),
              HasSubstr("'max_iter'"));
  EXPECT_THAT(ErrorOf("sklearn.preprocessing", "KBinsDiscretizer", {{"bin_edges_", Int(1)}}),
              HasSubstr("'bin_edges_'"));
  EXPECT_THAT(ErrorOf("sklearn.decomposition", "SparsePCA",
                      {{"components_", Doubles({2, 1}, {1, 1})},
                       {"mean_", Doubles({1}, {0})},
                       {"ridge_alpha", Int(0)}}),
              HasSubstr("depend on each other"));
}

TEST(TransformerStateTest, FunctionsHaveArgumentsThatAreTheirs) {
  const auto call = [](std::string_view function, const pickled::Code& arguments) {
    return ErrorOf("sklearn.preprocessing", "FunctionTransformer",
                   {{"func", pickled::Global("numpy", function)},
                    {"kw_args", arguments},
                    {"n_features_in_", Int(2)}});
  };
  using pickled::Dict;
  EXPECT_EQ(call("clip", Dict({{"a_min", Int(0)}, {"a_max", pickled::None()}})), "");
  EXPECT_EQ(call("round", pickled::None()), "");
  EXPECT_EQ(call("log1p", Dict({})), "");
  EXPECT_THAT(call("clip", Dict({{"nan", Int(0)}})), HasSubstr("a Python function"));
  EXPECT_THAT(call("clip", Dict({{"a_min", Str("low")}})), HasSubstr("a Python function"));
  EXPECT_THAT(call("clip", List({Int(0)})), HasSubstr("a Python function"));
  EXPECT_THAT(call("log1p", Dict({{"where", Int(0)}})), HasSubstr("a Python function"));
}

TEST(TransformerStateTest, LabelsHaveClasses) {
  for (const std::string_view name : {"LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer"}) {
    const auto encode = [name](pickled::Attributes attributes) {
      return ErrorOf("sklearn.preprocessing._label", name, std::move(attributes));
    };
    EXPECT_EQ(encode({{"classes_", pickled::Ints({1, 4})}}), "");
    EXPECT_THAT(encode({}), HasSubstr("classes_"));
    EXPECT_THAT(encode({{"classes_", Int(3)}}), HasSubstr("classes_"));
  }
}

TEST(TransformerStateTest, WhatIsNotServedIsRefusedByName) {
  EXPECT_THAT(ErrorOf("sklearn.cluster", "AffinityPropagation", {{"affinity", Str("precomputed")}}),
              HasSubstr("has no predict"));
  EXPECT_THAT(
      ErrorOf("sklearn.impute", "IterativeImputer", {{"sample_posterior", pickled::Bool(true)}}),
      HasSubstr("drawn at random"));
  EXPECT_THAT(
      ErrorOf("sklearn.decomposition", "SparseCoder",
              {{"dictionary", Doubles({1, 2}, {0, 1})}, {"transform_algorithm", Str("lasso_cd")}}),
      HasSubstr("use omp, lasso_lars or threshold"));
  EXPECT_THAT(ErrorOf("sklearn.feature_selection", "VarianceThreshold",
                      {{"variances_", Doubles({2}, {0, 0})}}),
              HasSubstr("selects no feature"));
}

}  // namespace
}  // namespace plinth::sklearn
