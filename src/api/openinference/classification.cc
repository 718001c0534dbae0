#include "api/openinference/classification.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace plinth::api::openinference {
namespace {

// A strict order also where there are NaN, which come last; equal ones in the order of their index.
template <typename T>
bool Before(std::span<const T> values, std::size_t a, std::size_t b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(values[a]) || std::isnan(values[b]))
      return !std::isnan(values[a]) || (std::isnan(values[b]) && a < b);
  }
  return values[a] != values[b] ? values[a] > values[b] : a < b;
}

template <typename T>
void AddBest(std::span<const T> row, std::size_t count, std::span<const std::string> labels,
             std::vector<std::string>& best) {
  std::vector<std::size_t> order(row.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) { return a != b && Before(row, a, b); });
  for (const std::size_t index : std::span(order).first(count)) {
    std::string text = std::to_string(row[index]);
    text.append(":").append(std::to_string(index));
    if (index < labels.size()) text.append(":").append(labels[index]);
    best.push_back(std::move(text));
  }
}

template <typename T>
Tensor BestOf(const Tensor& output, std::size_t count, bool batched,
              std::span<const std::string> labels) {
  const auto rows = batched ? static_cast<std::size_t>(output.shape()[0]) : std::size_t{1};
  const std::span<const T> values = output.values<T>();
  const std::size_t width = rows == 0 ? 0 : values.size() / rows;
  const std::size_t kept = std::min(count, width);
  std::vector<std::string> best;
  best.reserve(rows * kept);
  for (std::size_t row = 0; row < rows; ++row) {
    AddBest(values.subspan(row * width, width), kept, labels, best);
  }
  Shape shape;
  if (batched) shape.Append(output.shape()[0]);
  shape.Append(static_cast<std::int64_t>(kept));
  return Tensor::OfStrings(shape, best);
}

}  // namespace

Result<Tensor> Classify(const Tensor& output, std::size_t count, bool batched,
                        std::span<const std::string> labels) {
  const auto best = [&]<typename T>(T) { return BestOf<T>(output, count, batched, labels); };
  switch (output.dtype()) {
    case DType::kFp32:
      return best(float{});
    case DType::kFp64:
      return best(double{});
    case DType::kInt8:
      return best(std::int8_t{});
    case DType::kInt16:
      return best(std::int16_t{});
    case DType::kInt32:
      return best(std::int32_t{});
    case DType::kInt64:
      return best(std::int64_t{});
    case DType::kUint8:
      return best(std::uint8_t{});
    case DType::kUint16:
      return best(std::uint16_t{});
    case DType::kUint32:
      return best(std::uint32_t{});
    case DType::kUint64:
      return best(std::uint64_t{});
    default:
      return Fail(Code::kInvalidArgument,
                  "class result not available for output due to unsupported type '" +
                      std::string(NameOf(output.dtype())) + "'");
  }
}

}  // namespace plinth::api::openinference
