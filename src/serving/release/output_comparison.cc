#include "serving/release/output_comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "tensor/elements.h"

namespace plinth {
namespace {

// Floats of any type are looked at as blocks of these.
constexpr std::size_t kBlock = 1024;
// Sums that run side by side in vectors: the compiler must not reorder one by itself.
constexpr std::size_t kLanes = 8;
template <typename T>
struct Vector {
  typedef T type __attribute__((vector_size(kLanes * sizeof(T))));
};
using Lanes = Vector<double>::type;

struct Pair {
  const Tensor* primary;
  const Tensor* shadow;
};

// What two tensors differ in beside their elements, as text; empty if in nothing.
std::string MismatchOf(std::string_view name, const Tensor& primary, const Tensor& shadow) {
  if (primary.dtype() == shadow.dtype() && primary.shape() == shadow.shape()) return {};
  const auto shown = [](const Tensor& tensor) {
    return std::string(NameOf(tensor.dtype())) + " " + tensor.shape().ToString();
  };
  return "output '" + std::string(name) + "' is " + shown(shadow) + " instead of " + shown(primary);
}

// Both versions' tensors by name, or in `mismatch` why they do not belong together.
std::vector<Pair> PairUp(std::span<const NamedTensor> primary, std::span<const NamedTensor> shadow,
                         std::string& mismatch) {
  std::vector<Pair> pairs;
  for (const NamedTensor& one : primary) {
    const auto other = std::ranges::find(shadow, one.name, &NamedTensor::name);
    if (other == shadow.end()) {
      mismatch = "output '" + one.name + "' is missing";
      return {};
    }
    mismatch = MismatchOf(one.name, one.tensor, other->tensor);
    if (!mismatch.empty()) return {};
    pairs.push_back({&one.tensor, &other->tensor});
  }
  for (const NamedTensor& other : shadow) {
    if (std::ranges::find(primary, other.name, &NamedTensor::name) != primary.end()) continue;
    mismatch = "output '" + other.name + "' is new";
    return {};
  }
  return pairs;
}

// The difference of two floats, of which one may be no number or infinite.
double Difference(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double difference = std::abs(a - b);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

template <typename T>
void Load(const T* values, Lanes& lanes) {
  typename Vector<T>::type loaded;
  std::memcpy(&loaded, values, sizeof(loaded));
  lanes = __builtin_convertvector(loaded, Lanes);
}

template <typename T>
void AddDifferences(std::span<const T> a, std::span<const T> b, OutputComparison& comparison) {
  Lanes most{};
  Lanes sums{};
  const std::size_t whole = a.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    Lanes x;
    Lanes y;
    Load(&a[i], x);
    Load(&b[i], y);
    const Lanes apart = x - y;
    const Lanes difference = apart < 0 ? -apart : apart;
    most = difference > most ? difference : most;
    sums += difference;
  }
  double sum = 0;
  double max = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sum += sums[lane];
    max = std::max(max, most[lane]);
  }
  std::size_t done = whole;
  // The sum is no number, or infinite, if any difference was: then they are looked at one by one.
  if (!std::isfinite(sum)) done = 0, sum = 0, max = 0;
  std::size_t finite = done;
  for (std::size_t i = done; i < a.size(); ++i) {
    const double difference = Difference(a[i], b[i]);
    max = std::max(max, difference);
    if (std::isinf(difference)) continue;
    sum += difference;
    ++finite;
  }
  comparison.max_abs = std::max(comparison.max_abs, max);
  comparison.sum_abs += sum;
  comparison.finite += finite;
}

// Where the largest is; numbers before what is none.
template <typename T>
std::size_t IndexOfMax(std::span<const T> values) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] > values[best] || (std::isnan(values[best]) && !std::isnan(values[i]))) best = i;
  }
  return best;
}

bool IsSameNumber(double a, double b) {
  const double difference = Difference(a, b);
  return difference == 0 || (std::isfinite(difference) &&
                             difference <= kSameOutcome * std::max(std::abs(a), std::abs(b)));
}

