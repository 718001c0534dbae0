#include "estimators/trees/tree_models.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace plinth::sklearn {
namespace {

// The number of classes of each target.
std::vector<std::size_t> TargetSizes(const Traits& traits) {
  if (traits.targets.empty()) return {traits.classes.size()};
  std::vector<std::size_t> sizes;
  for (const Classes& target : traits.targets) sizes.push_back(target.size());
  return sizes;
}

// Divides numbers by their sum.
void Normalise(std::span<double> shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (sum == 0) return;
  for (double& share : shares) share /= sum;
}

// Reads a tree whose nodes have, for each target, as many numbers as the target with the most
// classes; those that are beyond a target's classes are left out.
void AddClassifierTree(Fitted& fitted, const Value& tree, const std::vector<std::size_t>& targets,
                       bool normalise, TreeSet<float>& trees) {
  SklearnTree read = ReadSklearnTree(fitted, tree);
  const std::size_t most = std::ranges::max(targets);
  if (fitted.ok() && read.width != most * targets.size()) {
    fitted.Fail("its tree has " + std::to_string(read.width) + " values a node; " +
                std::to_string(most * targets.size()) + " were expected");
  }
  if (!fitted.ok()) return;
  double* to = read.values.data();
  for (std::size_t i = 0; i < read.nodes.size(); ++i) {
    const double* from = read.values.data() + i * read.width;
    for (std::size_t size : targets) {
      std::copy_n(from, size, to);
      if (normalise) Normalise({to, size});
      from += most;
      to += size;
    }
  }
  read.values.resize(static_cast<std::size_t>(to - read.values.data()));
  trees.Add(fitted, read.nodes, read.values);
}

}  // namespace

void ChooseLabels(const Traits& traits, const double* probabilities, std::int32_t* labels) {
  if (traits.targets.empty()) {
    *labels = static_cast<std::int32_t>(ArgMax(probabilities, traits.classes.size()));
    return;
  }
  for (const Classes& target : traits.targets) {
    *labels++ = static_cast<std::int32_t>(ArgMax(probabilities, target.size()));
    probabilities += target.size();
  }
}

std::optional<TreeModel> ReadTreeClassifier(Fitted& fitted, ForEachTree for_each, int nan_since) {
  const std::size_t inputs = fitted.Inputs();
  if (!fitted.ok()) return std::nullopt;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  fitted.ReadClasses(traits);
  if (!fitted.ok()) return std::nullopt;
  traits.probabilities = true;
  // Up to 1.3 a leaf holds how many samples of each class, since then which share.
  const bool normalise = !fitted.VersionAtLeast(1, 4);
  const std::vector<std::size_t> targets = TargetSizes(traits);
  TreeSet<float> trees(inputs, traits.ProbabilityWidth());
  for_each(fitted,
           [&](const Value& tree) { AddClassifierTree(fitted, tree, targets, normalise, trees); });
  const Accepts accepts = TreeAccepts(fitted, nan_since);
  if (!fitted.ok()) return std::nullopt;
  return TreeModel{std::move(traits), std::move(trees), accepts};
}

std::optional<TreeModel> ReadTreeRegressor(Fitted& fitted, ForEachTree for_each, int nan_since) {
  const std::size_t inputs = fitted.Inputs();
  const double outputs = fitted.Number("n_outputs_", 1);
  if (!(outputs >= 1 && outputs <= 1e6)) fitted.Fail("'n_outputs_' is out of range");
  if (!fitted.ok()) return std::nullopt;
  TreeSet<float> trees(inputs, static_cast<std::size_t>(outputs));
  for_each(fitted, [&](const Value& tree) { AddSklearnTree(fitted, trees, tree); });
  const Accepts accepts = TreeAccepts(fitted, nan_since);
  if (!fitted.ok()) return std::nullopt;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = trees.leaf_width();
  traits.flat = traits.outputs == 1;
  return TreeModel{std::move(traits), std::move(trees), accepts};
}

}  // namespace plinth::sklearn
