#include "estimators/neighbors/neighbor_query.h"

#include <algorithm>
#include <cmath>

namespace plinth::sklearn {

NeighborQuery NeighborQuery::Read(Fitted& fitted, bool by_radius) {
  NeighborQuery query;
  query.search_ = ReadNeighborSearch(fitted);
  query.by_radius_ = by_radius;
  const Value* weights = fitted.Find("weights");
  if (weights && !weights->IsNone() && !weights->IsText()) {
    fitted.Fail(
        "its weights are a Python function, which cannot be read; use 'uniform' or "
        "'distance'");
  }
  if (!fitted.ok()) return query;
  query.weighted_ = fitted.Text("weights", "uniform") == "distance";
  if (by_radius) {
    query.radius_ = fitted.Number("radius", 1);
  } else {
    const double k = fitted.Number("n_neighbors", 5);
    query.SetCount(fitted, k > 0 && k < 1e15 ? static_cast<std::size_t>(k) : 0);
  }
  return query;
}

void NeighborQuery::SetCount(Fitted& fitted, std::size_t k) {
  if (!fitted.ok()) return;
  if (k == 0 || k > search_->size()) {
    return fitted.Fail("it asks for " + std::to_string(k) + " neighbors and has fitted " +
                       std::to_string(search_->size()) + " rows");
  }
  k_ = k;
}

void WeighDistances(const Neighborhood& found) {
  double* end = found.distances + found.count;
  std::transform(found.distances, end, found.distances, [](double d) { return 1 / d; });
  const auto infinite = [](double weight) { return std::isinf(weight); };
  if (std::none_of(found.distances, end, infinite)) return;
  std::transform(found.distances, end, found.distances,
                 [&](double weight) { return infinite(weight) ? 1.0 : 0.0; });
}

}  // namespace plinth::sklearn
