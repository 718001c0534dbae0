// What comparing with scikit-learn does not show of the engine of trees: comparisons with <,
// categories beyond a set, and that rows alone and in blocks find the same leaves.
#include "estimators/trees/tree_set.h"

#include <gtest/gtest.h>

#include <limits>

namespace plinth::sklearn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A reader's state without attributes, for what reports its failures in one.
struct State {
  static Value Object() {
    Value value;
    value.kind = Kind::kObject;
    return value;
  }

  Value object = Object();
  ReadLimits limits{1 << 20};
  Fitted fitted{object, limits, 0, 0};
};

template <typename T>
SourceNode<T> Split(std::int64_t left, std::int64_t right, std::int64_t feature, T threshold) {
  SourceNode<T> node;
  node.left = left;
  node.right = right;
  node.feature = feature;
  node.threshold = threshold;
  return node;
}

// The leaves' numbers of `rows`, added up by row.
template <typename T>
std::vector<double> Sums(const TreeSet<T>& trees, const std::vector<double>& rows) {
  Scratch scratch;
  Scratch::Frame frame(scratch);
  const std::size_t count = rows.size() / trees.inputs();
  std::vector<double> sums(count);
  trees.ForEachLeaf(FeatureBlock<T>::Of(Rows{rows.data(), count, trees.inputs(), 0}, frame),
                    [&](std::size_t row, std::size_t, const double* leaf) { sums[row] += *leaf; });
  return sums;
}

TEST(TreeSetTest, JustBelowDecidesAsLessThanDoes) {
  for (float threshold : {0.0f, -0.0f, 1.0f, -2.5f, 1e-45f, 3.4e38f}) {
    for (float x : {0.0f, 1.0f, -2.5f, 1e-45f, -1e-45f, 3.4e38f, -3.4e38f}) {
      EXPECT_EQ(x <= JustBelow(threshold), x < threshold) << x << " " << threshold;
    }
  }
  EXPECT_FALSE(-kInfinity <= JustBelow(-kInfinity));
}

TEST(TreeSetTest, RowsAloneAndInBlocksFindTheSameLeaves) {
  State state;
  TreeSet<float> trees(2, 1);
  // A chain that is deeper for larger x[0], eleven times, with missing values to the left in every
  // second node.
  std::vector<SourceNode<float>> nodes;
  std::vector<double> values;
  for (int i = 0; i < 6; ++i) {
    nodes.push_back(Split<float>(2 * i + 1, 2 * i + 2, i % 2, static_cast<float>(i)));
    nodes.back().missing_left = i % 2 == 0;
    nodes.push_back({});
    values.insert(values.end(), {0.0, static_cast<double>(1 << i)});
  }
  nodes.push_back({});
  values.push_back(64);
  // Inner nodes stand at even places: 0, 2, 4...
  for (int tree = 0; tree < 11; ++tree) trees.Add(state.fitted, nodes, values);
  ASSERT_TRUE(state.fitted.ok()) << state.fitted.error().message;

  for (double missing : {1.5, kNaN}) {
    std::vector<double> rows;
    for (int i = 0; i < 13; ++i) rows.insert(rows.end(), {i * 0.5, i == 7 ? missing : i * 0.25});
    std::vector<double> alone;
    for (int i = 0; i < 13; ++i) {
      alone.push_back(Sums(trees, {rows[2 * i], rows[2 * i + 1]})[0]);
    }
    EXPECT_EQ(Sums(trees, rows), alone);
  }
}

TEST(TreeSetTest, CategoriesOutsideOfASetGoWhereItSays) {
  for (bool outside_left : {false, true}) {
    State state;
    TreeSet<double> trees(1, 1);
    SourceNode<double> root = Split<double>(1, 2, 0, 0);
    root.categories = trees.AddCategories(state.fitted, {{0b101}, outside_left});
    root.missing_left = !outside_left;
    trees.Add(state.fitted, std::vector{root, {}, {}}, std::vector<double>{0, 1, 2});
    ASSERT_TRUE(state.fitted.ok());
    const double outside = outside_left ? 1 : 2;
    EXPECT_EQ(
        Sums(trees, {0, 1, 2, 63, 64, -1, 1e300, -kInfinity, kNaN, 2.9}),
        (std::vector<double>{1, 2, 1, 2, outside, outside, outside, outside, 3 - outside, 1}));
  }
}

TEST(TreeSetTest, WhatIsNoTreeIsRefused) {
  using Nodes = std::vector<SourceNode<double>>;
  const SourceNode<double> leaf;
  const auto error = [](const Nodes& nodes, std::size_t values) {
    State state;
    TreeSet<double> trees(1, 1);
    trees.Add(state.fitted, nodes, std::vector<double>(values));
    return state.fitted.ok() ? "" : state.fitted.error().message;
  };
  EXPECT_EQ(error({Split<double>(1, 2, 0, 0), leaf, leaf}, 3), "");
  EXPECT_NE(error({}, 0), "");
  EXPECT_NE(error({leaf}, 2), "");
  EXPECT_NE(error({Split<double>(0, 1, 0, 0), leaf}, 2), "");
  EXPECT_NE(error({Split<double>(1, 3, 0, 0), leaf, leaf}, 3), "");
  EXPECT_NE(error({Split<double>(1, 2, 1, 0), leaf, leaf}, 3), "");
  Nodes unknown = {Split<double>(1, 2, 0, 0), leaf, leaf};
  unknown[0].categories = 0;
  EXPECT_NE(error(unknown, 3), "");
}

}  // namespace
}  // namespace plinth::sklearn
