// Any number of decision trees, flattened into one array of nodes: the one engine for the trees of
// scikit-learn, XGBoost and LightGBM.
//
// The two children of a node stand next to each other, so a step is child + (x > threshold): no
// branch to mispredict. A leaf leads to itself, so several descents can go in step until the last
// of them has arrived, which hides the latency of memory: rows of a batch through one tree, or one
// row through several trees. (Gathering eight lanes with vector instructions takes as many loads as
// doing so one by one, so the descents are scalar.)
//
// T is what features and thresholds are: float or double. The only comparison is x <= threshold;
// what compares with < has JustBelow() its threshold. Leaves are doubles, and whoever visits them
// adds them up as the library does: in float or double, tree by tree, class by class.
//
// What a library does to a feature before it compares (rounding, zero as missing, NaN as zero) is
// done to the rows that come.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "estimators/fitted.h"
#include "numeric/linear_algebra.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

// How many rows are best done at once: a tree has to be fetched for each block.
inline constexpr std::size_t kTreeBlockRows = 1024;

// x < threshold is x <= JustBelow(threshold) for every x but NaN.
template <typename T>
T JustBelow(T threshold) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  if (threshold == -kInfinity) return std::numeric_limits<T>::quiet_NaN();
  return std::nextafter(threshold, -kInfinity);
}

// The categories that go left at a split. A category is a feature's whole part.
struct CategorySet {
  std::vector<std::uint64_t> bits;  // bit c: category c goes left
  bool outside_left = false;        // negative ones, and those beyond the bits
};

// One node of a tree as its file has it.
template <typename T>
struct SourceNode {
  std::int64_t left = -1;  // negative: a leaf
  std::int64_t right = -1;
  std::int64_t feature = 0;
  T threshold = 0;  // x <= threshold goes left, all others right
  bool missing_left = false;
  std::int32_t categories = -1;  // what AddCategories() gave; the threshold is not looked at then
};

// Features as the trees want them: in tiles of kLanes rows, feature by feature, or row by row if
// there are fewer rows.
template <typename T>
struct FeatureBlock {
  static constexpr std::size_t kLanes = 8;

  const T* data = nullptr;
  std::size_t rows = 0;
  std::size_t width = 0;
  bool has_nan = false;  // whether any may be NaN

  bool tiled() const { return rows >= kLanes; }

  // Converts rows by to(value, column). The block lives in memory of the frame.
  template <typename To>
  static FeatureBlock Of(Rows rows, Scratch::Frame& frame, To to);
  static FeatureBlock Of(Rows rows, Scratch::Frame& frame) {
    return Of(rows, frame, [](double value, std::size_t) { return static_cast<T>(value); });
  }
};

template <typename T>
class TreeSet {
 public:
  static constexpr std::size_t kLanes = FeatureBlock<T>::kLanes;

  // `inputs`: columns of the rows that will come; `leaf_width`: numbers in a leaf.
  TreeSet(std::size_t inputs, std::size_t leaf_width) : inputs_(inputs), leaf_width_(leaf_width) {}

  // A set for SourceNode::categories.
  std::int32_t AddCategories(Fitted& fitted, CategorySet set);

  // Adds a tree, whose root is the first node. `values` holds leaf_width numbers for each node;
  // those of leaves count. Fails in `fitted` if the nodes do not make a tree over the inputs.
  void Add(Fitted& fitted, std::span<const SourceNode<T>> nodes, std::span<const double> values);

  std::size_t size() const { return roots_.size(); }
  std::size_t inputs() const { return inputs_; }
  std::size_t leaf_width() const { return leaf_width_; }

  // Calls visit(row, tree, leaf's numbers) for every row and tree; for each row in the order in
  // which the trees were added. Requires block.width == inputs().
  template <typename Visit>
  void ForEachLeaf(const FeatureBlock<T>& block, Visit visit) const {
    if (!categories_.empty()) {
      Walk<Look::kCategories>(block, visit);
    } else if (block.has_nan) {
      Walk<Look::kMissing>(block, visit);
    } else {
      Walk<Look::kNumbers>(block, visit);
    }
  }

 private:
  static constexpr std::uint32_t kMissingLeft = 0x80000000;  // the top bit: Next() shifts it down
  static constexpr std::uint32_t kCategorical = 0x40000000;
  static constexpr std::uint32_t kFeature = kCategorical - 1;
  static_assert(ReadLimits::kMaxColumns <= kFeature);

  // What a step must be ready for: numbers alone, NaN too, categorical nodes too.
  enum class Look : std::uint8_t { kNumbers, kMissing, kCategories };

  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

  static constexpr Bits kQuietNaN = std::bit_cast<Bits>(std::numeric_limits<T>::quiet_NaN());
  // The bits of a quiet NaN's payload, and so the largest number of a leaf.
  static constexpr Bits kMostLeaves = (Bits{1} << (std::numeric_limits<T>::digits - 2)) - 1;

  struct Node {
    // Of a leaf: NaN, so that all go left; its payload is the leaf's number in its tree. Of a
    // categorical node: a set's index.
    T threshold = 0;
    std::uint32_t feature = 0;  // with flags; of a leaf: 0 | kMissingLeft
    std::uint32_t child = 0;    // the left child, the right one behind it; of a leaf: itself
  };

  Node Split(const SourceNode<T>& source, std::size_t child) const;

