// Searching the fitted rows for those that are near.
//
// Two ways, chosen as fit() chose: every row (neighbor_scan.cc), or the tree that was fitted
// (neighbor_tree.cc), walked as scikit-learn walks it. Where several rows are equally far, the same
// ones are found as there.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "estimators/fitted.h"
#include "numeric/linear_algebra.h"
#include "numeric/metric.h"
#include "numeric/panels.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

class NeighborSearch {
 public:
  virtual ~NeighborSearch() = default;
  NeighborSearch(const NeighborSearch&) = delete;
  NeighborSearch& operator=(const NeighborSearch&) = delete;

  std::size_t inputs() const { return inputs_; }  // columns of X
  std::size_t size() const { return size_; }      // fitted rows; > 0
  // The metric takes missing values.
  bool allows_nan() const { return metric_.type == MetricType::kNanEuclidean; }

  // The k nearest of each row, nearest first: [n, k]. Requires 0 < k <= size().
  virtual void Nearest(Rows rows, std::size_t k, double* distances, std::size_t* indices,
                       Scratch& scratch) const = 0;

  // All within `radius` of one row, in no order: room for size() of them. How many there are.
  virtual std::size_t Within(Rows row, double radius, double* distances, std::size_t* indices,
                             Scratch& scratch) const = 0;

 protected:
  NeighborSearch(Metric metric, std::size_t inputs, std::size_t size)
      : metric_(std::move(metric)), inputs_(inputs), size_(size) {}

  const Metric& metric() const { return metric_; }

 private:
  Metric metric_;
  std::size_t inputs_;
  std::size_t size_;
};

using NeighborSearchPtr = std::unique_ptr<const NeighborSearch>;

// What an estimator of neighbours has fitted: _fit_method, _fit_X or _tree, effective_metric_ and
// its parameters. Null, and the reason in `fitted`, if it cannot be read.
NeighborSearchPtr ReadNeighborSearch(Fitted& fitted);

// A metric by name and parameters (a dict, or null) for rows of `inputs` columns.
Metric ReadMetric(Fitted& fitted, std::string_view name, const Value* params, std::size_t inputs);

// A search of every row. `sparse`: scikit-learn has the rows in a sparse matrix, and sums
// otherwise.
NeighborSearchPtr MakeScan(Metric metric, Matrix rows, bool sparse = false);

// A search of a fitted KDTree or BallTree.
NeighborSearchPtr ReadNeighborTree(Fitted& fitted, const Value& tree, std::string_view metric,
                                   const Value* params);

}  // namespace plinth::sklearn
