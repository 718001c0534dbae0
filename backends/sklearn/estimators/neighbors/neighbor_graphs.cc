// KNeighborsTransformer and RadiusNeighborsTransformer: a sparse row with one entry a neighbour.
#include <algorithm>
#include <numeric>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/neighbor_query.h"

namespace plinth::sklearn {
namespace {

class NeighborGraph final : public SparseTransformer {
 public:
  NeighborGraph(Traits traits, NeighborQuery query, bool distances)
      : SparseTransformer(std::move(traits)), query_(std::move(query)), distances_(distances) {}

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    auto rows = ToDense(batch, frame);
    if (!rows) return Fail(std::move(rows.error()));
    if (Status finite = CheckFinite(*rows, query_.search().allows_nan()); !finite) return finite;
    std::size_t* order = frame.Take<std::size_t>(query_.most());
    return query_.ForEach(*rows, scratch, [&](std::size_t, const Neighborhood& found) -> Status {
      std::iota(order, order + found.count, std::size_t{0});
      std::sort(order, order + found.count,
                [&](std::size_t a, std::size_t b) { return found.indices[a] < found.indices[b]; });
      for (std::size_t k = 0; k < found.count; ++k) {
        out.Add(found.indices[order[k]], distances_ ? found.distances[order[k]] : 1.0);
      }
      out.EndRow();
      return {};
    });
  }

 private:
  NeighborQuery query_;
  bool distances_;
};

EstimatorPtr Read(Fitted& fitted, NeighborQuery query, bool distances) {
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, query.search().inputs());
  traits.outputs = query.search().size();
  if (traits.outputs > ReadLimits::kMaxColumns) {
    fitted.Fail("it gives more columns than are supported");
    return nullptr;
  }
  return std::make_unique<NeighborGraph>(std::move(traits), std::move(query), distances);
}

EstimatorPtr ReadKNeighbors(Fitted& fitted) {
  const bool distances = fitted.Text("mode", "distance") == "distance";
  NeighborQuery query = NeighborQuery::ReadNearest(fitted);
  // A row is its own neighbour where it was fitted, so there is one more.
  if (fitted.ok() && distances) query.SetCount(fitted, query.most() + 1);
  return Read(fitted, std::move(query), distances);
}

EstimatorPtr ReadRadiusNeighbors(Fitted& fitted) {
  const bool distances = fitted.Text("mode", "distance") == "distance";
  return Read(fitted, NeighborQuery::ReadWithin(fitted), distances);
}

}  // namespace

std::span<const RegistryEntry> NeighborGraphs() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.KNeighborsTransformer", ReadKNeighbors},
      {"sklearn.neighbors.RadiusNeighborsTransformer", ReadRadiusNeighbors},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
