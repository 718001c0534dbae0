// Embeddings that can place new rows among the fitted ones: Isomap, LocallyLinearEmbedding. And
// NeighborhoodComponentsAnalysis, which is a projection.
#include <algorithm>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/neighbor_query.h"
#include "numeric/triangular.h"

namespace plinth::sklearn {
namespace {

// The shortest ways over the neighbours to all fitted rows, squared, and KernelPCA of these.
class Isomap final : public Estimator {
 public:
  Isomap(Traits traits, NeighborQuery query, std::vector<double> ways, EstimatorPtr projection)
      : Estimator(std::move(traits)),
        query_(std::move(query)),
        ways_(std::move(ways)),
        projection_(std::move(projection)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, query_.search().allows_nan()); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t size = query_.search().size();
    Scratch::Frame frame(scratch);
    double* shortest = frame.Take<double>(size);
    return query_.ForEach(rows, scratch, [&](std::size_t i, const Neighborhood& found) -> Status {
      if (found.count == 0) {
        return Fail(Code::kInvalidArgument, "No neighbors found for row " +
                                                std::to_string(rows.first + i) +
                                                "; fit Isomap with a larger radius");
      }
      Shortest(found, shortest);
      return projection_->Run(Rows{shortest, 1, size, rows.first + i},
                              Outputs{.values = out.values + i * traits().outputs}, scratch);
    });
  }

 private:
  void Shortest(const Neighborhood& found, double* out) const {
    const std::size_t size = query_.search().size();
    std::fill_n(out, size, std::numeric_limits<double>::infinity());
    for (std::size_t k = 0; k < found.count; ++k) {
      const double* ways = &ways_[found.indices[k] * size];
      for (std::size_t j = 0; j < size; ++j) {
        out[j] = std::min(out[j], ways[j] + found.distances[k]);
      }
    }
    for (std::size_t j = 0; j < size; ++j) out[j] = -0.5 * (out[j] * out[j]);
  }

  NeighborQuery query_;
  std::vector<double> ways_;  // fitted rows x fitted rows
  EstimatorPtr projection_;
};

// nbrs_: a NearestNeighbors of its own.
NeighborQuery ReadNeighbors(Fitted& fitted, bool by_radius) {
  const Value* value = fitted.Require("nbrs_");
  if (value == nullptr) return {};
  Fitted part = fitted.Part(*value);
  NeighborQuery query =
      by_radius ? NeighborQuery::ReadWithin(part) : NeighborQuery::ReadNearest(part);
  if (!part.ok()) fitted.Fail(part.error().message);
  return query;
}

EstimatorPtr ReadIsomap(Fitted& fitted) {
  // n_neighbors=None asks for all within the radius.
  NeighborQuery query = ReadNeighbors(fitted, !fitted.Has("n_neighbors"));
  Matrix ways = fitted.ReadMatrix("dist_matrix_");
  const Value* projection = fitted.Require("kernel_pca_");
  if (!fitted.ok()) return nullptr;
  const std::size_t size = query.search().size();
  if (ways.data.size() != size * size) {
    fitted.FailFor("dist_matrix_", "is not for its fitted rows");
    return nullptr;
  }
  EstimatorPtr child = fitted.Child(*projection, size);
  if (child && child->traits().role != Role::kTransformer) fitted.Fail("its PCA is not one");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, query.search().inputs());
  traits.outputs = child->traits().outputs;
  return std::make_unique<Isomap>(std::move(traits), std::move(query), std::move(ways.data),
                                  std::move(child));
}

// A row is the same mixture of its neighbours in the embedding as in the original space.
class LocallyLinearEmbedding final : public Estimator {
 public:
  struct State {
    std::vector<double> fitted;     // rows x inputs
    std::vector<double> embedding;  // rows x outputs
    double regularization = 1e-3;
  };

  LocallyLinearEmbedding(Traits traits, NeighborQuery query, State state)
      : Estimator(std::move(traits)), query_(std::move(query)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t k = query_.most();
    Scratch::Frame frame(scratch);
    double* differences = frame.Take<double>(k * rows.width);
    double* gram = frame.Take<double>(k * k);
    double* weights = frame.Take<double>(k);
    return query_.ForEach(rows, scratch, [&](std::size_t i, const Neighborhood& found) -> Status {
      for (std::size_t a = 0; a < k; ++a) {
        const double* neighbor = &s_.fitted[found.indices[a] * rows.width];
        for (std::size_t j = 0; j < rows.width; ++j) {
          differences[a * rows.width + j] = neighbor[j] - rows.row(i)[j];
        }
      }
      Mix(differences, rows.width, gram, weights);
      Place(found, weights, out.values + i * traits().outputs);
      return {};
    });
  }

