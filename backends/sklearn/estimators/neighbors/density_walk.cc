#include "estimators/neighbors/density_walk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace plinth::sklearn {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

// log(exp(a) + exp(b)) and log(exp(a) - exp(b)).
double LogAdd(double a, double b) {
  const double larger = std::fmax(a, b);
  if (larger == kNothing) return kNothing;
  return larger + std::log(std::exp(a - larger) + std::exp(b - larger));
}
double LogSubtract(double a, double b) {
  return a <= b ? kNothing : a + std::log(1 - std::exp(b - a));
}

// Logarithms of the least that a part of the points gives, and of how much more it may be.
struct Bounds {
  double least = 0;
  double spread = 0;
};

// Nodes by their distances, nearest first.
class NodeQueue {
 public:
  struct Entry {
    double distance;
    std::size_t node;
  };

  explicit NodeQueue(Entry* room) : entries_(room) {}

  bool empty() const { return size_ == 0; }

  void Push(Entry entry) {
    std::size_t i = size_++;
    for (; i > 0 && !(entries_[(i - 1) / 2].distance <= entry.distance); i = (i - 1) / 2) {
      entries_[i] = entries_[(i - 1) / 2];
    }
    entries_[i] = entry;
  }

  std::size_t Pop() {
    const std::size_t node = entries_[0].node;
    const Entry last = entries_[--size_];
    std::size_t i = 0;
    for (std::size_t child = 1; child < size_; child = 2 * i + 1) {
      if (child + 1 < size_ && !(entries_[child].distance <= entries_[child + 1].distance)) {
        ++child;
      }
      if (!(entries_[child].distance <= last.distance)) break;
      entries_[i] = entries_[child];
      i = child;
    }
    entries_[i] = last;
    return node;
  }

 private:
  Entry* entries_;
  std::size_t size_ = 0;
};

class Walk {
 public:
  Walk(const DensityModel& model, const double* x, Scratch::Frame& frame)
      : m_(model), x_(x), leaf_(frame.Take<double>(model.tree.LargestLeaf())) {}

  double BreadthFirst(Scratch::Frame& frame) {
    const std::size_t nodes = m_.log_nodes.size();
    auto* bounds = frame.Take<Bounds>(nodes);
    NodeQueue queue(frame.Take<NodeQueue::Entry>(nodes));
    queue.Push({Start(), 0});
    bounds[0] = all_;
    while (!queue.empty()) {
      const std::size_t i = queue.Pop();
      if (IsClose(i, bounds[i])) continue;
      if (AllIsClose()) break;
      if (m_.tree.node(i).leaf) {
        CountLeaf(i, bounds[i]);
        continue;
      }
      const std::size_t left = NeighborTree::Left(i);
      double nearest[2];
      for (std::size_t child = 0; child < 2; ++child) {
        double upper = 0;
        bounds[left + child].least = NodeBounds(left + child, nearest[child], upper);
        bounds[left + child].spread = upper;  // the whole of it: so it is in scikit-learn
      }
      Split(bounds[i], bounds[left], bounds[left + 1]);
      queue.Push({nearest[0], left});
      queue.Push({nearest[1], left + 1});
    }
    return Middle();
  }

  double DepthFirst() {
    Start();
    Visit(0, all_);
    return Middle();
  }

 private:
  // Bounds over all points by the first node; its distance.
  double Start() {
    double distance = 0;
    double greatest = 0;
    m_.tree.Bounds(0, x_, distance, greatest);
    const double log_weight = std::log(m_.weight);
    all_.least = log_weight + LogKernel(m_.shape, greatest, m_.bandwidth);
    all_.spread = LogSubtract(log_weight + LogKernel(m_.shape, distance, m_.bandwidth), all_.least);
    return distance;
  }

  double Middle() const { return LogAdd(all_.least, all_.spread - std::log(2)); }

  // The lower bound of a node; its upper one and distance.
  double NodeBounds(std::size_t i, double& distance, double& upper) const {
    double greatest = 0;
    m_.tree.Bounds(i, x_, distance, greatest);
    upper = m_.log_nodes[i] + LogKernel(m_.shape, distance, m_.bandwidth);
    return m_.log_nodes[i] + LogKernel(m_.shape, greatest, m_.bandwidth);
  }

  double Allowed(const Bounds& bounds) const {
    return LogAdd(m_.log_absolute, m_.log_relative + m_.log_norm + bounds.least);
  }
  bool IsClose(std::size_t i, const Bounds& bounds) const {
    return m_.log_norm + bounds.spread - m_.log_nodes[i] + std::log(m_.weight) <= Allowed(bounds);
  }
  bool AllIsClose() const { return m_.log_norm + all_.spread <= Allowed(all_); }

  void CountLeaf(std::size_t i, const Bounds& bounds) {
    all_.least = LogSubtract(all_.least, bounds.least);
    all_.spread = LogSubtract(all_.spread, bounds.spread);
    const NeighborTree::Node& node = m_.tree.node(i);
    m_.tree.MeasureLeaf(i, x_, leaf_);
    for (std::size_t k = 0; k < node.count; ++k) {
      const double distance = m_.tree.metric().FromReduced(leaf_[k]);
      double term = LogKernel(m_.shape, distance, m_.bandwidth);
      if (!m_.log_weights.empty()) term += m_.log_weights[m_.tree.IndexAt(node.first + k)];
      all_.least = LogAdd(all_.least, term);
    }
  }

  // The bounds of two children in the place of their parent's.
  void Split(const Bounds& parent, const Bounds& a, const Bounds& b) {
    all_.least = LogAdd(LogAdd(LogSubtract(all_.least, parent.least), a.least), b.least);
    all_.spread = LogAdd(LogAdd(LogSubtract(all_.spread, parent.spread), a.spread), b.spread);
  }

  void Visit(std::size_t i, const Bounds& bounds) {
    if (IsClose(i, bounds) || AllIsClose()) return;
    if (m_.tree.node(i).leaf) return CountLeaf(i, bounds);
    const std::size_t left = NeighborTree::Left(i);
    Bounds children[2];
    for (std::size_t child = 0; child < 2; ++child) {
      double distance = 0;
      double upper = 0;
      children[child].least = NodeBounds(left + child, distance, upper);
      children[child].spread = LogSubtract(upper, children[child].least);
    }
    Split(bounds, children[0], children[1]);
    Visit(left, children[0]);
    Visit(left + 1, children[1]);
  }

  const DensityModel& m_;
  const double* x_;
  double* leaf_;
  Bounds all_;
};

}  // namespace

double DensityModel::LogSum(const double* x, Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  Walk walk(*this, x, frame);
  return breadth_first ? walk.BreadthFirst(frame) : walk.DepthFirst();
}

}  // namespace plinth::sklearn
