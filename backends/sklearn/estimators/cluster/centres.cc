// Clusterers that give a row the cluster of the nearest centre.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "estimators/families.h"
#include "estimators/sparse_state.h"
#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

struct Centres {
  Panels panels;
  std::vector<double> norms;           // the squared norm of each
  std::vector<std::int32_t> clusters;  // which of the classes each is
};

// Distances are computed by |x|^2 - 2 x.c + |c|^2, as scikit-learn does; |x|^2 is left out where
// only the nearest centre is asked for.
class NearestCentre final : public Estimator {
 public:
  NearestCentre(Traits traits, Centres centres)
      : Estimator(std::move(traits)), centres_(std::move(centres)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* products = Room(rows.count, out, frame);
    InnerProducts(rows, centres_.panels, AllOf(centres_.panels), products);
    Label(products, rows.count, out);
    if (out.transformed == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      Measure(SquaredNorm(rows.row(i), rows.width), products, i, out);
    }
    return {};
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* products = Room(rows.count, out, frame);
    InnerProducts(rows, centres_.panels, products);
    Label(products, rows.count, out);
    if (out.transformed == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* values = rows.values + rows.starts[i];
      Measure(SquaredNorm(values, rows.starts[i + 1] - rows.starts[i]), products, i, out);
    }
    return {};
  }

 private:
  double* Room(std::size_t count, const Outputs& out, Scratch::Frame& frame) const {
    return out.transformed ? out.transformed : frame.Take<double>(count * centres_.norms.size());
  }

  void Label(const double* products, std::size_t count, const Outputs& out) const {
    if (out.labels == nullptr) return;
    const std::size_t n = centres_.norms.size();
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t nearest = 0;
      double least = 0;
      for (std::size_t j = 0; j < n; ++j) {
        const double distance = centres_.norms[j] - 2 * products[i * n + j];
        if (j == 0 || distance < least) {
          least = distance;
          nearest = j;
        }
      }
      out.labels[i] = centres_.clusters[nearest];
    }
  }

  // products may be out.transformed itself.
  void Measure(double norm, const double* products, std::size_t i, const Outputs& out) const {
    const std::size_t n = centres_.norms.size();
    for (std::size_t j = 0; j < n; ++j) {
      const double square = -2 * products[i * n + j] + norm + centres_.norms[j];
      out.transformed[i * n + j] = std::sqrt(std::max(square, 0.0));
    }
  }

  Centres centres_;
};

// `clusters`: the number of each centre's cluster. Empty: they are counted.
EstimatorPtr Make(Fitted& fitted, std::string_view name, std::vector<std::int64_t> clusters,
                  bool transforms) {
  const Matrix centres = ReadMaybeSparse(fitted, name);
  const std::size_t inputs = fitted.Inputs(centres.columns);
  if (!fitted.limits().Charge(Panels::SizeFor(centres.rows, centres.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  if (clusters.empty()) {
    for (std::size_t j = 0; j < centres.rows; ++j) {
      clusters.push_back(static_cast<std::int64_t>(j));
    }
  }
  if (clusters.size() != centres.rows) {
    fitted.FailFor(name, "has another number of centres than there are labels");
    return nullptr;
  }
  Traits traits = fitted.MakeTraits(Role::kClusterer, inputs);
  traits.classes.ints = clusters;
  std::ranges::sort(traits.classes.ints);
  const auto again = std::ranges::unique(traits.classes.ints);
  traits.classes.ints.erase(again.begin(), again.end());
  traits.transform_width = transforms ? centres.rows : 0;
  traits.widest = centres.rows;
  traits.takes_sparse = true;
  Centres state{Panels(centres.data.data(), centres.rows, centres.columns), {}, {}};
  for (std::size_t j = 0; j < centres.rows; ++j) {
    const double* centre = &centres.data[j * centres.columns];
    state.norms.push_back(SquaredNorm(centre, centres.columns));
    state.clusters.push_back(static_cast<std::int32_t>(
        std::ranges::lower_bound(traits.classes.ints, clusters[j]) - traits.classes.ints.begin()));
  }
  return std::make_unique<NearestCentre>(std::move(traits), std::move(state));
}

EstimatorPtr ReadKMeans(Fitted& fitted) { return Make(fitted, "cluster_centers_", {}, true); }

EstimatorPtr ReadMeanShift(Fitted& fitted) { return Make(fitted, "cluster_centers_", {}, false); }

EstimatorPtr ReadBirch(Fitted& fitted) {
  return Make(fitted, "subcluster_centers_", fitted.Ints("subcluster_labels_"), true);
}

// Every row is in no cluster.
class NoCentre final : public Estimator {
 public:
  using Estimator::Estimator;

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.labels) std::fill_n(out.labels, rows.count, 0);
    return {};
  }
};

EstimatorPtr ReadAffinityPropagation(Fitted& fitted) {
  if (fitted.Text("affinity", "euclidean") == "precomputed") {
    fitted.Fail("with affinity='precomputed' it has no predict; fit it with affinity='euclidean'");
    return nullptr;
  }
  if (fitted.Ints("cluster_centers_indices_").empty() && fitted.ok()) {
    const std::size_t inputs = fitted.Inputs();
    if (!fitted.ok()) return nullptr;
    Traits traits = fitted.MakeTraits(Role::kClusterer, inputs);
    traits.classes.ints = {-1};
    return std::make_unique<NoCentre>(std::move(traits));
  }
  return Make(fitted, "cluster_centers_", {}, false);
}

}  // namespace

std::span<const RegistryEntry> CentreClusterers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.cluster.AffinityPropagation", ReadAffinityPropagation},
      {"sklearn.cluster.Birch", ReadBirch},
      {"sklearn.cluster.KMeans", ReadKMeans},
      {"sklearn.cluster.MeanShift", ReadMeanShift},
      {"sklearn.cluster.MiniBatchKMeans", ReadKMeans},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
