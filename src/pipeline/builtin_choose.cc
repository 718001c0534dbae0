// Built-in steps that choose along an axis: argmax, top_k.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <numeric>
#include <utility>

#include "pipeline/builtin.h"
#include "pipeline/builtin_parts.h"
#include "tensor/elements.h"

namespace plinth::pipeline {
namespace {

using Tensors = std::vector<NamedTensor>;
using json::Field;
using Labels = std::shared_ptr<const std::vector<std::string>>;

constexpr std::size_t kMostLabels = 1'000'000;

// Larger first, equal ones in their order, NaN before all as NumPy's argmax has it.
template <typename Value>
bool Before(Value a, Value b) {
  if (a != a) return b == b;
  return a > b;
}

// The k first along the axis: their values and their places.
template <typename E>
void Choose(const Tensor& x, const AlongAxis& along, std::size_t k, std::int64_t* places,
            typename E::Stored* values) {
  const auto in = x.values<typename E::Stored>();
  if (in.empty()) return;  // the sizes beside a 0 may be anything
  std::vector<std::size_t> order(along.size);
  for (std::size_t o = 0; o < along.outer; ++o) {
    for (std::size_t i = 0; i < along.inner; ++i) {
      const std::size_t first = o * along.size * along.inner + i;
      std::iota(order.begin(), order.end(), std::size_t{0});
      const auto at = [&](std::size_t a) { return E::Load(in[first + a * along.inner]); };
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                        [&](std::size_t a, std::size_t b) {
                          if (Before(at(a), at(b))) return true;
                          return !Before(at(b), at(a)) && a < b;
                        });
      for (std::size_t n = 0; n < k; ++n) {
        const std::size_t out = (o * k + n) * along.inner + i;
        places[out] = static_cast<std::int64_t>(order[n]);
        if (values != nullptr) values[out] = in[first + order[n] * along.inner];
      }
    }
  }
}

Result<Labels> ReadLabels(const Field& field) {
  const auto list = field.Array();
  if (!list) return Fail(list.error());
  if (list->size() > kMostLabels) {
    return field.Refuse("at most " + std::to_string(kMostLabels) + " labels");
  }
  auto labels = std::make_shared<std::vector<std::string>>();
  for (const simdjson::dom::element item : *list) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) return field.Refuse("a list of strings");
    labels->emplace_back(text);
  }
  return labels;
}

Result<Tensor> LabelsAt(const Tensor& indices, const std::vector<std::string>& labels) {
  std::vector<std::string> texts;
  for (const std::int64_t place : indices.values<std::int64_t>()) {
    if (static_cast<std::size_t>(place) >= labels.size()) {
      return Fail(Code::kInvalidArgument, "there are " + std::to_string(labels.size()) +
                                              " labels, and none for class " +
                                              std::to_string(place));
    }
    texts.push_back(labels[static_cast<std::size_t>(place)]);
  }
  return Tensor::OfStrings(indices.shape(), texts);
}

Error TooFew(std::int64_t k, std::int64_t size) {
  return {Code::kInvalidArgument, "k is " + std::to_string(k) + ", but there are only " +
                                      std::to_string(size) + " to choose from"};
}

struct TopK {
  std::int64_t k = 1;
  std::int64_t axis = -1;
  Labels labels;  // may be nullptr

  Result<Tensors> operator()(const Tensors& given) const;
};

Result<Tensors> TopK::operator()(const Tensors& given) const {
  const Tensor& x = given.front().tensor;
  const auto place = PlaceAxis(axis, x.shape().rank());
  if (!place) return Fail(place.error());
  const AlongAxis along = Along(x.shape(), *place);
  if (static_cast<std::size_t>(k) > along.size) {
    return Fail(TooFew(k, static_cast<std::int64_t>(along.size)));
  }
  Shape shape = x.shape();
  shape[*place] = k;
  auto indices = Tensor::Allocate(DType::kInt64, shape);
  if (!indices) return Fail(indices.error());
  if (SizeOf(x.dtype()) == 0) {
    return Fail(Code::kInvalidArgument,
                "it got " + std::string(NameOf(x.dtype())) + ", expected numbers");
  }
  auto values = Tensor::Allocate(x.dtype(), shape);
  if (!values) return Fail(values.error());
  VisitElements(x.dtype(), [&]<typename E>(E) {
    Choose<E>(x, along, static_cast<std::size_t>(k), indices->mutable_values<std::int64_t>().data(),
              values->mutable_values<typename E::Stored>().data());
  });
  Tensors all{{"values", *std::move(values)}, {"indices", *indices}};
  if (labels == nullptr) return all;
  auto texts = LabelsAt(*indices, *labels);
  if (!texts) return Fail(texts.error());
  all.push_back({"labels", *std::move(texts)});
  return all;
}

}  // namespace

Result<Builtin> MakeArgmax(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 1> kKnown = {"axis"};
  const auto axis = ReadAxis(options, kKnown);
  if (!axis) return Fail(axis.error());
  if (auto there = ExpectAxis(inputs.front(), *axis); !there) return Fail(there.error());
  if (auto numbers = ExpectNumbers(inputs); !numbers) return Fail(numbers.error());
  TensorSpec output = As(WithAxis(inputs.front(), *axis, std::nullopt), "y", DType::kInt64);
  Builtin builtin;
  builtin.signature.outputs = {std::move(output)};
  builtin.signature.inputs = std::move(inputs);
  builtin.function = [axis = *axis](const Tensors& given) -> Result<Tensors> {
    auto best = TopK{.k = 1, .axis = axis, .labels = {}}(given);
    if (!best) return best;
    const Tensor& indices = (*best)[1].tensor;
    const auto place = PlaceAxis(axis, indices.shape().rank());
    Shape shape;
    for (std::size_t i = 0; i < indices.shape().rank(); ++i) {
      if (i != *place) shape.Append(indices.shape()[i]);
    }
    return Tensors{{"y", indices.Reshape(shape)}};
  };
  return builtin;
}

Result<Builtin> MakeTopK(std::span<const Field> options, std::vector<TensorSpec> inputs) {
  constexpr std::array<std::string_view, 3> kKnown = {"k", "axis", "labels"};
  const auto axis = ReadAxis(options, kKnown);
  if (!axis) return Fail(axis.error());
  if (auto there = ExpectAxis(inputs.front(), *axis); !there) return Fail(there.error());
  TopK top{.k = 1, .axis = *axis, .labels = {}};
  for (const Field& option : options) {
    if (option.key == "k") {
      const auto k = option.Integer(1, 1'000'000);
      if (!k) return Fail(k.error());
      top.k = *k;
    } else if (option.key == "labels") {
      auto labels = ReadLabels(option);
      if (!labels) return Fail(labels.error());
      top.labels = *std::move(labels);
    }
  }
  if (auto numbers = ExpectNumbers(inputs); !numbers) return Fail(numbers.error());
  if (const auto& shape = inputs.front().shape) {
    const std::int64_t size = (*shape)[*PlaceAxis(top.axis, shape->rank())];
    if (size >= 0 && top.k > size) return Fail(TooFew(top.k, size));
  }
  const TensorSpec top_values = WithAxis(inputs.front(), top.axis, top.k);
  Builtin builtin;
  auto& outputs = builtin.signature.outputs;
  outputs.push_back(As(top_values, "values", top_values.dtype));
  outputs.push_back(As(top_values, "indices", DType::kInt64));
  if (top.labels != nullptr) outputs.push_back(As(top_values, "labels", DType::kBytes));
  builtin.signature.inputs = std::move(inputs);
  builtin.function = std::move(top);
  return builtin;
}

}  // namespace plinth::pipeline
