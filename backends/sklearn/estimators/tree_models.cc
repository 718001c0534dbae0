#include "estimators/tree_models.h"

#include <numeric>
#include <utility>

namespace plinth::sklearn {
namespace {

// Divides a leaf's numbers by their sum.
void Normalise(std::span<double> leaf) {
  const double sum = std::accumulate(leaf.begin(), leaf.end(), 0.0);
  if (sum == 0) return;
  for (double& value : leaf) value /= sum;
}

}  // namespace

std::optional<TreeModel> ReadTreeClassifier(Fitted& fitted, ForEachTree for_each, int nan_since) {
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  if (!fitted.ok()) return std::nullopt;
  // Up to 1.3 a leaf holds how many samples of each class, since then which share.
  const bool shares = fitted.VersionAtLeast(1, 4);
  TreeSet<float> trees(inputs, classes.size());
  for_each(fitted, [&](const Value& tree) {
    SklearnTree read = ReadSklearnTree(fitted, tree);
    for (std::size_t i = 0; !shares && i < read.nodes.size(); ++i) {
      Normalise(std::span(read.values).subspan(i * read.width, read.width));
    }
    trees.Add(fitted, read.nodes, read.values);
  });
  const bool allow_nan = TreeAllowsNaN(fitted, nan_since);
  if (!fitted.ok()) return std::nullopt;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.classes = std::move(classes);
  traits.probabilities = true;
  return TreeModel{std::move(traits), std::move(trees), allow_nan};
}

std::optional<TreeModel> ReadTreeRegressor(Fitted& fitted, ForEachTree for_each, int nan_since) {
  const std::size_t inputs = fitted.Inputs();
  const double outputs = fitted.Number("n_outputs_", 1);
  if (!(outputs >= 1 && outputs <= 1e6)) fitted.Fail("'n_outputs_' is out of range");
  if (!fitted.ok()) return std::nullopt;
  TreeSet<float> trees(inputs, static_cast<std::size_t>(outputs));
  for_each(fitted, [&](const Value& tree) { AddSklearnTree(fitted, trees, tree); });
  const bool allow_nan = TreeAllowsNaN(fitted, nan_since);
  if (!fitted.ok()) return std::nullopt;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = trees.leaf_width();
  traits.flat = traits.outputs == 1;
  return TreeModel{std::move(traits), std::move(trees), allow_nan};
}

}  // namespace plinth::sklearn