 private:
  // The weights, of sum 1, by which the differences come nearest to cancelling each other.
  void Mix(const double* differences, std::size_t width, double* gram, double* weights) const {
    const std::size_t k = query_.most();
    double trace = 0;
    for (std::size_t a = 0; a < k; ++a) {
      for (std::size_t b = 0; b < k; ++b) {
        gram[a * k + b] = Dot(differences + a * width, differences + b * width, width);
      }
      trace += gram[a * k + a];
    }
    const double added = trace > 0 ? s_.regularization * trace : s_.regularization;
    for (std::size_t a = 0; a < k; ++a) gram[a * k + a] += added;
    std::fill_n(weights, k, 1.0);
    SolvePositiveDefinite(gram, k, weights);
    double sum = 0;
    for (std::size_t a = 0; a < k; ++a) sum += weights[a];
    for (std::size_t a = 0; a < k; ++a) weights[a] /= sum;
  }

  void Place(const Neighborhood& found, const double* weights, double* out) const {
    const std::size_t outputs = traits().outputs;
    std::fill_n(out, outputs, 0.0);
    for (std::size_t a = 0; a < found.count; ++a) {
      const double* from = &s_.embedding[found.indices[a] * outputs];
      for (std::size_t j = 0; j < outputs; ++j) out[j] += weights[a] * from[j];
    }
  }

  NeighborQuery query_;
  State s_;
};

EstimatorPtr ReadLocallyLinearEmbedding(Fitted& fitted) {
  NeighborQuery query = ReadNeighbors(fitted, false);
  const Value* neighbors = fitted.Find("nbrs_");
  const Value* rows = neighbors ? neighbors->Attribute("_fit_X") : nullptr;
  if (fitted.ok() && rows == nullptr) fitted.FailFor("nbrs_", "has no '_fit_X'");
  if (!fitted.ok()) return nullptr;
  const std::size_t inputs = query.search().inputs();
  const Matrix fit = fitted.ReadMatrix(*rows, "_fit_X");
  const Matrix embedding = fitted.ReadMatrix("embedding_");
  if (fitted.ok() && (fit.data.size() != query.search().size() * inputs ||
                      embedding.rows != query.search().size() || embedding.columns == 0)) {
    fitted.FailFor("embedding_", "is not one row for each fitted row");
  }
  const double k = fitted.Number("n_neighbors", 5);
  query.SetCount(fitted, k > 0 && k < 1e15 ? static_cast<std::size_t>(k) : 0);
  const double regularization = fitted.Number("reg", 1e-3);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = embedding.columns;
  traits.widest = query.most() * std::max(query.most(), inputs);
  return std::make_unique<LocallyLinearEmbedding>(
      std::move(traits), std::move(query),
      LocallyLinearEmbedding::State{fit.data, embedding.data, regularization});
}

// X @ components_.T
class Components final : public Estimator {
 public:
  Components(Traits traits, std::vector<double> components)
      : Estimator(std::move(traits)),
        components_(std::move(components)),
        zeros_(this->traits().outputs, 0.0) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values) Affine(rows, components_.data(), zeros_.data(), zeros_.size(), out.values);
    return {};
  }

 private:
  std::vector<double> components_;
  std::vector<double> zeros_;
};

EstimatorPtr ReadNeighborhoodComponents(Fitted& fitted) {
  Matrix components = fitted.ReadMatrix("components_");
  const std::size_t inputs = fitted.Inputs(components.columns);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = components.rows;
  return std::make_unique<Components>(std::move(traits), std::move(components.data));
}

}  // namespace

std::span<const RegistryEntry> Manifolds() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.manifold.Isomap", ReadIsomap},
      {"sklearn.manifold.LocallyLinearEmbedding", ReadLocallyLinearEmbedding},
      {"sklearn.neighbors.NeighborhoodComponentsAnalysis", ReadNeighborhoodComponents},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