template <typename T>
void CompareScores(std::span<const T> a, std::span<const T> b, const Shape& shape,
                   OutputComparison& comparison) {
  const std::size_t classes = shape.rank() >= 2 ? shape[shape.rank() - 1] : 1;
  const std::size_t width = classes >= 2 ? classes : 1;
  for (std::size_t i = 0; i + width <= a.size(); i += width) {
    const bool same = width == 1
                          ? IsSameNumber(a[i], b[i])
                          : IndexOfMax(a.subspan(i, width)) == IndexOfMax(b.subspan(i, width));
    ++comparison.outcomes;
    comparison.agreeing += same ? 1 : 0;
  }
}

template <typename T>
void CompareFloats(std::span<const T> a, std::span<const T> b, const Shape& shape, bool decides,
                   OutputComparison& comparison) {
  for (std::size_t at = 0; at < a.size(); at += kBlock) {
    const std::size_t count = std::min(kBlock, a.size() - at);
    AddDifferences(a.subspan(at, count), b.subspan(at, count), comparison);
  }
  if (decides) CompareScores(a, b, shape, comparison);
}

std::vector<float> Widened(const Tensor& tensor) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(tensor.element_count()));
  for (const std::uint16_t bits : tensor.values<std::uint16_t>()) {
    values.push_back(tensor.dtype() == DType::kFp16 ? Fp16ToFloat(bits) : Bf16ToFloat(bits));
  }
  return values;
}

// `decides`: these are what the model says, not only what it is measured by.
void CompareFloats(const Pair& pair, bool decides, OutputComparison& comparison) {
  const Shape& shape = pair.primary->shape();
  switch (pair.primary->dtype()) {
    case DType::kFp32:
      return CompareFloats(pair.primary->values<float>(), pair.shadow->values<float>(), shape,
                           decides, comparison);
    case DType::kFp64:
      return CompareFloats(pair.primary->values<double>(), pair.shadow->values<double>(), shape,
                           decides, comparison);
    default: {
      const std::vector<float> a = Widened(*pair.primary);
      const std::vector<float> b = Widened(*pair.shadow);
      return CompareFloats(std::span(a), std::span(b), shape, decides, comparison);
    }
  }
}

// Whether elements [begin, begin + count) of two tensors that are not floats are equal.
bool IsEqual(const Pair& pair, std::size_t begin, std::size_t count) {
  if (pair.primary->dtype() == DType::kBytes) {
    for (std::size_t i = begin; i < begin + count; ++i) {
      if (pair.primary->string_at(i) != pair.shadow->string_at(i)) return false;
    }
    return true;
  }
  const std::size_t size = SizeOf(pair.primary->dtype());
  return count == 0 || std::memcmp(pair.primary->data().data() + begin * size,
                                   pair.shadow->data().data() + begin * size, count * size) == 0;
}

std::int64_t RowsOf(const Tensor& tensor) {
  return tensor.shape().rank() == 0 ? 1 : tensor.shape()[0];
}

// Row by row over all of them, if they have as many rows; else each is one.
void CompareLabels(const std::vector<Pair>& labels, OutputComparison& comparison) {
  std::int64_t rows = RowsOf(*labels.front().primary);
  for (const Pair& pair : labels) {
    if (RowsOf(*pair.primary) != rows) rows = 1;
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const bool same = std::ranges::all_of(labels, [&](const Pair& pair) {
      const auto width = static_cast<std::size_t>(pair.primary->element_count() / rows);
      return IsEqual(pair, static_cast<std::size_t>(row) * width, width);
    });
    ++comparison.outcomes;
    comparison.agreeing += same ? 1 : 0;
  }
}

}  // namespace

OutputComparison CompareOutputs(std::span<const NamedTensor> primary,
                                std::span<const NamedTensor> shadow) {
  OutputComparison comparison;
  std::vector<Pair> pairs = PairUp(primary, shadow, comparison.mismatch);
  const auto labels = std::ranges::stable_partition(
      pairs, [](const Pair& pair) { return IsFloat(pair.primary->dtype()); });
  const bool has_labels = !labels.empty();
  for (const Pair& pair : std::span(pairs.begin(), labels.begin())) {
    CompareFloats(pair, !has_labels, comparison);
  }
  if (has_labels) CompareLabels({labels.begin(), labels.end()}, comparison);
  return comparison;
}

}  // namespace plinth
