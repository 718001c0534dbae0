// IsolationForest: how few splits it takes to part a row from those that were learnt.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "estimators/families.h"
#include "estimators/trees/sklearn_tree.h"

namespace plinth::sklearn {
namespace {

// How many splits it takes on average to part one of `samples` from the others.
double AveragePathLength(double samples) {
  if (samples <= 1) return 0;
  if (samples == 2) return 1;
  return 2 * (std::log(samples - 1) + std::numbers::egamma) - 2 * (samples - 1) / samples;
}

class IsolationForest final : public TreeEstimator {
 public:
  // Leaves hold path lengths. `denominator`: what the sum of a row's is divided by.
  // `single_sample`: nothing could be learnt, all rows score alike.
  IsolationForest(Traits traits, TreeSet<float> trees, Accepts accepts, double denominator,
                  bool single_sample, double offset)
      : TreeEstimator(std::move(traits), std::move(trees), accepts),
        denominator_(denominator),
        single_sample_(single_sample),
        offset_(offset) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const auto features = ToFeatures(rows, frame);
    if (!features) return Fail(features.error());
    double* depths = frame.Take<double>(rows.count);
    std::fill_n(depths, rows.count, 0.0);
    trees().ForEachLeaf(
        *features, [&](std::size_t row, std::size_t, const double* leaf) { depths[row] += *leaf; });
    for (std::size_t row = 0; row < rows.count; ++row) {
      const double ratio = single_sample_ ? 1 : depths[row] / denominator_;
      const double score = -std::exp2(-ratio);
      const double decision = score - offset_;
      if (out.scores) out.scores[row] = score;
      if (out.decision) out.decision[row] = decision;
      if (out.labels) out.labels[row] = decision < 0 ? 0 : 1;
    }
    return {};
  }

 private:
  double denominator_;
  bool single_sample_;
  double offset_;
};

// Turns a leaf's value into the length of the path to it and, on average, on from it. Nodes come
// after their parents.
void SetPathLengths(Fitted& fitted, const Value& tree, SklearnTree& read) {
  const std::vector<std::int64_t> samples = ReadNodeField(fitted, tree, "n_node_samples");
  const std::size_t size = read.nodes.size();
  if (!fitted.ok() || !fitted.limits().Charge(size * sizeof(double))) {
    return fitted.Fail("its trees are too large for its file");
  }
  std::vector<double> depths(size, 1);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::int64_t child : {read.nodes[i].left, read.nodes[i].right}) {
      // What cannot be a child is refused when the tree is added.
      if (child >= 0 && static_cast<std::size_t>(child) < size) {
        depths[static_cast<std::size_t>(child)] = depths[i] + 1;
      }
    }
  }
  read.values.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    read.values[i] = depths[i] + AveragePathLength(static_cast<double>(samples[i])) - 1;
  }
}

// A tree sees some of the columns: its features become those of X.
void MapFeatures(Fitted& fitted, const Value& columns, SklearnTree& read) {
  const std::vector<std::int64_t> features = fitted.Ints(columns, "estimators_features_");
  for (SourceNode<float>& node : read.nodes) {
    if (node.left < 0) continue;
    if (node.feature < 0 || static_cast<std::size_t>(node.feature) >= features.size()) {
      return fitted.FailFor("estimators_features_", "does not go with the trees");
    }
    node.feature = features[static_cast<std::size_t>(node.feature)];
  }
}

TreeSet<float> ReadTrees(Fitted& fitted, std::size_t inputs) {
  TreeSet<float> trees(inputs, 1);
  const Value* features = fitted.Require("estimators_features_");
  if (fitted.ok() && !features->IsSequence()) {
    fitted.FailFor("estimators_features_", "is " + Describe(*features) + "; a list was expected");
  }
  if (!fitted.ok()) return trees;
  ForEachFittedTree(fitted, [&](const Value& tree) {
    if (trees.size() >= features->items.size()) {
      return fitted.FailFor("estimators_features_", "is for fewer trees");
    }
    SklearnTree read = ReadSklearnTree(fitted, tree);
    if (!fitted.ok()) return;
    MapFeatures(fitted, *features->items[trees.size()], read);
    SetPathLengths(fitted, tree, read);
    trees.Add(fitted, read.nodes, read.values);
  });
  return trees;
}

EstimatorPtr Read(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  TreeSet<float> trees = ReadTrees(fitted, inputs);
  const double offset = fitted.Vector("offset_", 1)[0];
  const double samples = fitted.Vector("max_samples_", 1)[0];
  if (!fitted.ok()) return nullptr;
  const double denominator = static_cast<double>(trees.size()) * AveragePathLength(samples);
  Traits traits = fitted.MakeTraits(Role::kOutlierDetector, inputs);
  traits.classes.ints = {-1, 1};
  traits.decision_width = 1;
  traits.score_samples = true;
  // Versions before 1.0 divide by zero then.
  const bool single_sample = denominator == 0 && fitted.VersionAtLeast(1, 0);
  const Accepts accepts = fitted.VersionAtLeast(1, 6) ? Accepts::kAny : Accepts::kFinite;
  return std::make_unique<IsolationForest>(std::move(traits), std::move(trees), accepts,
                                           denominator, single_sample, offset);
}

}  // namespace

std::span<const RegistryEntry> IsolationForests() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.ensemble.IsolationForest", Read}};
  return kEntries;
}

}  // namespace plinth::sklearn
