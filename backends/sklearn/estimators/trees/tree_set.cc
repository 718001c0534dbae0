#include "estimators/trees/tree_set.h"

#include <string>
#include <utility>

namespace plinth::sklearn {

template <typename T>
std::int32_t TreeSet<T>::AddCategories(Fitted& fitted, CategorySet set) {
  constexpr std::size_t kMaxSets = std::size_t{1} << 30;
  // Beyond this the whole numbers are not all there in float.
  constexpr std::size_t kMaxCategories = std::size_t{1} << 24;
  const std::size_t size = set.bits.size() * sizeof(std::uint64_t) + sizeof(CategorySet);
  if (categories_.size() >= kMaxSets || set.bits.size() > kMaxCategories / 64 ||
      !fitted.limits().Charge(size)) {
    fitted.Fail("its sets of categories are too large for its file");
    return -1;
  }
  categories_.push_back(std::move(set));
  return static_cast<std::int32_t>(categories_.size() - 1);
}

template <typename T>
typename TreeSet<T>::Node TreeSet<T>::Split(const SourceNode<T>& source, std::size_t child) const {
  Node node{source.threshold, static_cast<std::uint32_t>(source.feature),
            static_cast<std::uint32_t>(child)};
  if (source.missing_left) node.feature |= kMissingLeft;
  if (source.categories >= 0) {
    node.feature |= kCategorical;
    node.threshold = std::bit_cast<T>(static_cast<Bits>(source.categories));
  }
  return node;
}

template <typename T>
void TreeSet<T>::Add(Fitted& fitted, std::span<const SourceNode<T>> nodes,
                     std::span<const double> values) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max() / 2;
  if (!fitted.ok()) return;
  if (nodes.empty() || values.size() != nodes.size() * leaf_width_) {
    return fitted.Fail("its tree has " + std::to_string(nodes.size()) + " nodes and " +
                       std::to_string(values.size()) + " values; " + std::to_string(leaf_width_) +
                       " a node were expected");
  }
  if (nodes_.size() + nodes.size() > kMost) {
    return fitted.Fail("it has more than two thousand million nodes");
  }
  const std::size_t numbers = nodes.size() * (2 + leaf_width_);
  if (!fitted.limits().Charge(numbers * sizeof(double))) {
    return fitted.Fail("its trees are too large for its file");
  }

  struct Pending {
    std::size_t from;
    std::size_t to;
  };
  std::vector<bool> seen(nodes.size(), false);
  // Claims a node for one parent: that no node has two makes it a tree, and every descent end.
  const auto claim = [&](std::int64_t node) {
    if (node < 0 || static_cast<std::size_t>(node) >= seen.size()) return false;
    if (seen[static_cast<std::size_t>(node)]) return false;
    seen[static_cast<std::size_t>(node)] = true;
    return true;
  };
  std::vector<Pending> pending{{0, nodes_.size()}};
  roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
  first_leaf_.push_back(leaves_.size());
  nodes_.emplace_back();
  std::size_t leaf_count = 0;
  seen[0] = true;
  while (!pending.empty()) {
    const auto [from, to] = pending.back();
    pending.pop_back();
    const SourceNode<T>& source = nodes[from];
    if (source.left < 0) {
      if (leaf_count > kMostLeaves) return fitted.Fail("its tree has too many leaves");
      nodes_[to] = Node{LeafThreshold(leaf_count++), kMissingLeft, static_cast<std::uint32_t>(to)};
      const auto leaf = values.subspan(from * leaf_width_, leaf_width_);
      leaves_.insert(leaves_.end(), leaf.begin(), leaf.end());
      continue;
    }
    const bool known = source.categories < static_cast<std::int64_t>(categories_.size());
    if (!known || !claim(source.left) || !claim(source.right) || source.feature < 0 ||
        static_cast<std::size_t>(source.feature) >= inputs_) {
      return fitted.Fail("node " + std::to_string(from) +
                         " of its tree has children or a feature that cannot be");
    }
    const std::size_t child = nodes_.size();
    nodes_.resize(child + 2);
    nodes_[to] = Split(source, child);
    pending.push_back({static_cast<std::size_t>(source.right), child + 1});
    pending.push_back({static_cast<std::size_t>(source.left), child});
  }
}

template class TreeSet<float>;
template class TreeSet<double>;

}  // namespace plinth::sklearn
