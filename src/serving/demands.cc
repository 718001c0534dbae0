#include "serving/demands.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "serving/step_back.h"

namespace plinth {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{256} << 20;  // of an input

bool Fits(const TensorSpec& declared, const TensorSpec& model) {
  if (declared.dtype != DType::kAny && model.dtype != DType::kAny && declared.dtype != model.dtype)
    return false;
  if (!declared.shape || !model.shape) return true;
  return std::ranges::equal(
      declared.shape->dims(), model.shape->dims(),
      [](std::int64_t a, std::int64_t b) { return a == b || a == -1 || b == -1; });
}

std::string Form(const TensorSpec& spec) {
  return fmt::format("{} {}", NameOf(spec.dtype),
                     spec.shape ? spec.shape->ToString() : "of any shape");
}

std::string Names(std::span<const TensorSpec> specs) {
  std::string names;
  for (const TensorSpec& spec : specs)
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", spec.name);
  return names.empty() ? "none" : names;
}

Status CheckTensors(std::string_view kind, std::span<const TensorSpec> declared,
                    std::span<const TensorSpec> model, const std::string& declared_in) {
  for (const TensorSpec& spec : declared) {
    const auto found = std::ranges::find(model, spec.name, &TensorSpec::name);
    if (found == model.end()) {
      return Fail(Code::kInvalidModel,
                  fmt::format("{} declares the {} '{}', but the model's {}s are {}", declared_in,
                              kind, spec.name, kind, Names(model)));
    }
    if (!Fits(spec, *found)) {
      return Fail(Code::kInvalidModel,
                  fmt::format("{} declares the {} '{}' as {}, but the model has {}", declared_in,
                              kind, spec.name, Form(spec), Form(*found)));
    }
  }
  return {};
}

// ---- Warm-up

void FillRandom(Tensor& tensor) {
  std::minstd_rand random(42);  // the same at every load
  std::uniform_real_distribution<float> unit(0, 1);
  const std::size_t size = SizeOf(tensor.dtype());
  const std::span<std::byte> bytes = tensor.mutable_bytes();
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) {
    const float value = unit(random);
    const auto store = [&](auto element) { std::memcpy(&bytes[at], &element, sizeof(element)); };
    switch (tensor.dtype()) {
      case DType::kFp16:
        store(FloatToFp16(value));
        break;
      case DType::kBf16:
        store(FloatToBf16(value));
        break;
      case DType::kFp32:
        store(value);
        break;
      case DType::kFp64:
        store(static_cast<double>(value));
        break;
      default:
        // Small numbers, little-endian: what is an index is likely to be one. The rest is zero.
        bytes[at] =
            static_cast<std::byte>(value * (tensor.dtype() == DType::kBool ? 2.0F : 100.0F));
    }
  }
}

std::unexpected<Error> WrongSize(const WarmupInput& input, std::size_t wanted) {
  return Fail(Code::kInvalidModel, wanted == 0 ? fmt::format("{} does not hold the strings of '{}'",
                                                             input.file, input.name)
                                               : fmt::format("{} should hold {} bytes for '{}'",
                                                             input.file, wanted, input.name));
}

Result<std::string> ReadRow(const WarmupInput& input) {
  std::ifstream file(input.file, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file.good() && !file.eof()) return Fail(Code::kInvalidModel, input.file + " cannot be read");
  if (bytes.size() > kMaxBytes)
    return Fail(Code::kInvalidModel, input.file + " is larger than 256 MiB");
  return bytes;
}

