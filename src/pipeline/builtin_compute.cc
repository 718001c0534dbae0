// Built-in steps that compute: softmax, mean, compare.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "pipeline/builtin.h"
#include "pipeline/builtin_parts.h"
#include "tensor/elements.h"

namespace plinth::pipeline {
namespace {

using Tensors = std::vector<NamedTensor>;
using json::Field;

std::unexpected<Error> NotNumbers(const Tensor& tensor) {
  return Fail(Code::kInvalidArgument,
              "it got " + std::string(NameOf(tensor.dtype())) + ", expected numbers");
}

// In the type that the elements are computed in: that of whole numbers is double.
template <typename E>
using Computed =
    std::conditional_t<std::is_floating_point_v<typename E::Value>, typename E::Value, double>;

// What comes of whole numbers is FP32.
DType FloatOf(DType type) { return IsFloat(type) || type == DType::kAny ? type : DType::kFp32; }

template <typename From, typename To>
void Softmax(const Tensor& x, Tensor& y, const AlongAxis& along) {
  using Value = Computed<From>;
  const auto in = x.values<typename From::Stored>();
  const auto out = y.mutable_values<typename To::Stored>();
  if (in.empty()) return;  // the sizes beside a 0 may be anything
  std::vector<Value> line(along.size);
  for (std::size_t o = 0; o < along.outer; ++o) {
    for (std::size_t i = 0; i < along.inner; ++i) {
      const std::size_t first = o * along.size * along.inner + i;
      Value most = -std::numeric_limits<Value>::infinity();
      for (std::size_t a = 0; a < along.size; ++a) {
        line[a] = static_cast<Value>(From::Load(in[first + a * along.inner]));
        most = std::max(most, line[a]);
      }
      Value sum = 0;
      for (Value& value : line) sum += value = std::exp(value - most);
      for (std::size_t a = 0; a < along.size; ++a) {
        out[first + a * along.inner] = To::Store(static_cast<typename To::Value>(line[a] / sum));
      }
    }
  }
}

// Elementwise, over tensors of one shape.
Result<Tensor> MeanOf(const Tensors& given) {
  const Tensor& first = given.front().tensor;
  std::vector<double> sums(static_cast<std::size_t>(first.element_count()), 0.0);
  for (const NamedTensor& input : given) {
    if (input.tensor.shape() != first.shape()) {
      return Fail(Code::kInvalidArgument, "its inputs have different shapes: '" +
                                              given.front().name + "' has " +
                                              first.shape().ToString() + ", '" + input.name +
                                              "' has " + input.tensor.shape().ToString());
    }
    const bool numbers = VisitElements(input.tensor.dtype(), [&]<typename E>(E) {
      const auto values = input.tensor.values<typename E::Stored>();
      for (std::size_t i = 0; i < values.size(); ++i)
        sums[i] += static_cast<double>(E::Load(values[i]));
    });
    if (!numbers) return NotNumbers(input.tensor);
  }
  const DType type = FloatOf(first.dtype());
  auto mean = Tensor::Allocate(type, first.shape());
  if (!mean) return mean;
  VisitElements(type, [&]<typename E>(E) {
    const auto out = mean->mutable_values<typename E::Stored>();
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] =
          E::Store(static_cast<typename E::Value>(sums[i] / static_cast<double>(given.size())));
    }
  });
  return mean;
}

constexpr std::array<std::string_view, 6> kOperators = {">", ">=", "<", "<=", "==", "!="};

// A long double holds every INT64, and every UINT64.
bool Holds(std::size_t op, long double a, long double b) {
  switch (op) {
    case 0:
      return a > b;
    case 1:
      return a >= b;
    case 2:
      return a < b;
    case 3:
      return a <= b;
    case 4:
      return a == b;
    default:
      return a != b;
  }
}

// A whole number exactly: a double does not hold every one.
Result<long double> ReadValue(const Field& option) {
  std::int64_t whole = 0;
  if (option.value.get(whole) == simdjson::SUCCESS) return static_cast<long double>(whole);
  std::uint64_t large = 0;
  if (option.value.get(large) == simdjson::SUCCESS) return static_cast<long double>(large);
  constexpr double kMost = std::numeric_limits<double>::max();
  const auto number = option.Number(-kMost, kMost);
  if (!number) return Fail(number.error());
  return static_cast<long double>(*number);
}

}  // namespace

