// Compiled without contraction to fused multiplications: see differences.h.
#include "numeric/metric.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace plinth::sklearn {
namespace {

// How many columns are not 0 in both rows, in one of them, and in all.
struct Agreement {
  double both = 0;
  double one = 0;
  double n = 0;
};

Agreement CountAgreement(const double* a, const double* b, std::size_t n) {
  std::size_t both = 0;
  std::size_t one = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const bool in_a = a[j] != 0;
    const bool in_b = b[j] != 0;
    both += in_a && in_b ? 1 : 0;
    one += in_a != in_b ? 1 : 0;
  }
  return {static_cast<double>(both), static_cast<double>(one), static_cast<double>(n)};
}

double Yule(const double* a, const double* b, std::size_t n) {
  double both = 0;
  double first = 0;
  double second = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const bool in_a = a[j] != 0;
    const bool in_b = b[j] != 0;
    both += in_a && in_b ? 1 : 0;
    first += in_a && !in_b ? 1 : 0;
    second += !in_a && in_b ? 1 : 0;
  }
  const double neither = static_cast<double>(n) - both - first - second;
  const double mixed = first * second;
  return mixed == 0 ? 0 : 2 * mixed / (both * neither + mixed);
}

double OfSets(MetricType type, const double* a, const double* b, std::size_t n) {
  const Agreement c = CountAgreement(a, b, n);
  switch (type) {
    case MetricType::kDice:
      return c.one / (2 * c.both + c.one);
    case MetricType::kJaccard:
      return c.one + c.both == 0 ? 0 : c.one / (c.one + c.both);
    case MetricType::kKulsinski:
      return (c.one + c.n - c.both) / (c.one + c.n);
    case MetricType::kMatching:
      return c.one / c.n;
    case MetricType::kRogersTanimoto:
      return 2 * c.one / (c.n + c.one);
    case MetricType::kRussellRao:
      return (c.n - c.both) / c.n;
    default:
      return c.one / (0.5 * c.both + c.one);
  }
}

double Minkowski(const Metric& metric, const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double difference = std::abs(a[j] - b[j]);
    if (metric.weights.empty()) {
      sum += std::pow(difference, metric.p);
    } else if (metric.type == MetricType::kMinkowski) {
      sum += metric.weights[j] * std::pow(difference, metric.p);
    } else {
      sum += std::pow(metric.weights[j] * difference, metric.p);
    }
  }
  return sum;
}

double Mahalanobis(const std::vector<double>& inverse, const double* a, const double* b,
                   std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < n; ++j) row += inverse[i * n + j] * (a[j] - b[j]);
    sum += row * (a[i] - b[i]);
  }
  return sum;
}

double BrayCurtis(const double* a, const double* b, std::size_t n) {
  double differences = 0;
  double sizes = 0;
  for (std::size_t j = 0; j < n; ++j) {
    differences += std::abs(a[j] - b[j]);
    sizes += std::abs(a[j]) + std::abs(b[j]);
  }
  return sizes > 0 ? differences / sizes : 0;
}

double Canberra(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double size = std::abs(a[j]) + std::abs(b[j]);
    if (size > 0) sum += std::abs(a[j] - b[j]) / size;
  }
  return sum;
}

double Haversine(const double* a, const double* b) {
  const double latitude = std::sin(0.5 * (a[0] - b[0]));
  const double longitude = std::sin(0.5 * (a[1] - b[1]));
  return latitude * latitude + std::cos(a[0]) * std::cos(b[0]) * longitude * longitude;
}

