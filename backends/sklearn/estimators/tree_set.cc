#include "estimators/tree_set.h"

#include <limits>
#include <utility>

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

// The largest float that is not above `threshold`.
float RoundDown(double threshold) {
  const float nearest = static_cast<float>(threshold);
  if (static_cast<double>(nearest) <= threshold || std::isnan(threshold)) return nearest;
  return std::nextafter(nearest, -std::numeric_limits<float>::infinity());
}

template <typename T>
std::vector<T> Take(Fitted& fitted, Result<std::vector<T>> result) {
  if (result) return std::move(*result);
  fitted.Fail("its tree: " + result.error().message);
  return {};
}

}  // namespace

struct TreeSet::Source {
  std::vector<std::int64_t> left;
  std::vector<std::int64_t> right;
  std::vector<std::int64_t> feature;
  std::vector<double> threshold;
  std::vector<std::int64_t> missing_left;  // empty in trees from before scikit-learn 1.3
  std::vector<double> values;

  std::size_t size() const { return left.size(); }
};

void TreeSet::Add(Fitted& fitted, const Value& tree, LeafRule rule, double scale) {
  const Value* nodes = tree.Attribute("nodes");
  const Value* values = tree.Attribute("values");
  const bool arrays = nodes && nodes->Is(Kind::kArray) && nodes->array && values &&
                      values->Is(Kind::kArray) && values->array;
  if (!arrays || !nodes->array->dtype->structured()) {
    fitted.Fail(
        "its tree has no nodes and values; it was saved before fit(), or by a version that is not "
        "known");
    return;
  }
  const Array& array = *nodes->array;
  constexpr std::size_t kNumbersANode = 6;
  const std::size_t numbers = kNumbersANode * array.count + values->array->count;
  if (!fitted.limits().Charge(numbers * sizeof(double))) {
    fitted.Fail("its trees are too large for its file");
    return;
  }
  Source source;
  source.left = Take(fitted, FieldToInts(array, "left_child"));
  source.right = Take(fitted, FieldToInts(array, "right_child"));
  source.feature = Take(fitted, FieldToInts(array, "feature"));
  source.threshold = Take(fitted, FieldToDoubles(array, "threshold"));
  if (array.dtype->Find("missing_go_to_left")) {
    source.missing_left = Take(fitted, FieldToInts(array, "missing_go_to_left"));
  }
  source.values = Take(fitted, ToDoubles(*values->array));
  if (!fitted.ok()) return;
  if (source.size() == 0 || source.values.size() != source.size() * leaf_width_) {
    fitted.Fail("its tree has " + std::to_string(source.size()) + " nodes and " +
                std::to_string(source.values.size()) + " values; " + std::to_string(leaf_width_) +
                " a node were expected");
    return;
  }
  Flatten(fitted, source, rule, scale);
}

void TreeSet::Flatten(Fitted& fitted, const Source& source, LeafRule rule, double scale) {
  constexpr std::size_t kMaxNodes = kMissingLeft / 2;
  if (nodes_.size() + source.size() > kMaxNodes) {
    return fitted.Fail("it has more than two thousand million nodes");
  }
  struct Pending {
    std::size_t from;
    std::size_t to;
  };
  std::vector<bool> seen(source.size(), false);
  std::vector<Pending> pending{{0, nodes_.size()}};
  roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
  nodes_.emplace_back();
  seen[0] = true;
  // Claims a node for one parent: that no node has two makes it a tree, and every descent end.
  const auto claim = [&](std::int64_t node) {
    if (node < 0 || static_cast<std::size_t>(node) >= seen.size() ||
        seen[static_cast<std::size_t>(node)]) {
      return false;
    }
    seen[static_cast<std::size_t>(node)] = true;
    return true;
  };
  while (!pending.empty()) {
    const auto [from, to] = pending.back();
    pending.pop_back();
    if (source.left[from] < 0) {
      const auto leaf = static_cast<std::uint32_t>(leaves_.size() / leaf_width_);
      nodes_[to] =
          Node{std::numeric_limits<float>::infinity(), 0, static_cast<std::uint32_t>(to), leaf};
      AddLeaf(&source.values[from * leaf_width_], rule, scale);
      continue;
    }
    const std::int64_t feature = source.feature[from];
    if (!claim(source.left[from]) || !claim(source.right[from]) || feature < 0 ||
        static_cast<std::size_t>(feature) >= inputs_) {
      return fitted.Fail("node " + std::to_string(from) +
                         " of its tree has children or a feature that cannot be");
    }
    const std::size_t child = nodes_.size();
    nodes_.resize(child + 2);
    const bool missing_left = !source.missing_left.empty() && source.missing_left[from] != 0;
    nodes_[to] =
        Node{RoundDown(source.threshold[from]), static_cast<std::uint32_t>(feature),
             static_cast<std::uint32_t>(child), missing_left ? kMissingLeft : kMissingRight};
    pending.push_back({static_cast<std::size_t>(source.right[from]), child + 1});
    pending.push_back({static_cast<std::size_t>(source.left[from]), child});
  }
}