Result<Builtin> MakeSoftmax(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 1> kKnown = {"axis"};
  const auto axis = ReadAxis(options, kKnown);
  if (!axis) return Fail(axis.error());
  if (auto there = ExpectAxis(inputs.front(), *axis); !there) return Fail(there.error());
  if (auto numbers = ExpectNumbers(inputs); !numbers) return Fail(numbers.error());
  TensorSpec output = As(inputs.front(), "y", FloatOf(inputs.front().dtype));
  Builtin builtin;
  builtin.signature.outputs = {std::move(output)};
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [axis = *axis](const Tensors& given) -> Result<Tensors> {
    const Tensor& x = given.front().tensor;
    if (SizeOf(x.dtype()) == 0) return NotNumbers(x);
    const auto place = PlaceAxis(axis, x.shape().rank());
    if (!place) return Fail(place.error());
    auto y = Tensor::Allocate(FloatOf(x.dtype()), x.shape());
    if (!y) return Fail(y.error());
    VisitElements(x.dtype(), [&]<typename From>(From) {
      using To = std::conditional_t<std::is_floating_point_v<typename From::Value>, From,
                                    PlainElement<float>>;
      Softmax<From, To>(x, *y, Along(x.shape(), *place));
    });
    return Tensors{{"y", *std::move(y)}};
  };
  return builtin;
}

Result<Builtin> MakeMean(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  if (auto none = ExpectNoOptions(options); !none) return Fail(none.error());
  for (const TensorSpec& input : inputs) {
    const TensorSpec& first = inputs.front();
    if (!input.shape || !first.shape) continue;
    const auto same = ExpectSameShape(*first.shape, *input.shape, first.name, input.name);
    if (!same) return Fail(same.error());
  }
  if (auto numbers = ExpectNumbers(inputs); !numbers) return Fail(numbers.error());
  TensorSpec output = As(inputs.front(), "y", FloatOf(inputs.front().dtype));
  Builtin builtin;
  builtin.signature.outputs = {std::move(output)};
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [](const Tensors& given) -> Result<Tensors> {
    auto mean = MeanOf(given);
    if (!mean) return Fail(mean.error());
    return Tensors{{"y", *std::move(mean)}};
  };
  return builtin;
}

Result<Builtin> MakeCompare(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 2> kKnown = {"op", "value"};
  std::size_t op = kOperators.size();
  std::optional<long double> value;
  for (const Field& option : options) {
    if (option.key == "op") {
      const auto text = option.Text();
      const auto found = text ? std::ranges::find(kOperators, *text) : kOperators.end();
      if (found == kOperators.end()) return option.Refuse("one of > >= < <= == !=");
      op = static_cast<std::size_t>(found - kOperators.begin());
    } else if (option.key == "value") {
      const auto number = ReadValue(option);
      if (!number) return Fail(number.error());
      value = *number;
    } else {
      return option.Unknown(kKnown);
    }
  }
  if (op == kOperators.size() || !value) {
    return Fail(Code::kInvalidArgument,
                R"("options" must say "op" and "value", as {"op": ">=", "value": 0.5})");
  }
  if (auto numbers = ExpectNumbers(inputs); !numbers) return Fail(numbers.error());
  TensorSpec output = As(inputs.front(), "y", DType::kBool);
  Builtin builtin;
  builtin.signature.outputs = {std::move(output)};
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [op, value = *value](const Tensors& given) -> Result<Tensors> {
    const Tensor& x = given.front().tensor;
    auto y = Tensor::Allocate(DType::kBool, x.shape());
    if (!y) return Fail(y.error());
    const bool numbers = VisitElements(x.dtype(), [&]<typename E>(E) {
      const auto in = x.values<typename E::Stored>();
      const auto out = y->mutable_values<std::uint8_t>();
      for (std::size_t i = 0; i < in.size(); ++i) {
        out[i] = Holds(op, static_cast<long double>(E::Load(in[i])), value) ? 1 : 0;
      }
    });
    if (!numbers) return NotNumbers(x);
    return Tensors{{"y", *std::move(y)}};
  };
  return builtin;
}

}  // namespace plinth::pipeline