// Strings as a file has them: each a length of four bytes, little-endian, and the bytes.
Result<std::vector<std::string>> ReadStrings(const WarmupInput& input, std::size_t count) {
  if (input.data != WarmupInput::Data::kFile) return std::vector<std::string>(count);
  const auto row = ReadRow(input);
  if (!row) return Fail(row.error());
  std::vector<std::string> strings;
  std::string_view rest = *row;
  while (rest.size() >= 4 && strings.size() < count) {
    std::uint32_t length = 0;
    std::memcpy(&length, rest.data(), 4);
    rest.remove_prefix(4);
    if (length > rest.size()) return WrongSize(input, 0);
    strings.emplace_back(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  if (strings.size() != count || !rest.empty()) return WrongSize(input, 0);
  return strings;
}

Result<Tensor> MakeStrings(const WarmupInput& input, const Shape& shape, std::size_t rows) {
  const auto total = shape.ElementCount();
  if (!total || *total > 1'000'000)
    return Fail(Code::kInvalidModel, "'" + input.name + "' has too many strings");
  const auto row =
      ReadStrings(input, static_cast<std::size_t>(*total) / std::max<std::size_t>(rows, 1));
  if (!row) return Fail(row.error());
  std::vector<std::string> all;
  for (std::size_t i = 0; i < std::max<std::size_t>(rows, 1); ++i)
    all.insert(all.end(), row->begin(), row->end());
  return Tensor::OfStrings(shape, all);
}

Result<Tensor> MakeInput(const WarmupInput& input, std::int64_t rows) {
  Shape shape;
  if (rows > 0) shape.Append(rows);
  for (const std::int64_t dim : input.shape) {
    if (shape.rank() == Shape::kMaxRank)
      return Fail(Code::kInvalidModel, "'" + input.name + "' has too many dimensions");
    shape.Append(dim);
  }
  if (input.dtype == DType::kBytes)
    return MakeStrings(input, shape, static_cast<std::size_t>(rows));
  auto tensor = Tensor::Allocate(input.dtype, shape, kMaxBytes);
  if (!tensor) return tensor;
  const std::span<std::byte> bytes = tensor->mutable_bytes();
  std::ranges::fill(bytes, std::byte{});
  if (input.data == WarmupInput::Data::kRandom) FillRandom(*tensor);
  if (input.data == WarmupInput::Data::kFile) {
    const auto row = ReadRow(input);
    if (!row) return Fail(row.error());
    const std::size_t wanted =
        bytes.size() / static_cast<std::size_t>(std::max<std::int64_t>(rows, 1));
    if (row->size() != wanted || wanted == 0) return WrongSize(input, wanted);
    for (std::size_t at = 0; at < bytes.size(); at += wanted)
      std::memcpy(&bytes[at], row->data(), wanted);
  }
  return tensor;
}

Status WarmUp(const WarmupRequest& request, ModelVersion& version, const ModelCaller& caller) {
  const auto inputs = MakeWarmupInputs(request);
  if (!inputs) return Fail(inputs.error());
  for (std::int64_t i = 0; i < request.count; ++i) {
    auto ran = SteppedBack([&] { return version.Rehearse(*inputs, caller); });
    if (!ran) return ran;
  }
  return {};
}

}  // namespace

Status CheckSignature(const LoadDemands& demands, const Signature& signature) {
  auto inputs = CheckTensors("input", demands.inputs, signature.inputs, demands.declared_in);
  if (!inputs) return inputs;
  for (const TensorSpec& input : signature.inputs) {
    const bool declared =
        std::ranges::find(demands.inputs, input.name, &TensorSpec::name) != demands.inputs.end();
    if (demands.inputs.empty() || declared || input.optional) continue;
    return Fail(Code::kInvalidModel, fmt::format("{} does not declare the model's input '{}', {}",
                                                 demands.declared_in, input.name, Form(input)));
  }
  return CheckTensors("output", demands.outputs, signature.outputs, demands.declared_in);
}

Result<std::vector<NamedTensor>> MakeWarmupInputs(const WarmupRequest& request) {
  std::vector<NamedTensor> inputs;
  for (const WarmupInput& input : request.inputs) {
    auto tensor = MakeInput(input, request.rows);
    if (!tensor) return Fail(std::move(tensor.error()));
    inputs.push_back({input.name, *std::move(tensor)});
  }
  return inputs;
}

Status MeetDemands(const LoadDemands& demands, ModelVersion& version, const ModelCaller& caller) {
  if (auto same = CheckSignature(demands, version.signature()); !same) return same;
  for (const WarmupRequest& request : demands.warmup) {
    if (auto warmed = WarmUp(request, version, caller); !warmed) {
      return Fail(Code::kInvalidModel,
                  fmt::format("{}: warm-up with '{}' failed: {}", demands.declared_in, request.name,
                              warmed.error().message));
    }
  }
  return {};
}

}  // namespace plinth
