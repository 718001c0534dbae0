// Selectors by the variance or a statistic of each column: which columns they keep is not in the
// fitted state, but follows from it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "estimators/composition/column_subset.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// scores_, with NaN as the least.
std::vector<double> ReadScores(Fitted& fitted) {
  std::vector<double> scores = fitted.Vector("scores_");
  for (double& score : scores) {
    if (std::isnan(score)) score = std::numeric_limits<double>::lowest();
  }
  return scores;
}

// numpy.percentile with linear interpolation, rounded as numpy rounds it: scores are then compared
// with the result. The numbers must be sorted, and there must be some.
double Percentile(const std::vector<double>& sorted, double percent) {
  const double at = static_cast<double>(sorted.size() - 1) * (percent / 100);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double fraction = at - static_cast<double>(below);
  const double step = sorted[below + 1] - sorted[below];
  return fraction < 0.5 ? sorted[below] + step * fraction
                        : sorted[below + 1] - step * (1 - fraction);
}

std::vector<bool> TopPercent(Fitted& fitted, double percent) {
  const std::vector<double> scores = ReadScores(fitted);
  if (!(percent >= 0 && percent <= 100)) fitted.FailFor("percentile", "is not from 0 to 100");
  if (!fitted.ok() || scores.empty() || percent == 100 || percent == 0) {
    return std::vector<bool>(scores.size(), percent == 100);
  }
  std::vector<double> sorted = scores;
  std::ranges::sort(sorted);
  const double threshold = Percentile(sorted, 100 - percent);
  std::vector<bool> support(scores.size());
  auto room = static_cast<std::ptrdiff_t>(static_cast<double>(scores.size()) * percent / 100);
  std::vector<std::size_t> ties;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    support[j] = scores[j] > threshold;
    room -= support[j] ? 1 : 0;
    if (scores[j] == threshold) ties.push_back(j);
  }
  // As a Python slice: a negative end counts from the back.
  if (room < 0) room = std::max<std::ptrdiff_t>(room + std::ssize(ties), 0);
  for (std::size_t k = 0; k < ties.size() && std::cmp_less(k, room); ++k) support[ties[k]] = true;
  return support;
}

std::vector<bool> TopK(Fitted& fitted, std::string_view parameter) {
  const Value* k = fitted.Require(parameter);
  const std::vector<double> scores = ReadScores(fitted);
  std::vector<bool> support(scores.size());
  if (k == nullptr) return support;
  if (k->IsText() && k->text == "all") return std::vector<bool>(scores.size(), true);
  const double wanted = fitted.Number(parameter, 0);
  if (!(wanted >= 0)) fitted.FailFor(parameter, "is not a number of features");
  if (!fitted.ok()) return support;
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t j) { return scores[j]; });
  const auto kept = static_cast<std::size_t>(std::min(wanted, static_cast<double>(scores.size())));
  for (std::size_t i = order.size() - kept; i < order.size(); ++i) support[order[i]] = true;
  return support;
}

std::vector<bool> Below(Fitted& fitted, double alpha, bool shared) {
  const std::vector<double> p = fitted.Vector("pvalues_");
  if (shared) alpha /= static_cast<double>(p.size());
  std::vector<bool> support;
  for (double value : p) support.push_back(value < alpha);
  return support;
}

// The Benjamini-Hochberg procedure.
std::vector<bool> FalseDiscovery(Fitted& fitted, double alpha) {
  const std::vector<double> p = fitted.Vector("pvalues_");
  std::vector<double> sorted;
  std::ranges::copy_if(p, std::back_inserter(sorted), [](double v) { return !std::isnan(v); });
  std::ranges::sort(sorted);
  double most = -std::numeric_limits<double>::infinity();
  const double step = alpha / static_cast<double>(p.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i] <= step * static_cast<double>(i + 1)) most = sorted[i];
  }
  std::vector<bool> support;
  for (double value : p) support.push_back(value <= most);
  return support;
}

EstimatorPtr ReadSelectPercentile(Fitted& fitted) {
  return MakeColumnSubset(fitted, TopPercent(fitted, fitted.Number("percentile", 10)), false);
}

EstimatorPtr ReadSelectKBest(Fitted& fitted) {
  return MakeColumnSubset(fitted, TopK(fitted, "k"), false);
}

EstimatorPtr ReadSelectFpr(Fitted& fitted) {
  return MakeColumnSubset(fitted, Below(fitted, fitted.Number("alpha", 0.05), false), false);
}

EstimatorPtr ReadSelectFdr(Fitted& fitted) {
  return MakeColumnSubset(fitted, FalseDiscovery(fitted, fitted.Number("alpha", 0.05)), false);
}

EstimatorPtr ReadSelectFwe(Fitted& fitted) {
  return MakeColumnSubset(fitted, Below(fitted, fitted.Number("alpha", 0.05), true), false);
}

// The five above behind one name; `param` is what each calls by its own.
EstimatorPtr ReadGenericUnivariateSelect(Fitted& fitted) {
  const std::string_view mode = fitted.Text("mode", "percentile");
  std::vector<bool> support;
  if (mode == "k_best") {
    support = TopK(fitted, "param");
  } else {
    const double number = fitted.Number("param", 1e-5);
    if (mode == "percentile") {
      support = TopPercent(fitted, number);
    } else if (mode == "fpr" || mode == "fwe") {
      support = Below(fitted, number, mode == "fwe");
    } else if (mode == "fdr") {
      support = FalseDiscovery(fitted, number);
    } else {
      fitted.FailFor("mode", "is not percentile, k_best, fpr, fdr or fwe");
    }
  }
  return MakeColumnSubset(fitted, support, false);
}

EstimatorPtr ReadVarianceThreshold(Fitted& fitted) {
  const double threshold = fitted.Number("threshold", 0);
  std::vector<bool> support;
  for (double variance : fitted.Vector("variances_")) support.push_back(variance > threshold);
  return MakeColumnSubset(fitted, support, true);
}

}  // namespace

std::span<const RegistryEntry> FeatureSelectors() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_selection.GenericUnivariateSelect", ReadGenericUnivariateSelect},
      {"sklearn.feature_selection.SelectFdr", ReadSelectFdr},
      {"sklearn.feature_selection.SelectFpr", ReadSelectFpr},
      {"sklearn.feature_selection.SelectFwe", ReadSelectFwe},
      {"sklearn.feature_selection.SelectKBest", ReadSelectKBest},
      {"sklearn.feature_selection.SelectPercentile", ReadSelectPercentile},
      {"sklearn.feature_selection.VarianceThreshold", ReadVarianceThreshold},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
