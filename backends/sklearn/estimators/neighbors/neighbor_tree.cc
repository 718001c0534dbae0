#include "estimators/neighbors/neighbor_tree.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/neighbors/neighbor_search.h"
#include "numeric/differences.h"
#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

bool IsMeasuredByEights(MetricType type) {
  return type == MetricType::kEuclidean || type == MetricType::kManhattan ||
         type == MetricType::kChebyshev;
}

// A tree is pickled as newObj(KDTree) with its parts as a tuple.
bool IsNamed(const Value& tree, std::string_view name) {
  if (tree.text.find(name) != std::string_view::npos) return true;
  const Value* made_of = tree.args && !tree.args->items.empty() ? tree.args->items[0] : nullptr;
  return made_of && made_of->text.find(name) != std::string_view::npos;
}

// The parameters of a metric that the tree itself holds: (p, vec, mat, ...).
void ReadMetricState(Fitted& fitted, const Value& object, Metric& metric, std::size_t columns) {
  const Value* state = object.state;
  if (state == nullptr || !state->IsSequence() || state->items.size() < 3) return;
  if (metric.type == MetricType::kStandardEuclidean) {
    metric.weights = fitted.ReadMatrix(*state->items[1], "vec").data;
    if (metric.weights.size() != columns)
      fitted.Fail("the metric's variances are not its columns'");
  } else if (metric.type == MetricType::kMahalanobis) {
    metric.inverse = fitted.ReadMatrix(*state->items[2], "mat").data;
    if (metric.inverse.size() != columns * columns) {
      fitted.Fail("the metric's covariance is not its columns'");
    }
  }
}

// What a power of a Minkowski metric is, without pow() where a multiplication does.
double Power(double x, double p) { return p == 2 ? x * x : p == 1 ? x : std::pow(x, p); }
double Root(double x, double p) { return p == 2 ? std::sqrt(x) : p == 1 ? x : std::pow(x, 1 / p); }

}  // namespace

NeighborTree NeighborTree::Read(Fitted& fitted, const Value& tree, std::string_view metric,
                                const Value* params) {
  NeighborTree read;
  constexpr std::size_t kParts = 12;
  const Value* state = tree.state;
  read.ball_ = IsNamed(tree, "BallTree");
  if (!(read.ball_ || IsNamed(tree, "KDTree")) || state == nullptr || !state->IsSequence() ||
      state->items.size() < kParts) {
    fitted.Fail("its tree is " + Describe(tree) + "; a KDTree or BallTree was expected");
    return read;
  }
  const std::vector<Value*>& parts = state->items;
  const Matrix data = fitted.ReadMatrix(*parts[0], "data");
  read.columns_ = data.columns;
  read.size_ = data.rows;
  const bool in_tree = metric == "seuclidean" || metric == "mahalanobis";
  if (in_tree) {
    read.metric_.type =
        metric == "seuclidean" ? MetricType::kStandardEuclidean : MetricType::kMahalanobis;
    ReadMetricState(fitted, *parts[kParts - 1], read.metric_, data.columns);
  } else {
    read.metric_ = ReadMetric(fitted, metric, params, data.columns);
  }
  if (fitted.ok() && (data.rows == 0 || data.columns == 0)) fitted.Fail("its tree has no points");
  if (!fitted.ok()) return read;
  read.ReadNodes(fitted, *parts[2]);
  const bool order = parts[1]->Is(Kind::kArray) && parts[1]->array != nullptr;
  auto places = order ? ToInts(*parts[1]->array) : Result<std::vector<std::int64_t>>();
  if (!places || places->size() != data.rows) {
    fitted.Fail("its tree does not say in which order its points are");
  }
  if (fitted.ok()) read.Place(fitted, data, *places);
  if (fitted.ok()) read.ReadBounds(fitted, *parts[3]);
  return read;
}

void NeighborTree::ReadNodes(Fitted& fitted, const Value& nodes) {
  if (!nodes.Is(Kind::kArray) || nodes.array == nullptr || nodes.array->shape.size() != 1 ||
      !fitted.limits().Charge(nodes.array->count * 2 * sizeof(Node))) {
    return fitted.Fail("its tree has no nodes");
  }
  const auto starts = FieldToInts(*nodes.array, "idx_start");
  const auto ends = FieldToInts(*nodes.array, "idx_end");
  const auto leaves = FieldToInts(*nodes.array, "is_leaf");
  auto radii = FieldToDoubles(*nodes.array, "radius");
  if (!starts || !ends || !leaves || !radii || starts->empty()) {
    return fitted.Fail("its tree has nodes of an unknown form");
  }
  radii_ = std::move(*radii);
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const std::int64_t first = (*starts)[i];
    const std::int64_t last = (*ends)[i];
    const bool leaf = (*leaves)[i] != 0;
    const bool sound = first >= 0 && last >= first && static_cast<std::size_t>(last) <= size_ &&
                       (leaf || Left(i) + 1 < starts->size());
    if (!sound) {
      return fitted.Fail("node " + std::to_string(i) + " of its tree is out of range");
    }
    nodes_.push_back(Node{static_cast<std::size_t>(first),
                          static_cast<std::size_t>(last) - static_cast<std::size_t>(first), leaf,
                          false});
  }
}

