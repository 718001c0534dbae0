// Reading metrics, and what estimators of neighbours have fitted.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/neighbors/neighbor_search.h"
#include "estimators/sparse_state.h"

namespace plinth::sklearn {
namespace {

struct NamedMetric {
  std::string_view name;
  MetricType type;
};

constexpr NamedMetric kMetrics[] = {
    {"braycurtis", MetricType::kBrayCurtis},
    {"canberra", MetricType::kCanberra},
    {"chebyshev", MetricType::kChebyshev},
    {"cityblock", MetricType::kManhattan},
    {"correlation", MetricType::kCorrelation},
    {"cosine", MetricType::kCosine},
    {"dice", MetricType::kDice},
    {"euclidean", MetricType::kEuclidean},
    {"hamming", MetricType::kHamming},
    {"haversine", MetricType::kHaversine},
    {"infinity", MetricType::kChebyshev},
    {"jaccard", MetricType::kJaccard},
    {"kulsinski", MetricType::kKulsinski},
    {"l1", MetricType::kManhattan},
    {"l2", MetricType::kEuclidean},
    {"mahalanobis", MetricType::kMahalanobis},
    {"manhattan", MetricType::kManhattan},
    {"matching", MetricType::kMatching},
    {"minkowski", MetricType::kMinkowski},
    {"nan_euclidean", MetricType::kNanEuclidean},
    {"p", MetricType::kMinkowski},
    {"precomputed", MetricType::kPrecomputed},
    {"rogerstanimoto", MetricType::kRogersTanimoto},
    {"russellrao", MetricType::kRussellRao},
    {"seuclidean", MetricType::kStandardEuclidean},
    {"sokalmichener", MetricType::kRogersTanimoto},  // the same formula
    {"sokalsneath", MetricType::kSokalSneath},
    {"sqeuclidean", MetricType::kSquaredEuclidean},
    {"wminkowski", MetricType::kWeightedMinkowski},
    {"yule", MetricType::kYule},
};

// A parameter of a metric: from the dict, or null.
const Value* Given(const Value* params, std::string_view name) {
  const Value* value = params ? params->Get(name) : nullptr;
  return value && !value->IsNone() ? value : nullptr;
}

void ReadMinkowski(Fitted& fitted, const Value* params, Metric& metric) {
  if (const Value* p = Given(params, "p")) {
    const Matrix power = fitted.ReadMatrix(*p, "p");
    metric.p = power.data.size() == 1 ? power.data[0] : 0;
  }
  if (!(metric.p > 0)) fitted.Fail("the metric's 'p' is not a number above 0");
  if (const Value* w = Given(params, "w")) metric.weights = fitted.ReadMatrix(*w, "w").data;
  if (metric.type != MetricType::kMinkowski || !metric.weights.empty()) return;
  if (metric.p == 1) metric.type = MetricType::kManhattan;
  if (metric.p == 2) metric.type = MetricType::kEuclidean;
  if (std::isinf(metric.p)) metric.type = MetricType::kChebyshev;
}

void CheckColumns(Fitted& fitted, const Metric& metric, std::size_t inputs) {
  if (!metric.weights.empty() && metric.weights.size() != inputs) {
    fitted.Fail("the metric's weights are not one for each column");
  }
  if (metric.type == MetricType::kHaversine && inputs != 2) {
    fitted.Fail("the haversine metric is for two columns");
  }
  if (metric.type == MetricType::kMahalanobis && metric.inverse.size() != inputs * inputs) {
    fitted.Fail("the metric's 'VI' is not for its columns");
  }
}

}  // namespace

Metric ReadMetric(Fitted& fitted, std::string_view name, const Value* params, std::size_t inputs) {
  Metric metric;
  const auto* const known = std::ranges::find(kMetrics, name, &NamedMetric::name);
  if (known == std::end(kMetrics)) {
    fitted.Fail("metric '" + std::string(name.substr(0, 64)) + "' is not known");
    return metric;
  }
  metric.type = known->type;
  switch (metric.type) {
    case MetricType::kMinkowski:
    case MetricType::kWeightedMinkowski:
      ReadMinkowski(fitted, params, metric);
      break;
    case MetricType::kStandardEuclidean: {
      const Value* variances = Given(params, "V");
      if (variances) metric.weights = fitted.ReadMatrix(*variances, "V").data;
      if (metric.weights.empty()) fitted.Fail("metric 'seuclidean' is without its parameter 'V'");
      break;
    }
    case MetricType::kMahalanobis: {
      const Value* inverse = Given(params, "VI");
      if (inverse == nullptr) {
        fitted.Fail("metric 'mahalanobis' is without its parameter 'VI'");
      } else {
        metric.inverse = fitted.ReadMatrix(*inverse, "VI").data;
      }
      break;
    }
    default:
      break;
  }
  CheckColumns(fitted, metric, inputs);
  return metric;
}

NeighborSearchPtr ReadNeighborSearch(Fitted& fitted) {
  const Value* name = fitted.Require("effective_metric_");
  if (name == nullptr) return nullptr;
  if (!name->IsText()) {
    fitted.Fail("its metric is a Python function, which cannot be read; use a metric by name");
    return nullptr;
  }
  const Value* params = fitted.Find("effective_metric_params_");
  if (fitted.Text("_fit_method", "brute") != "brute") {
    const Value* tree = fitted.Require("_tree");
    if (tree == nullptr) return nullptr;
    return ReadNeighborTree(fitted, *tree, name->text, params);
  }
  if (name->text == "precomputed") {
    const std::size_t inputs = fitted.Inputs();
    if (!fitted.ok()) return nullptr;
    Metric metric;
    metric.type = MetricType::kPrecomputed;
    return MakeScan(std::move(metric), Matrix{{}, inputs, inputs, false});
  }
  const Value* const given = fitted.Find("_fit_X");
  const bool sparse = given != nullptr && given->Is(Kind::kObject);
  Matrix rows = ReadMaybeSparse(fitted, "_fit_X");
  const std::size_t inputs = fitted.Inputs(rows.columns);
  Metric metric = ReadMetric(fitted, name->text, params, inputs);
  if (fitted.ok() && rows.rows == 0) fitted.Fail("'_fit_X' has no rows");
  if (!fitted.limits().Charge(Panels::SizeFor(rows.rows, inputs))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  return MakeScan(std::move(metric), std::move(rows), sparse);
}

}  // namespace plinth::sklearn
