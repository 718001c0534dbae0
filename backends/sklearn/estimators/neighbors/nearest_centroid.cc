// NearestCentroid.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/neighbor_search.h"
#include "numeric/special.h"

namespace plinth::sklearn {
namespace {

class NearestCentroid final : public Estimator {
 public:
  struct State {
    NeighborSearchPtr search;       // of the centroids
    std::vector<double> centroids;  // divided by deviations; empty: no decision function
    std::vector<double> deviations;
    std::vector<double> log_priors;  // 2 log(prior)
    bool by_prior = false;           // labels by the decision function
  };

  NearestCentroid(Traits traits, State state)
      : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, s_.search->allows_nan()); !finite) return finite;
    Scratch::Frame frame(scratch);
    if (out.labels && !s_.by_prior) {
      double* distances = frame.Take<double>(rows.count);
      std::size_t* indices = frame.Take<std::size_t>(rows.count);
      s_.search->Nearest(rows, 1, distances, indices, scratch);
      std::copy_n(indices, rows.count, out.labels);
    }
    if (s_.centroids.empty()) return {};
    const std::size_t classes = traits().classes.size();
    double* scores = frame.Take<double>(classes);
    for (std::size_t i = 0; i < rows.count; ++i) {
      Score(rows.row(i), scores);
      if (out.labels && s_.by_prior) {
        out.labels[i] = static_cast<std::int32_t>(ArgMax(scores, classes));
      }
      if (out.decision) Decide(scores, out.decision + i * traits().decision_width);
      if (out.probabilities) {
        const double total = LogSumExp(scores, classes);
        for (std::size_t c = 0; c < classes; ++c) {
          const double logarithm = scores[c] - total;
          out.probabilities[i * classes + c] = out.logarithms ? logarithm : std::exp(logarithm);
        }
      }
    }
    return {};
  }

 private:
  void Score(const double* row, double* scores) const {
    const std::size_t n = traits().inputs;
    for (std::size_t c = 0; c < s_.log_priors.size(); ++c) {
      double distance = 0;
      for (std::size_t j = 0; j < n; ++j) {
        const double difference = row[j] / s_.deviations[j] - s_.centroids[c * n + j];
        distance += difference * difference;
      }
      scores[c] = s_.log_priors[c] - distance;
    }
  }

  void Decide(const double* scores, double* out) const {
    if (traits().decision_width == 1) {
      out[0] = scores[1] - scores[0];
    } else {
      std::copy_n(scores, traits().decision_width, out);
    }
  }

  State s_;
};

// The decision function that there is since scikit-learn 1.6: distances in units of the deviation
// within classes, and priors.
void ReadScores(Fitted& fitted, const Matrix& centroids, NearestCentroid::State& state) {
  const std::vector<double> priors = fitted.Vector("class_prior_", centroids.rows);
  state.deviations = fitted.Vector("within_class_std_dev_", centroids.columns);
  state.centroids = centroids.data;
  for (double& deviation : state.deviations) deviation = deviation == 0 ? 1 : deviation;
  for (std::size_t i = 0; i < state.centroids.size(); ++i) {
    state.centroids[i] /= state.deviations[i % centroids.columns];
  }
  const double uniform = 1 / static_cast<double>(centroids.rows);
  for (double prior : priors) {
    state.log_priors.push_back(2 * std::log(prior));
    // numpy.isclose()
    state.by_prior |= !(std::abs(prior - uniform) <= 1e-8 + 1e-5 * uniform);
  }
}

EstimatorPtr ReadNearestCentroid(Fitted& fitted) {
  Matrix centroids = fitted.ReadMatrix("centroids_");
  const std::size_t inputs = fitted.Inputs(centroids.columns);
  Classes classes = fitted.ReadClasses();
  const Value* name = fitted.Find("metric");
  if (name && !name->IsText()) fitted.Fail("its metric is a Python function, which cannot be read");
  if (fitted.ok() && (classes.size() != centroids.rows || centroids.rows == 0)) {
    fitted.FailFor("centroids_", "are not one for each class");
  }
  Metric metric = ReadMetric(fitted, fitted.Text("metric", "euclidean"), nullptr, inputs);
  if (!fitted.limits().Charge(4 * Panels::SizeFor(centroids.rows, inputs))) {
    fitted.Fail("it is too large for its file");
  }
  if (metric.type == MetricType::kPrecomputed) fitted.Fail("metric 'precomputed' is not supported");
  if (!fitted.ok()) return nullptr;
  NearestCentroid::State state;
  const bool scores =
      fitted.Has("class_prior_") && metric.type == MetricType::kEuclidean && classes.size() > 1;
  if (scores) ReadScores(fitted, centroids, state);
  if (!fitted.ok()) return nullptr;
  state.search = MakeScan(std::move(metric), std::move(centroids));
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = traits.logarithms = scores;
  traits.decision_width = !scores ? 0 : classes.size() == 2 ? 1 : classes.size();
  traits.classes = std::move(classes);
  return std::make_unique<NearestCentroid>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> NearestCentroids() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.NearestCentroid", ReadNearestCentroid}};
  return kEntries;
}

}  // namespace plinth::sklearn