// 1 - the cosine of the angle, of the rows or of their deviations from their own means.
double Cosine(const double* a, const double* b, std::size_t n, bool centred) {
  double mean_a = 0;
  double mean_b = 0;
  for (std::size_t j = 0; centred && j < n; ++j) {
    mean_a += a[j] / static_cast<double>(n);
    mean_b += b[j] / static_cast<double>(n);
  }
  double product = 0;
  double size_a = 0;
  double size_b = 0;
  for (std::size_t j = 0; j < n; ++j) {
    product += (a[j] - mean_a) * (b[j] - mean_b);
    size_a += (a[j] - mean_a) * (a[j] - mean_a);
    size_b += (b[j] - mean_b) * (b[j] - mean_b);
  }
  if (!centred && (size_a == 0 || size_b == 0)) return 1;
  const double cosine = product / (std::sqrt(size_a) * std::sqrt(size_b));
  return 1 - std::clamp(cosine, -1.0, 1.0);
}

// Over the columns that both rows have, scaled up to all.
double NanEuclidean(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  std::size_t present = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double difference = a[j] - b[j];
    if (std::isnan(difference)) continue;
    sum += difference * difference;
    ++present;
  }
  if (present == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum / static_cast<double>(present) * static_cast<double>(n);
}

double SquaredDifferences(const double* a, const double* b, const double* divisors, std::size_t n) {
  double sum = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double difference = a[j] - b[j];
    sum += divisors ? difference * difference / divisors[j] : difference * difference;
  }
  return sum;
}

bool IsRooted(MetricType type) {
  return type == MetricType::kEuclidean || type == MetricType::kStandardEuclidean ||
         type == MetricType::kMahalanobis || type == MetricType::kNanEuclidean;
}

bool IsMinkowski(MetricType type) {
  return type == MetricType::kMinkowski || type == MetricType::kWeightedMinkowski;
}

}  // namespace

double Metric::Reduced(const double* a, const double* b, std::size_t n) const {
  switch (type) {
    case MetricType::kEuclidean:
    case MetricType::kSquaredEuclidean:
      return SquaredDifferences(a, b, nullptr, n);
    case MetricType::kStandardEuclidean:
      return SquaredDifferences(a, b, weights.data(), n);
    case MetricType::kManhattan: {
      double sum = 0;
      for (std::size_t j = 0; j < n; ++j) sum += std::abs(a[j] - b[j]);
      return sum;
    }
    case MetricType::kChebyshev: {
      double largest = 0;
      for (std::size_t j = 0; j < n; ++j) largest = std::max(largest, std::abs(a[j] - b[j]));
      return largest;
    }
    case MetricType::kMinkowski:
    case MetricType::kWeightedMinkowski:
      return Minkowski(*this, a, b, n);
    case MetricType::kMahalanobis:
      return Mahalanobis(inverse, a, b, n);
    case MetricType::kCanberra:
      return Canberra(a, b, n);
    case MetricType::kBrayCurtis:
      return BrayCurtis(a, b, n);
    case MetricType::kHamming: {
      std::size_t unequal = 0;
      for (std::size_t j = 0; j < n; ++j) unequal += a[j] != b[j] ? 1 : 0;
      return static_cast<double>(unequal) / static_cast<double>(n);
    }
    case MetricType::kHaversine:
      return Haversine(a, b);
    case MetricType::kCosine:
    case MetricType::kCorrelation:
      return Cosine(a, b, n, type == MetricType::kCorrelation);
    case MetricType::kNanEuclidean:
      return NanEuclidean(a, b, n);
    case MetricType::kYule:
      return Yule(a, b, n);
    default:
      return OfSets(type, a, b, n);
  }
}

double Metric::FromReduced(double reduced) const {
  if (IsRooted(type)) return std::sqrt(reduced);
  if (IsMinkowski(type)) return std::pow(reduced, 1 / p);
  if (type == MetricType::kHaversine) return 2 * std::asin(std::sqrt(reduced));
  return reduced;
}

double Metric::ToReduced(double distance) const {
  if (IsRooted(type)) return distance * distance;
  if (IsMinkowski(type)) return std::pow(distance, p);
  if (type == MetricType::kHaversine) {
    const double sine = std::sin(0.5 * distance);
    return sine * sine;
  }
  return distance;
}

}  // namespace plinth::sklearn