  template <Look kLook>
  std::uint32_t Next(const Node& node, T x) const {
    if constexpr (kLook == Look::kCategories) {
      if (node.feature & kCategorical) return node.child + (CategoryGoesLeft(node, x) ? 0 : 1);
    }
    std::uint32_t right = x > node.threshold ? 1 : 0;
    if constexpr (kLook != Look::kNumbers) {
      const std::uint32_t missing = std::isnan(x) ? 1 : 0;
      right |= missing & ~(node.feature >> 31);
    }
    return node.child + right;
  }

  bool CategoryGoesLeft(const Node& node, T x) const {
    if (std::isnan(x)) return (node.feature & kMissingLeft) != 0;
    const CategorySet& set = categories_[std::bit_cast<Bits>(node.threshold)];
    if (!(x >= 0 && x < static_cast<T>(64 * set.bits.size()))) return set.outside_left;
    const auto category = static_cast<std::size_t>(x);
    return (set.bits[category / 64] >> (category % 64) & 1) != 0;
  }

  // Leads all lanes to their leaves; lane's x is values[feature * kStride + lane * kLaneStep].
  template <Look kLook, std::size_t kStride, std::size_t kLaneStep>
  void Descend(const T* values, std::uint32_t (&at)[kLanes]) const {
    const Node* nodes = nodes_.data();
    std::uint32_t moved = 1;
    while (moved != 0) {
      moved = 0;
#pragma GCC unroll 8
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const Node& node = nodes[at[lane]];
        const T x = values[(node.feature & kFeature) * kStride + lane * kLaneStep];
        const std::uint32_t next = Next<kLook>(node, x);
        moved |= next ^ at[lane];
        at[lane] = next;
      }
    }
  }

  static T LeafThreshold(std::size_t number) {
    return std::bit_cast<T>(kQuietNaN | static_cast<Bits>(number));
  }

  const double* LeafOf(std::uint32_t node, std::size_t tree) const {
    const Bits number = std::bit_cast<Bits>(nodes_[node].threshold) & kMostLeaves;
    return leaves_.data() + first_leaf_[tree] + number * leaf_width_;
  }

  template <Look kLook, typename Visit>
  void Walk(const FeatureBlock<T>& block, Visit& visit) const {
    if (!block.tiled()) {
      for (std::size_t row = 0; row < block.rows; ++row) {
        WalkTrees<kLook>(block.data + row * inputs_, row, visit);
      }
      return;
    }
    for (std::size_t tree = 0; tree < roots_.size(); ++tree) {
      for (std::size_t row = 0; row < block.rows; row += kLanes) {
        const std::size_t rows = block.rows - row < kLanes ? block.rows - row : kLanes;
        std::uint32_t at[kLanes];
        for (std::size_t lane = 0; lane < kLanes; ++lane) at[lane] = roots_[tree];
        Descend<kLook, kLanes, 1>(block.data + row * inputs_, at);
        for (std::size_t lane = 0; lane < rows; ++lane) {
          visit(row + lane, tree, LeafOf(at[lane], tree));
        }
      }
    }
  }

  // One row through all trees.
  template <Look kLook, typename Visit>
  void WalkTrees(const T* row, std::size_t row_index, Visit& visit) const {
    for (std::size_t tree = 0; tree < roots_.size(); tree += kLanes) {
      const std::size_t trees = roots_.size() - tree < kLanes ? roots_.size() - tree : kLanes;
      std::uint32_t at[kLanes];
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        at[lane] = roots_[lane < trees ? tree + lane : tree];
      }
      Descend<kLook, 1, 0>(row, at);
      for (std::size_t lane = 0; lane < trees; ++lane) {
        visit(row_index, tree + lane, LeafOf(at[lane], tree + lane));
      }
    }
  }

  std::size_t inputs_;
  std::size_t leaf_width_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;
  std::vector<std::size_t> first_leaf_;  // for each tree: where its leaves begin in leaves_
  std::vector<double> leaves_;
  std::vector<CategorySet> categories_;
};

template <typename T>
template <typename To>
FeatureBlock<T> FeatureBlock<T>::Of(Rows rows, Scratch::Frame& frame, To to) {
  FeatureBlock block{nullptr, rows.count, rows.width, false};
  const std::size_t tiles = (rows.count + kLanes - 1) / kLanes;
  T* data = frame.Take<T>((block.tiled() ? tiles * kLanes : rows.count) * rows.width);
  block.data = data;
  T nan = 0;  // becomes NaN if any x is; an infinity makes it NaN too, which costs only time
  for (std::size_t row = 0; row < rows.count; ++row) {
    const double* from = rows.row(row);
    const std::size_t step = block.tiled() ? kLanes : 1;
    T* at = block.tiled() ? data + row / kLanes * kLanes * rows.width + row % kLanes
                          : data + row * rows.width;
    for (std::size_t column = 0; column < rows.width; ++column) {
      const T x = to(from[column], column);
      at[column * step] = x;
      nan += x * 0;
    }
  }
  // The lanes that are left over have no row; they go through the trees all the same.
  for (std::size_t row = rows.count; block.tiled() && row < tiles * kLanes; ++row) {
    T* at = data + row / kLanes * kLanes * rows.width + row % kLanes;
    for (std::size_t column = 0; column < rows.width; ++column) at[column * kLanes] = 0;
  }
  block.has_nan = std::isnan(nan);
  return block;
}

extern template class TreeSet<float>;
extern template class TreeSet<double>;

}  // namespace plinth::sklearn
