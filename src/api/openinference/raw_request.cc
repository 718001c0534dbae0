#include "api/openinference/raw_request.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "api/openinference/infer_inputs.h"

namespace plinth::api::openinference {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, RequestPrefix("") + std::move(message));
}

// The bytes of one element, as the binary form has them.
Buffer WithLength(const Buffer& bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  Buffer raw = Buffer::Allocate(sizeof length + bytes.size());
  std::memcpy(raw.mutable_data(), &length, sizeof length);
  if (!bytes.empty()) std::memcpy(raw.mutable_data() + sizeof length, bytes.data(), bytes.size());
  return raw;
}

}  // namespace

InferBody ReadRawRequest(const Buffer& body) {
  InferBody raw;
  raw.inputs.push_back({.name = {}, .dtype = {}, .shape = {}, .data = body});
  raw.binary_outputs = true;
  raw.raw = true;
  return raw;
}

Status DeduceRawInput(InferBody& body, const ModelView& model) {
  if (model.signature.inputs.size() != 1) {
    return Invalid("Raw request must only have 1 input (found 1) to be deduced but got " +
                   std::to_string(model.signature.inputs.size()) + " inputs in '" +
                   std::string(model.name) + "' model configuration");
  }
  const TensorSpec& spec = model.signature.inputs.front();
  GivenInput& input = body.inputs.front();
  Buffer& raw = std::get<Buffer>(input.data);
  if (spec.dtype == DType::kAny || !spec.shape) {
    return Invalid("The type and shape of the raw input '" + spec.name +
                   "' can not be deduced because the model does not declare them");
  }
  input.name = spec.name;
  input.dtype = spec.dtype;
  input.shape = *spec.shape;
  if (model.max_batch_size() > 0) input.shape[0] = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < input.shape.rank(); ++i) {
    if (input.shape[i] >= 0) continue;
    if (open) {
      return Invalid("The shape of the raw input '" + spec.name +
                     "' can not be deduced because there are more than one variable-sized "
                     "dimension");
    }
    open = i;
    input.shape[i] = 1;
  }
  const std::int64_t unit = input.shape.ElementCount().value_or(0);
  if (spec.dtype == DType::kBytes) {
    if (open || unit != 1) {
      return Invalid("For BYTE datatype raw input '" + spec.name +
                     "', the model must have input shape [1]");
    }
    raw = WithLength(raw);
  } else if (open && unit > 0) {
    const auto elements = static_cast<std::int64_t>(raw.size() / SizeOf(spec.dtype));
    input.shape[*open] = elements / unit;
  }
  return {};
}

}  // namespace plinth::api::openinference