void TreeSet::AddLeaf(const double* values, LeafRule rule, double scale) {
  double sum = 0;
  for (std::size_t i = 0; i < leaf_width_; ++i) sum += values[i];
  for (std::size_t i = 0; i < leaf_width_; ++i) {
    double value = values[i];
    if (rule == LeafRule::kNormalise && sum != 0) value /= sum;
    if (rule == LeafRule::kScale) value *= scale;
    leaves_.push_back(value);
  }
}

Result<TreeSet::Features> TreeEstimator::ToFeatures(Rows rows, Scratch::Frame& frame) const {
  if (Status finite = CheckFinite(rows, allow_nan_); !finite) return Fail(finite.error());
  const std::size_t count = rows.count * rows.width;
  auto* features = frame.Take<float>(count);
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    features[i] = static_cast<float>(rows.data[i]);
    sum += features[i] * 0.0f;
  }
  bool has_nan = false;
  if (sum == 0) return TreeSet::Features{features, has_nan};
  for (std::size_t i = 0; i < count; ++i) {
    has_nan = has_nan || std::isnan(features[i]);
    if (!std::isinf(features[i])) continue;
    return Fail(Code::kInvalidArgument, "Input X contains a value too large for float32 (row " +
                                            std::to_string(rows.first + i / rows.width) +
                                            ", column " + std::to_string(i % rows.width) + "). " +
                                            traits().name + " computes in float32");
  }
  return TreeSet::Features{features, has_nan};
}

bool TreeAllowsNaN(Fitted& fitted, int since_minor) {
  if (!fitted.VersionAtLeast(1, since_minor)) return false;
  const std::string_view criterion = fitted.Text("criterion", "");
  const bool monotonic = fitted.Has("monotonic_cst");
  return fitted.VersionAtLeast(1, 9) || (criterion != "absolute_error" && !monotonic);
}

std::optional<TreeModel> ReadTreeClassifier(Fitted& fitted, AddTrees add, int nan_since) {
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  if (!fitted.ok()) return std::nullopt;
  TreeSet trees(inputs, classes.size());
  // Up to 1.3 a leaf holds how many samples of each class, since then which share.
  add(fitted, trees,
      fitted.VersionAtLeast(1, 4) ? TreeSet::LeafRule::kKeep : TreeSet::LeafRule::kNormalise);
  const bool allow_nan = TreeAllowsNaN(fitted, nan_since);
  if (!fitted.ok()) return std::nullopt;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.classes = std::move(classes);
  traits.probabilities = true;
  return TreeModel{std::move(traits), std::move(trees), allow_nan};
}

std::optional<TreeModel> ReadTreeRegressor(Fitted& fitted, AddTrees add, int nan_since) {
  const std::size_t inputs = fitted.Inputs();
  const double outputs = fitted.Number("n_outputs_", 1);
  if (!(outputs >= 1 && outputs <= 1e6)) fitted.Fail("'n_outputs_' is out of range");
  if (!fitted.ok()) return std::nullopt;
  TreeSet trees(inputs, static_cast<std::size_t>(outputs));
  add(fitted, trees, TreeSet::LeafRule::kKeep);
  const bool allow_nan = TreeAllowsNaN(fitted, nan_since);
  if (!fitted.ok()) return std::nullopt;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = trees.leaf_width();
  traits.flat = traits.outputs == 1;
  return TreeModel{std::move(traits), std::move(trees), allow_nan};
}

}  // namespace plinth::sklearn
