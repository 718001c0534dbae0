// LocalOutlierFactor(novelty=True): how much denser it is around a row's neighbours than around the
// row.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/neighbor_query.h"

namespace plinth::sklearn {
namespace {

class LocalOutlierFactor final : public Estimator {
 public:
  struct State {
    std::vector<double> reach;    // of each fitted row: the distance of its k-th neighbour
    std::vector<double> density;  // of each fitted row
    double offset = 0;
  };

  LocalOutlierFactor(Traits traits, NeighborQuery query, State state)
      : Estimator(std::move(traits)), query_(std::move(query)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, query_.search().allows_nan()); !finite) return finite;
    return query_.ForEach(rows, scratch, [&](std::size_t i, const Neighborhood& found) -> Status {
      const double score = Score(found);
      if (out.scores) out.scores[i] = score;
      if (out.decision) out.decision[i] = score - s_.offset;
      if (out.labels) out.labels[i] = score - s_.offset < 0 ? 0 : 1;
      return {};
    });
  }

 private:
  double Score(const Neighborhood& found) const {
    constexpr double kLeastReach = 1e-10;  // as scikit-learn: no density is infinite
    const auto count = static_cast<double>(found.count);
    double reach = 0;
    for (std::size_t k = 0; k < found.count; ++k) {
      reach += std::max(found.distances[k], s_.reach[found.indices[k]]);
    }
    const double density = 1 / (reach / count + kLeastReach);
    double ratios = 0;
    for (std::size_t k = 0; k < found.count; ++k) {
      ratios += s_.density[found.indices[k]] / density;
    }
    return -(ratios / count);
  }

  NeighborQuery query_;
  State s_;
};

EstimatorPtr ReadLocalOutlierFactor(Fitted& fitted) {
  if (!fitted.Flag("novelty", false)) {
    fitted.Fail("it was fitted without novelty=True, so it has no answers for new rows");
    return nullptr;
  }
  NeighborQuery query = NeighborQuery::ReadNearest(fitted);
  if (!fitted.ok()) return nullptr;
  const double k = fitted.Number("n_neighbors_", static_cast<double>(query.most()));
  query.SetCount(fitted, k > 0 && k < 1e15 ? static_cast<std::size_t>(k) : 0);
  const std::size_t size = query.search().size();
  const Matrix distances = fitted.ReadMatrix("_distances_fit_X_");
  LocalOutlierFactor::State state;
  state.density = fitted.Vector("_lrd", size);
  state.offset = fitted.Number("offset_", 0);
  if (fitted.ok() && (distances.rows != size || distances.columns < query.most())) {
    fitted.FailFor("_distances_fit_X_", "are not for its neighbors");
  }
  if (!fitted.ok()) return nullptr;
  for (std::size_t i = 0; i < size; ++i) {
    state.reach.push_back(distances.data[i * distances.columns + query.most() - 1]);
  }
  Traits traits = fitted.MakeTraits(Role::kOutlierDetector, query.search().inputs());
  traits.classes.ints = {-1, 1};
  traits.decision_width = 1;
  traits.score_samples = true;
  return std::make_unique<LocalOutlierFactor>(std::move(traits), std::move(query),
                                              std::move(state));
}

}  // namespace

std::span<const RegistryEntry> LocalOutliers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.LocalOutlierFactor", ReadLocalOutlierFactor}};
  return kEntries;
}

}  // namespace plinth::sklearn
