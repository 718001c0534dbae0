// KernelDensity: score_samples is the logarithm of the density.
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/density_walk.h"

namespace plinth::sklearn {
namespace {

class KernelDensity final : public Estimator {
 public:
  KernelDensity(Traits traits, DensityModel model)
      : Estimator(std::move(traits)), model_(std::move(model)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.scores == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      out.scores[i] =
          model_.LogSum(rows.row(i), scratch) + model_.log_norm - std::log(model_.weight);
    }
    return {};
  }

 private:
  DensityModel model_;
};

// The weights of the points, which the tree holds where there are some.
std::vector<double> ReadPointWeights(Fitted& fitted, const Value& tree, std::size_t size) {
  constexpr std::size_t kPlace = 12;
  const Value* parts = tree.state;
  const bool weighted = parts->items.size() > kPlace && !parts->items[kPlace]->IsNone();
  if (!weighted) return std::vector<double>(size, 1.0);
  std::vector<double> weights = fitted.ReadMatrix(*parts->items[kPlace], "sample_weight").data;
  if (fitted.ok() && weights.size() != size) fitted.Fail("its tree's weights are not its points'");
  return weights;
}

void Weigh(const std::vector<double>& weights, DensityModel& model) {
  bool weighted = false;
  for (double weight : weights) {
    model.weight += weight;
    model.log_weights.push_back(std::log(weight));
    weighted |= weight != 1;
  }
  if (!weighted) model.log_weights.clear();
  // Children stand behind their parents, so from behind they are known first.
  const std::size_t nodes = model.tree.nodes();
  std::vector<double> sums(nodes);
  for (std::size_t i = nodes; i-- > 0;) {
    const NeighborTree::Node& node = model.tree.node(i);
    const std::size_t left = NeighborTree::Left(i);
    if (!node.leaf) sums[i] = sums[left] + sums[left + 1];
    // A leaf below another leaf is none of the tree's, and has no place.
    for (std::size_t k = 0; node.leaf && k < node.count && node.placed; ++k) {
      sums[i] += weights[model.tree.IndexAt(node.first + k)];
    }
  }
  for (double sum : sums) model.log_nodes.push_back(std::log(sum));
}

EstimatorPtr ReadKernelDensity(Fitted& fitted) {
  const Value* tree = fitted.Require("tree_");
  if (tree == nullptr) return nullptr;
  const std::string_view name = fitted.Text("kernel", "gaussian");
  const auto shape = FindDensityShape(name);
  if (!shape) fitted.Fail("kernel '" + std::string(name.substr(0, 64)) + "' is not known");
  DensityModel model;
  // Before scikit-learn 1.2 the parameter was always a number.
  model.bandwidth = fitted.Number(fitted.Has("bandwidth_") ? "bandwidth_" : "bandwidth", 1);
  if (!(model.bandwidth > 0)) fitted.FailFor("bandwidth_", "is not above 0");
  if (!fitted.ok()) return nullptr;
  model.tree = NeighborTree::Read(fitted, *tree, fitted.Text("metric", "euclidean"),
                                  fitted.Find("metric_params"));
  if (!fitted.ok()) return nullptr;
  const std::size_t inputs = fitted.Inputs(model.tree.columns());
  const std::vector<double> weights = ReadPointWeights(fitted, *tree, model.tree.size());
  if (!fitted.limits().Charge(4 * model.tree.nodes() * sizeof(double))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  Weigh(weights, model);
  model.shape = *shape;
  model.log_norm = LogNorm(model.shape, model.bandwidth, inputs);
  model.log_absolute = std::log(fitted.Number("atol", 0) * model.weight);
  model.log_relative = std::log(fitted.Number("rtol", 0));
  model.breadth_first = fitted.Flag("breadth_first", true);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.score_samples = true;
  return std::make_unique<KernelDensity>(std::move(traits), std::move(model));
}

}  // namespace

std::span<const RegistryEntry> KernelDensities() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.KernelDensity", ReadKernelDensity}};
  return kEntries;
}

}  // namespace plinth::sklearn
