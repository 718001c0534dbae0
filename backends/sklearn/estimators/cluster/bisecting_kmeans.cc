// BisectingKMeans: a row goes down a tree, at each node to the nearer of two centres.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

// A node with two children keeps their centres at rows 2 * split and 2 * split + 1 of `centres`.
struct Node {
  bool leaf = true;
  std::int32_t cluster = 0;  // of a leaf
  std::uint32_t split = 0;
  std::uint32_t children[2] = {0, 0};  // behind the node itself: going down ends
};

struct BisectingState {
  std::vector<Node> nodes;
  std::vector<double> tree_centres;  // 2 a split
  std::vector<double> tree_norms;
  Panels clusters;  // the clusters' own centres, for transform
  std::vector<double> norms;
};

class BisectingTree final : public Estimator {
 public:
  BisectingTree(Traits traits, BisectingState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.labels) {
      for (std::size_t i = 0; i < rows.count; ++i) out.labels[i] = Descend(rows.row(i), rows.width);
    }
    if (out.transformed) Measure(rows, out.transformed);
    return {};
  }

 private:
  std::int32_t Descend(const double* row, std::size_t width) const {
    const Node* node = &state_.nodes[0];
    while (!node->leaf) {
      double distances[2];
      for (std::size_t side = 0; side < 2; ++side) {
        const std::size_t at = 2 * std::size_t{node->split} + side;
        distances[side] =
            state_.tree_norms[at] - 2 * Dot(row, &state_.tree_centres[at * width], width);
      }
      node = &state_.nodes[node->children[distances[1] < distances[0] ? 1 : 0]];
    }
    return node->cluster;
  }

  void Measure(Rows rows, double* distances) const {
    const std::size_t n = state_.norms.size();
    InnerProducts(rows, state_.clusters, AllOf(state_.clusters), distances);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double norm = SquaredNorm(rows.row(i), rows.width);
      for (std::size_t j = 0; j < n; ++j) {
        double& distance = distances[i * n + j];
        distance = std::sqrt(std::max(-2 * distance + norm + state_.norms[j], 0.0));
      }
    }
  }

  BisectingState state_;
};

// Reads the tree that hangs together by `left` and `right`, without recursion.
class TreeReader {
 public:
  TreeReader(Fitted& fitted, std::size_t inputs, std::size_t clusters, BisectingState& state)
      : fitted_(fitted), inputs_(inputs), clusters_(clusters), state_(state) {
    // Versions write it for dense data only.
    if (fitted.Has("_X_mean")) mean_ = fitted.Vector("_X_mean", inputs);
  }

  void Read(const Value& root) {
    Push(root);
    for (std::size_t at = 0; fitted_.ok() && at < objects_.size(); ++at) {
      ReadNode(*objects_[at], at);
    }
  }

 private:
  void Push(const Value& object) {
    // A tree of k leaves has 2k - 1 nodes; one that has more goes in circles.
    if (objects_.size() >= 2 * clusters_) {
      fitted_.FailFor("_bisecting_tree", "has more nodes than clusters need");
      return;
    }
    objects_.push_back(&object);
    state_.nodes.emplace_back();
  }

  void ReadNode(const Value& object, std::size_t at) {
    Fitted part = fitted_.Part(object);
    if (part.Has("left")) {
      const auto split = static_cast<std::uint32_t>(state_.tree_norms.size() / 2);
      state_.nodes[at].leaf = false;
      state_.nodes[at].split = split;
      for (std::size_t side = 0; side < 2; ++side) {
        const Value* child = part.Require(side == 0 ? "left" : "right");
        if (child == nullptr) break;
        state_.nodes[at].children[side] = static_cast<std::uint32_t>(objects_.size());
        Push(*child);
        ReadCentre(part, *child);
      }
    } else {
      const double label = part.Number("label", -1);
      if (!(label >= 0 && label < static_cast<double>(clusters_))) {
        part.FailFor("label", "is not the number of a cluster");
      } else {
        state_.nodes[at].cluster = static_cast<std::int32_t>(label);
      }
    }
    if (!part.ok()) fitted_.Fail(part.error().message);
  }

  void ReadCentre(Fitted& parent, const Value& child) {
    Fitted part = parent.Part(child);
    std::vector<double> centre = part.Vector("center", inputs_);
    if (!part.ok()) parent.Fail(part.error().message);
    for (std::size_t j = 0; j < mean_.size(); ++j) centre[j] += mean_[j];
    state_.tree_norms.push_back(SquaredNorm(centre.data(), inputs_));
    state_.tree_centres.insert(state_.tree_centres.end(), centre.begin(), centre.end());
  }

  Fitted& fitted_;
  std::size_t inputs_;
  std::size_t clusters_;
  BisectingState& state_;
  std::vector<double> mean_;
  std::vector<const Value*> objects_;
};

EstimatorPtr ReadBisectingKMeans(Fitted& fitted) {
  const Matrix centres = fitted.ReadMatrix("cluster_centers_");
  const std::size_t inputs = fitted.Inputs(centres.columns);
  const Value* tree = fitted.Require("_bisecting_tree");
  if (!fitted.limits().Charge(Panels::SizeFor(centres.rows, centres.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  BisectingState state;
  state.clusters = Panels(centres.data.data(), centres.rows, centres.columns);
  for (std::size_t j = 0; j < centres.rows; ++j) {
    const double* centre = &centres.data[j * inputs];
    state.norms.push_back(SquaredNorm(centre, inputs));
  }
  TreeReader(fitted, inputs, centres.rows, state).Read(*tree);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClusterer, inputs);
  for (std::size_t j = 0; j < centres.rows; ++j) {
    traits.classes.ints.push_back(static_cast<std::int64_t>(j));
  }
  traits.transform_width = centres.rows;
  return std::make_unique<BisectingTree>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> BisectingClusterers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.cluster.BisectingKMeans", ReadBisectingKMeans}};
  return kEntries;
}

}  // namespace plinth::sklearn
