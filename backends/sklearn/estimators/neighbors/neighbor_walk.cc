// Searching a fitted tree, in the order in which scikit-learn does.
#include <utility>

#include "estimators/neighbors/neighbor_search.h"
#include "estimators/neighbors/neighbor_tree.h"
#include "numeric/nearest_heap.h"

namespace plinth::sklearn {
namespace {

// The way down for the k nearest: the nearer child first, nothing that is too far.
class NearestWalk {
 public:
  NearestWalk(const NeighborTree& tree, const double* x, NearestHeap& heap, double* leaf)
      : tree_(tree), x_(x), heap_(heap), leaf_(leaf) {}

  void Visit(std::size_t i, double least) {
    if (least > heap_.largest()) return;
    const NeighborTree::Node& node = tree_.node(i);
    if (node.leaf) {
      tree_.MeasureLeaf(i, x_, leaf_);
      for (std::size_t k = 0; k < node.count; ++k) {
        heap_.Push(leaf_[k], tree_.IndexAt(node.first + k));
      }
      return;
    }
    const std::size_t left = NeighborTree::Left(i);
    const double least_left = tree_.LeastReduced(left, x_);
    const double least_right = tree_.LeastReduced(left + 1, x_);
    if (least_left <= least_right) {
      Visit(left, least_left);
      Visit(left + 1, least_right);
    } else {
      Visit(left + 1, least_right);
      Visit(left, least_left);
    }
  }

 private:
  const NeighborTree& tree_;
  const double* x_;
  NearestHeap& heap_;
  double* leaf_;  // room for a leaf's distances
};

// The way down for all within a radius. A node that is inside as a whole is taken as a whole.
class RadiusWalk {
 public:
  RadiusWalk(const NeighborTree& tree, const double* x, double radius, double* distances,
             std::size_t* indices, double* leaf)
      : tree_(tree),
        x_(x),
        radius_(radius),
        reduced_(tree.metric().ToReduced(radius)),
        distances_(distances),
        indices_(indices),
        leaf_(leaf) {}

  std::size_t found() const { return found_; }

  void Visit(std::size_t i, bool inside) {
    const NeighborTree::Node& node = tree_.node(i);
    if (!inside) {
      double least = 0;
      double greatest = 0;
      tree_.Bounds(i, x_, least, greatest);
      if (least > radius_) return;
      inside = greatest <= radius_;
    }
    if (!node.leaf) {
      Visit(NeighborTree::Left(i), inside);
      Visit(NeighborTree::Left(i) + 1, inside);
      return;
    }
    tree_.MeasureLeaf(i, x_, leaf_);
    for (std::size_t k = 0; k < node.count; ++k) {
      if (!inside && !(leaf_[k] <= reduced_)) continue;
      distances_[found_] = tree_.metric().FromReduced(leaf_[k]);
      indices_[found_++] = tree_.IndexAt(node.first + k);
    }
  }

 private:
  const NeighborTree& tree_;
  const double* x_;
  double radius_;
  double reduced_;
  double* distances_;
  std::size_t* indices_;
  double* leaf_;
  std::size_t found_ = 0;
};

class TreeSearch final : public NeighborSearch {
 public:
  explicit TreeSearch(NeighborTree tree)
      : NeighborSearch(tree.metric(), tree.columns(), tree.size()), tree_(std::move(tree)) {}

  void Nearest(Rows rows, std::size_t k, double* distances, std::size_t* indices,
               Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    double* leaf = frame.Take<double>(tree_.LargestLeaf());
    for (std::size_t i = 0; i < rows.count; ++i) {
      NearestHeap heap(distances + i * k, indices + i * k, k);
      heap.Clear();
      NearestWalk(tree_, rows.row(i), heap, leaf).Visit(0, tree_.LeastReduced(0, rows.row(i)));
      heap.Sort();
    }
    for (std::size_t i = 0; i < rows.count * k; ++i) {
      distances[i] = metric().FromReduced(distances[i]);
    }
  }

  std::size_t Within(Rows row, double radius, double* distances, std::size_t* indices,
                     Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    double* leaf = frame.Take<double>(tree_.LargestLeaf());
    RadiusWalk walk(tree_, row.data, radius, distances, indices, leaf);
    walk.Visit(0, false);
    return walk.found();
  }

 private:
  NeighborTree tree_;
};

}  // namespace

NeighborSearchPtr ReadNeighborTree(Fitted& fitted, const Value& tree, std::string_view metric,
                                   const Value* params) {
  NeighborTree read = NeighborTree::Read(fitted, tree, metric, params);
  if (fitted.ok()) fitted.Inputs(read.columns());
  if (!fitted.ok()) return nullptr;
  return std::make_unique<TreeSearch>(std::move(read));
}

}  // namespace plinth::sklearn
