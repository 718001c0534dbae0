// scikit-learn's KDTree and BallTree, as fit() left them.
//
// The nodes form a complete binary tree by number: the children of i are 2i + 1 and 2i + 2. Each
// covers a run of points, which a leaf holds itself. What is read is checked, so that walks need no
// checks: leaves end every way down, and their runs, one behind the other, are all points.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "estimators/fitted.h"
#include "numeric/linear_algebra.h"
#include "numeric/metric.h"
#include "numeric/panels.h"

namespace plinth::sklearn {

class NeighborTree {
 public:
  // Fails in `fitted` if it is not a tree. `metric` and `params` (a dict or null) name the metric,
  // whose parameters may also stand in the tree.
  static NeighborTree Read(Fitted& fitted, const Value& tree, std::string_view metric,
                           const Value* params);

  struct Node {
    std::size_t first = 0;  // places of its points; a leaf's begins a panel
    std::size_t count = 0;
    bool leaf = false;
    bool placed = false;  // a leaf that is reached from the root
  };

  const Metric& metric() const { return metric_; }
  std::size_t columns() const { return columns_; }
  std::size_t size() const { return size_; }
  std::size_t nodes() const { return nodes_.size(); }
  const Node& node(std::size_t i) const { return nodes_[i]; }
  static std::size_t Left(std::size_t i) { return 2 * i + 1; }
  // Which fitted row stands at a place.
  std::size_t IndexAt(std::size_t place) const { return order_[place]; }

  // The least reduced distance that a point of the node may have from x.
  double LeastReduced(std::size_t node, const double* x) const;
  // The least and the greatest distance.
  void Bounds(std::size_t node, const double* x, double& least, double& greatest) const;

  // Reduced distances from x to all points of a leaf; `out` has room for LargestLeaf().
  void MeasureLeaf(std::size_t node, const double* x, double* out) const;
  std::size_t LargestLeaf() const { return largest_leaf_; }

 private:
  void ReadNodes(Fitted& fitted, const Value& nodes);
  // Places for the points, leaf after leaf.
  void Place(Fitted& fitted, const Matrix& data, const std::vector<std::int64_t>& order);
  void ReadBounds(Fitted& fitted, const Value& bounds);

  Metric metric_;
  std::size_t columns_ = 0;
  std::size_t size_ = 0;
  std::size_t largest_leaf_ = 0;
  bool ball_ = false;
  std::vector<Node> nodes_;
  // For each node: a KDTree's lower bounds and then its upper ones; a BallTree's centre.
  std::vector<double> bounds_;
  std::vector<double> radii_;       // a BallTree's
  std::vector<std::size_t> order_;  // by place
  Panels panels_;                   // points by place: the metrics that are measured by eights
  std::vector<double> rows_;        // all others
};

}  // namespace plinth::sklearn
