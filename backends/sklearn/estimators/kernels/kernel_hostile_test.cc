// Models of neighbours and kernels whose parts do not agree: reading ends in an error, and none
// becomes an operator that reads out of bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_pickle.h"
#include "test_refusal.h"

namespace plinth::sklearn {
namespace {

using pickled::Doubles;
using pickled::Global;
using pickled::Int;
using pickled::Ints;
using pickled::Object;
using pickled::Str;
using testing::HasSubstr;

struct Node {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t leaf = 1;
  double radius = 1;
};

// A KDTree over four rows of one column.
std::string Tree(const std::vector<Node>& nodes, const std::vector<std::int64_t>& order) {
  const std::string bytes(reinterpret_cast<const char*>(nodes.data()), nodes.size() * sizeof(Node));
  const auto count = static_cast<std::int64_t>(nodes.size());
  const std::string node_type = pickled::Record(
      {{"idx_start", "i8"}, {"idx_end", "i8"}, {"is_leaf", "i8"}, {"radius", "f8"}});
  const std::vector<double> bounds(2 * nodes.size(), 0.0);
  return pickled::Call(Global("sklearn.neighbors._kd_tree", "newObj"),
                       {Global("sklearn.neighbors._kd_tree", "KDTree")}) +
         pickled::Tuple({Doubles({4, 1}, {0, 1, 2, 3}), Ints(order),
                         pickled::Array(node_type, {count}, bytes), Doubles({2, count, 1}, bounds),
                         Int(2), Int(1), Int(count), Int(0), Int(0), Int(0), Int(0),
                         pickled::None(), pickled::None()}) +
         "b";
}

std::string Neighbors(const std::string& tree, std::int64_t k = 2,
                      const std::vector<std::int64_t>& targets = {0, 0, 1, 1}) {
  return Object("sklearn.neighbors._classification", "KNeighborsClassifier",
                {{"n_features_in_", Int(1)},
                 {"n_neighbors", Int(k)},
                 {"effective_metric_", Str("euclidean")},
                 {"_fit_method", Str("kd_tree")},
                 {"_tree", tree},
                 {"_y", Ints(targets)},
                 {"classes_", Ints({0, 1})}});
}

TEST(KernelHostileTest, TreesOfNeighborsHoldEachPointOnce) {
  const std::vector<std::int64_t> order = {0, 1, 2, 3};
  const Node root{0, 4, 0, 1};
  EXPECT_EQ(ErrorOf(Neighbors(Tree({{0, 4, 1, 1}}, order))), "");
  EXPECT_EQ(ErrorOf(Neighbors(Tree({root, {0, 2, 1, 1}, {2, 4, 1, 1}}, order))), "");
  EXPECT_THAT(ErrorOf(Neighbors(Tree({root}, order))), HasSubstr("node 0 of its tree"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({{0, 5, 1, 1}}, order))), HasSubstr("node 0 of its tree"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({{-1, 4, 1, 1}}, order))), HasSubstr("node 0 of its tree"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({{3, 1, 1, 1}}, order))), HasSubstr("node 0 of its tree"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({root, {0, 4, 1, 1}, {0, 4, 1, 1}}, order))),
              HasSubstr("do not hold its points once"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({root, {0, 2, 1, 1}, {2, 3, 1, 1}}, order))),
              HasSubstr("do not hold its points once"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({{0, 4, 1, 1}}, {0, 1, 2, 4}))),
              HasSubstr("a point that is not there"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({{0, 4, 1, 1}}, {0, 1}))), HasSubstr("in which order"));
  EXPECT_THAT(ErrorOf(Neighbors(Tree({}, order))), HasSubstr("nodes"));
  EXPECT_THAT(ErrorOf(Neighbors(Str("tree"))), HasSubstr("a KDTree or BallTree was expected"));
}

TEST(KernelHostileTest, NeighborsAndTheirTargetsAreThere) {
  const std::string tree = Tree({{0, 4, 1, 1}}, {0, 1, 2, 3});
  EXPECT_THAT(ErrorOf(Neighbors(tree, 5)), HasSubstr("asks for 5 neighbors and has fitted 4"));
  EXPECT_THAT(ErrorOf(Neighbors(tree, 0)), HasSubstr("asks for 0 neighbors"));
  EXPECT_THAT(ErrorOf(Neighbors(tree, -1)), HasSubstr("asks for 0 neighbors"));
  EXPECT_THAT(ErrorOf(Neighbors(tree, 2, {0, 1})), HasSubstr("one class for each fitted row"));
  EXPECT_THAT(ErrorOf(Neighbors(tree, 2, {0, 1, 2, 0})), HasSubstr("a class that is not there"));
  EXPECT_THAT(ErrorOf(Neighbors(tree, 2, {0, 1, -1, 0})), HasSubstr("a class that is not there"));
}

std::string Svc(const std::string& kernel, const std::vector<std::int64_t>& counts,
                const std::vector<std::int64_t>& support) {
  return Object("sklearn.svm._classes", "SVC",
                {{"n_features_in_", Int(4)},
                 {"kernel", kernel},
                 {"_gamma", pickled::Float(1)},
                 {"_n_support", Ints(counts)},
                 {"support_", Ints(support)},
                 {"support_vectors_", Doubles({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8})},
                 {"_dual_coef_", Doubles({1, 2}, {1, -1})},
                 {"_intercept_", Doubles({1}, {0})},
                 {"classes_", Ints({0, 1})}});
}

TEST(KernelHostileTest, SupportVectorsAreCounted) {
  const std::string rbf = Str("rbf");
  EXPECT_EQ(ErrorOf(Svc(rbf, {1, 1}, {0, 1})), "");
  EXPECT_THAT(ErrorOf(Svc(rbf, {2, 1}, {0, 1})), HasSubstr("support vectors that are not there"));
  EXPECT_THAT(ErrorOf(Svc(rbf, {1, -1}, {0, 1})), HasSubstr("support vectors that are not there"));
  EXPECT_THAT(ErrorOf(Svc(rbf, {1}, {0, 1})), HasSubstr("does not agree"));
  EXPECT_THAT(ErrorOf(Svc(Str("fourier"), {1, 1}, {0, 1})), HasSubstr("'fourier' is not known"));
  EXPECT_THAT(ErrorOf(Svc(Global("sklearn.metrics.pairwise", "rbf_kernel"), {1, 1}, {0, 1})),
              HasSubstr("a Python function"));
  const std::string precomputed = Str("precomputed");
  EXPECT_EQ(ErrorOf(Svc(precomputed, {1, 1}, {0, 3})), "");
  EXPECT_THAT(ErrorOf(Svc(precomputed, {1, 1}, {0, 4})), HasSubstr("a column that is not there"));
  EXPECT_THAT(ErrorOf(Svc(precomputed, {1, 1}, {0})), HasSubstr("one for each coefficient"));
}

TEST(KernelHostileTest, KernelsInKernelsEnd) {
  // A sum that is a sum of itself, and so on.
  const std::string self = Global("sklearn.gaussian_process.kernels", "Sum") + ")\x81" + "r" +
                           pickled::Number(7, 4) +
                           pickled::Dict({{"k1", pickled::Get(7)}, {"k2", pickled::Get(7)}}) + "b";
  EXPECT_THAT(ErrorOf(Object("sklearn.gaussian_process._gpr", "GaussianProcessRegressor",
                             {{"X_train_", Doubles({2, 1}, {0, 1})},
                              {"alpha_", Doubles({2}, {1, 1})},
                              {"kernel_", self}})),
              HasSubstr("nested too deep"));
}

}  // namespace
}  // namespace plinth::sklearn
