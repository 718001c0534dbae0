#include "pytorch/torch_probe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pytorch/torch_arguments.h"

namespace plinth::pytorch {
namespace {

// Sizes that are tried for open dimensions other than the first: many models take any, images are
// often one of the others.
constexpr std::array<std::int64_t, 5> kSizes = {1, 8, 28, 32, 224};
constexpr std::int64_t kMaxElements = 1 << 20;

// Rows in the joined call, and in the two that it is compared with.
constexpr std::int64_t kRows = 3;
constexpr std::int64_t kFirstRows = 1;

// Different, harmless numbers: between -1 and 1 for floats, 0 and 1 for integers, which are often
// indices.
std::optional<at::Tensor> Sample(const kit::Spec& spec, std::int64_t rows, std::int64_t size) {
  const auto type = TorchTypeOf(spec.dtype);
  if (!type || !spec.shape) return std::nullopt;
  std::int64_t count = 1;
  std::vector<std::int64_t> shape = *spec.shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) shape[i] = i == 0 ? rows : size;
    if (__builtin_mul_overflow(count, shape[i], &count) || count > kMaxElements)
      return std::nullopt;
  }
  const at::Tensor numbers = at::arange(count, at::kDouble).mul(0.7390851);
  const at::Tensor values = c10::isFloatingType(*type) ? numbers.sin() : numbers.sin().gt(0);
  return values.reshape(shape).to(*type);
}

std::optional<std::vector<at::Tensor>> Samples(const std::vector<kit::Spec>& inputs,
                                               std::int64_t rows, std::int64_t size) {
  std::vector<at::Tensor> samples;
  for (const kit::Spec& input : inputs) {
    auto sample = Sample(input, rows, size);
    if (!sample) return std::nullopt;
    samples.push_back(std::move(*sample));
  }
  return samples;
}

std::vector<at::Tensor> RowsOf(const std::vector<at::Tensor>& tensors, std::int64_t begin,
                               std::int64_t end) {
  std::vector<at::Tensor> rows;
  rows.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) rows.push_back(tensor.slice(0, begin, end).contiguous());
  return rows;
}

bool HasOpenFirst(const kit::Spec& spec) {
  return spec.shape && !spec.shape->empty() && spec.shape->front() == -1;
}

// Whether the answers to the first rows and to the others are together the answer to all rows.
bool RowsAreIndependent(const std::vector<at::Tensor>& inputs, const std::vector<NamedValue>& whole,
                        const Forward& forward) {
  const auto first = forward(RowsOf(inputs, 0, kFirstRows));
  const auto others = forward(RowsOf(inputs, kFirstRows, kRows));
  if (!first || !others || first->size() != whole.size() || others->size() != whole.size())
    return false;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const at::Tensor& all = whole[i].tensor;
    const at::Tensor& head = (*first)[i].tensor;
    const at::Tensor& tail = (*others)[i].tensor;
    if (all.dim() == 0 || head.dim() != all.dim() || tail.dim() != all.dim()) return false;
    if (all.size(0) != kRows || head.size(0) != kFirstRows || tail.size(0) != kRows - kFirstRows)
      return false;
    if (all.sizes().slice(1) != head.sizes().slice(1) ||
        all.sizes().slice(1) != tail.sizes().slice(1))
      return false;
    if (!at::allclose(all, at::cat({head, tail}), 1e-3, 1e-5, /*equal_nan=*/true)) return false;
  }
  return true;
}

ProbeResult Describe(const std::vector<kit::Spec>& inputs, const std::vector<at::Tensor>& samples,
                     const std::vector<NamedValue>& answer, const Forward& forward) {
  ProbeResult result;
  const bool may_batch = !inputs.empty() && std::ranges::all_of(inputs, HasOpenFirst);
  result.batches = may_batch && RowsAreIndependent(samples, answer, forward);
  // With other sizes of the inputs' open dimensions the outputs' may be others too.
  const bool all_fixed = std::ranges::all_of(inputs, [](const kit::Spec& spec) {
    return std::ranges::count(*spec.shape, -1) == (HasOpenFirst(spec) ? 1 : 0);
  });
  for (const NamedValue& value : answer) {
    kit::Spec spec{.name = value.name,
                   .dtype = TypeOf(value.tensor.scalar_type()).value_or(PLINTH_DTYPE_ANY)};
    if (all_fixed || result.batches) {
      spec.shape.emplace(value.tensor.sizes().begin(), value.tensor.sizes().end());
      for (std::size_t i = 0; i < spec.shape->size(); ++i) {
        if (!all_fixed || i == 0) (*spec.shape)[i] = -1;
      }
    }
    result.outputs.push_back(std::move(spec));
  }
  return result;
}

}  // namespace

std::optional<ProbeResult> Probe(const std::vector<kit::Spec>& inputs, const Forward& forward) {
  for (const std::int64_t size : kSizes) {
    const auto samples = Samples(inputs, kRows, size);
    if (!samples) return std::nullopt;
    if (const auto answer = forward(*samples)) return Describe(inputs, *samples, *answer, forward);
  }
  return std::nullopt;
}

}  // namespace plinth::pytorch