void NeighborTree::Place(Fitted& fitted, const Matrix& data,
                         const std::vector<std::int64_t>& order) {
  std::vector<std::size_t> rows;  // fitted rows by place
  std::vector<std::size_t> ways = {0};
  std::size_t covered = 0;
  while (!ways.empty()) {
    const std::size_t i = ways.back();
    ways.pop_back();
    Node& node = nodes_[i];
    if (!node.leaf) {
      ways.push_back(Left(i) + 1);
      ways.push_back(Left(i));
      continue;
    }
    if (node.first != covered) return fitted.Fail("its tree's leaves do not hold its points once");
    covered += node.count;
    node.first = rows.size();
    node.placed = true;
    largest_leaf_ = std::max(largest_leaf_, node.count);
    for (std::size_t k = 0; k < node.count; ++k) {
      const std::int64_t row = order[covered - node.count + k];
      if (row < 0 || static_cast<std::size_t>(row) >= size_) {
        return fitted.Fail("its tree names a point that is not there");
      }
      rows.push_back(static_cast<std::size_t>(row));
    }
    while (rows.size() % kLanes != 0) rows.push_back(rows.back());
  }
  if (covered != size_) return fitted.Fail("its tree's leaves do not hold its points once");
  if (!fitted.limits().Charge(2 * Panels::SizeFor(rows.size(), columns_) +
                              rows.size() * sizeof(std::size_t))) {
    return fitted.Fail("it is too large for its file");
  }
  rows_.reserve(rows.size() * columns_);
  for (std::size_t row : rows) {
    const auto from = data.data.begin() + static_cast<std::ptrdiff_t>(row * columns_);
    rows_.insert(rows_.end(), from, from + static_cast<std::ptrdiff_t>(columns_));
  }
  order_ = std::move(rows);
  if (IsMeasuredByEights(metric_.type)) {
    panels_ = Panels(rows_.data(), order_.size(), columns_);
    rows_ = {};
  }
}

void NeighborTree::ReadBounds(Fitted& fitted, const Value& bounds) {
  const Matrix read = fitted.ReadMatrix(bounds, "node_bounds");
  const std::size_t layers = ball_ ? 1 : 2;
  if (fitted.ok() && read.data.size() != layers * nodes_.size() * columns_) {
    fitted.Fail("its tree's bounds are not its nodes'");
  }
  if (!fitted.limits().Charge(read.data.size() * sizeof(double))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return;
  bounds_.resize(read.data.size());
  for (std::size_t layer = 0; layer < layers; ++layer) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      std::copy_n(&read.data[(layer * nodes_.size() + i) * columns_], columns_,
                  &bounds_[(i * layers + layer) * columns_]);
    }
  }
}

double NeighborTree::LeastReduced(std::size_t node, const double* x) const {
  if (ball_) {
    const double* centre = &bounds_[node * columns_];
    const double least = metric_.Distance(x, centre, columns_) - radii_[node];
    return metric_.ToReduced(std::max(0.0, least));
  }
  const double* low = &bounds_[node * 2 * columns_];
  const double* high = low + columns_;
  double sum = 0;
  for (std::size_t j = 0; j < columns_; ++j) {
    const double outside = std::max(0.0, std::max(low[j] - x[j], x[j] - high[j]));
    if (metric_.type == MetricType::kEuclidean) {
      sum += outside * outside;
    } else if (metric_.type == MetricType::kChebyshev) {
      sum = std::max(sum, outside);
    } else {
      sum += metric_.type == MetricType::kManhattan ? outside : std::pow(outside, metric_.p);
    }
  }
  return sum;
}

void NeighborTree::Bounds(std::size_t node, const double* x, double& least,
                          double& greatest) const {
  if (ball_) {
    const double distance = metric_.Distance(x, &bounds_[node * columns_], columns_);
    least = std::max(0.0, distance - radii_[node]);
    greatest = distance + radii_[node];
    return;
  }
  const double* low = &bounds_[node * 2 * columns_];
  const double* high = low + columns_;
  const bool maximum = metric_.type == MetricType::kChebyshev;
  const double p = metric_.type == MetricType::kEuclidean   ? 2
                   : metric_.type == MetricType::kManhattan ? 1
                                                            : metric_.p;
  least = 0;
  greatest = 0;
  for (std::size_t j = 0; j < columns_; ++j) {
    const double outside = std::max(0.0, std::max(low[j] - x[j], x[j] - high[j]));
    const double across = std::max(std::abs(low[j] - x[j]), std::abs(x[j] - high[j]));
    least = maximum ? std::max(least, outside) : least + Power(outside, p);
    greatest = maximum ? std::max(greatest, across) : greatest + Power(across, p);
  }
  if (maximum) return;
  least = Root(least, p);
  greatest = Root(greatest, p);
}

void NeighborTree::MeasureLeaf(std::size_t node, const double* x, double* out) const {
  const Node& leaf = nodes_[node];
  const Rows row{x, 1, columns_, 0};
  const PanelRange range{leaf.first, leaf.first + leaf.count};
  switch (metric_.type) {
    case MetricType::kEuclidean:
      return SquaredDistances(row, panels_, range, out);
    case MetricType::kManhattan:
      return ManhattanDistances(row, panels_, range, out);
    case MetricType::kChebyshev:
      return ChebyshevDistances(row, panels_, range, out);
    default:
      for (std::size_t k = 0; k < leaf.count; ++k) {
        out[k] = metric_.Reduced(x, &rows_[(leaf.first + k) * columns_], columns_);
      }
  }
}

}  // namespace plinth::sklearn
