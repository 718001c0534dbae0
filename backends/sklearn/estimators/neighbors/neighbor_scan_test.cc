#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "estimators/neighbors/neighbor_search.h"
#include "numeric/nearest_heap.h"
#include "numeric/products.h"
#include "numeric/rough_rows.h"

namespace plinth::sklearn {
namespace {

constexpr std::size_t kFitted = 1900;
constexpr std::size_t kAsked = 13;

struct Case {
  std::string name;
  std::size_t columns;
  double offset;
  double scale;
  bool whole = false;  // whole numbers: many rows are equally far
};

std::vector<double> RowsOf(const Case& c, std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> rows(count * c.columns);
  for (double& number : rows) {
    number = normal(random);
    if (c.whole) number = std::round(number);
    number = c.offset + c.scale * number;
  }
  return rows;
}

Matrix MatrixOf(const std::vector<double>& rows, std::size_t columns) {
  Matrix matrix;
  matrix.data = rows;
  matrix.rows = rows.size() / columns;
  matrix.columns = columns;
  return matrix;
}

// The squared distances as they are computed where every row is measured.
std::vector<double> Distances(const std::vector<double>& asked, const std::vector<double>& fitted,
                              std::size_t columns) {
  const Rows of{asked.data(), asked.size() / columns, columns, 0};
  const Rows to{fitted.data(), fitted.size() / columns, columns, 0};
  const Panels panels(fitted.data(), to.count, columns);
  std::vector<double> distances(of.count * to.count);
  std::vector<double> norms(of.count);
  std::vector<double> their_norms(to.count);
  SquaredNorms(of, norms.data());
  SquaredNorms(to, their_norms.data());
  InnerProducts(of, panels, AllOf(panels), distances.data());
  for (std::size_t i = 0; i < of.count; ++i) {
    for (std::size_t j = 0; j < to.count; ++j) {
      double& distance = distances[i * to.count + j];
      distance = std::max(0.0, norms[i] + -2.0 * distance + their_norms[j]);
    }
  }
  return distances;
}

class NeighborScanTest : public testing::TestWithParam<Case> {};

// Passing rows over after a rough look changes nothing: not which of several equally far rows are
// found either.
TEST_P(NeighborScanTest, FindsWhatMeasuringEveryRowFinds) {
  const Case& c = GetParam();
  const std::vector<double> fitted = RowsOf(c, kFitted, 1);
  std::vector<double> asked = RowsOf(c, kAsked, 2);
  std::copy_n(fitted.begin(), c.columns, asked.begin());  // one that is there
  const std::vector<double> all = Distances(asked, fitted, c.columns);
  const auto scan = MakeScan(Metric{}, MatrixOf(fitted, c.columns));
  for (const std::size_t k : {std::size_t{1}, std::size_t{5}, kFitted / 128, kFitted}) {
    std::vector<double> distances(kAsked * k);
    std::vector<std::size_t> indices(kAsked * k);
    scan->Nearest({asked.data(), kAsked, c.columns, 0}, k, distances.data(), indices.data(),
                  Scratch::OfThread());
    for (std::size_t i = 0; i < kAsked; ++i) {
      std::vector<double> near(k);
      std::vector<std::size_t> at(k);
      NearestHeap heap(near.data(), at.data(), k);
      heap.Clear();
      for (std::size_t j = 0; j < kFitted; ++j) heap.Push(all[i * kFitted + j], j);
      heap.Sort();
      for (std::size_t n = 0; n < k; ++n) {
        ASSERT_EQ(indices[i * k + n], at[n]) << "row " << i << ", neighbour " << n << " of " << k;
        ASSERT_EQ(distances[i * k + n], std::sqrt(near[n]));
      }
    }
  }
}

// The promise of LeastCloseness(), of every pair.
TEST_P(NeighborScanTest, NoNearRowIsPassedOver) {
  const Case& c = GetParam();
  const std::vector<double> fitted = RowsOf(c, kFitted, 1);
  const std::vector<double> asked = RowsOf(c, kAsked, 2);
  const std::vector<double> all = Distances(asked, fitted, c.columns);
  const RoughRows rough({fitted.data(), kFitted, c.columns, 0});
  const Rows rows{asked.data(), kAsked, c.columns, 0};
  std::vector<float> centred(asked.size());
  std::vector<RoughRow> known(kAsked);
  if (rough.empty() || !rough.Prepare(rows, centred.data(), known.data())) {
    EXPECT_GT(std::abs(c.offset) + c.scale, 1e14) << "nothing else is too large";
    return;
  }
  const std::size_t stride = RoughRows::Padded(kFitted);
  std::vector<float> closeness(kAsked * stride);
  rough.Closeness(centred.data(), kAsked, 0, kFitted, closeness.data());
  for (std::size_t i = 0; i < kAsked; ++i) {
    for (std::size_t j = 0; j < kFitted; ++j) {
      // So near that the very next number would be nearer: it must not be passed over.
      const double limit =
          std::nextafter(all[i * kFitted + j], std::numeric_limits<double>::infinity());
      ASSERT_GT(closeness[i * stride + j], RoughRows::LeastCloseness(known[i], limit))
          << "row " << i << " and " << j;
    }
    for (std::size_t j = kFitted; j < stride; ++j) ASSERT_FALSE(closeness[i * stride + j] > -1e38F);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, NeighborScanTest,
    testing::Values(Case{"Usual", 30, 0, 1}, Case{"OneColumn", 1, 3, 1}, Case{"FarOff", 8, 1e6, 1},
                    Case{"FarOffAndClose", 8, 1e9, 1e-3}, Case{"Small", 5, 0, 1e-30},
                    Case{"Tiny", 5, 0, 1e-160}, Case{"Large", 5, 0, 1e12},
                    Case{"TooLarge", 5, 0, 1e150}, Case{"Whole", 4, 0, 2, true}),
    [](const testing::TestParamInfo<Case>& given) { return given.param.name; });

}  // namespace
}  // namespace plinth::sklearn
