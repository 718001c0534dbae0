// The distances that scikit-learn's neighbours know.
//
// Each has a reduced form, which orders as the distance does and is cheaper (without the root, for
// example): searches compare reduced distances. Sums run over the columns in order, rounded as in
// scikit-learn's own loops, so that ties are ties in both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace plinth::sklearn {

enum class MetricType : std::uint8_t {
  kEuclidean,
  kSquaredEuclidean,
  kManhattan,
  kChebyshev,
  kMinkowski,          // weights times powers of differences
  kWeightedMinkowski,  // powers of weighted differences: "wminkowski" of old versions
  kStandardEuclidean,  // "seuclidean"
  kMahalanobis,
  kCanberra,
  kBrayCurtis,
  kHamming,
  kHaversine,
  kCosine,
  kCorrelation,
  kNanEuclidean,
  // Of what is not 0:
  kDice,
  kJaccard,
  kKulsinski,
  kMatching,
  kRogersTanimoto,
  kRussellRao,
  kSokalSneath,
  kYule,
  kPrecomputed,  // X holds the distances themselves
};

struct Metric {
  MetricType type = MetricType::kEuclidean;
  double p = 2;                 // the Minkowski metrics
  std::vector<double> weights;  // one a column, or none; the variances for kStandardEuclidean
  std::vector<double> inverse;  // kMahalanobis: the inverse of the covariance, columns x columns

  // Of two rows of n.
  double Reduced(const double* a, const double* b, std::size_t n) const;
  double FromReduced(double reduced) const;
  double ToReduced(double distance) const;
  double Distance(const double* a, const double* b, std::size_t n) const {
    return FromReduced(Reduced(a, b, n));
  }
};

}  // namespace plinth::sklearn
