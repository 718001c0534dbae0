#include "api/native/raw_codec.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "model/signature_text.h"
#include "serving/input_check.h"

namespace plinth::api {
namespace {

constexpr std::size_t kShown = 100;  // of a text that is refused

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::string Bytes(std::size_t n) { return std::to_string(n) + (n == 1 ? " byte" : " bytes"); }

// "input 'x' is FP32 [-1,64]"
std::string Described(const TensorSpec& spec, DType type) {
  return "input '" + spec.name + "' is " + std::string(NameOf(type)) + " " +
         (spec.shape ? spec.shape->ToString() : "of any shape");
}

Result<Shape> ParseShape(std::string_view text) {
  Shape shape;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (shape.rank() < Shape::kMaxRank) {
    while (at != end && *at == ' ') ++at;
    std::int64_t size = 0;
    const auto [next, failed] = std::from_chars(at, end, size);
    if (failed != std::errc() || size < 0) break;
    shape.Append(size);
    if (next == end) return shape;
    if (*next != ',') break;
    at = next + 1;
  }
  return Invalid("Plinth-Shape is '" + std::string(text.substr(0, kShown)) +
                 "', expected at most " + std::to_string(Shape::kMaxRank) +
                 " sizes, such as 1,3,224,224");
}

// "1,3,224,224"; "" for a scalar.
std::string ShapeText(const Shape& shape) {
  std::string text = shape.ToString();
  return text.substr(1, text.size() - 2);
}

Result<DType> RawType(const TensorSpec& spec, const std::optional<DType>& given) {
  const DType type = spec.dtype == DType::kAny ? given.value_or(DType::kAny) : spec.dtype;
  if (given && *given != type) {
    return Invalid("Plinth-Datatype is " + std::string(NameOf(*given)) + ", but " +
                   Described(spec, spec.dtype));
  }
  if (type == DType::kAny) {
    return Invalid("the model does not tell the type of input '" + spec.name +
                   "': name it in the header Plinth-Datatype, such as Plinth-Datatype: FP32");
  }
  if (type == DType::kBytes) {
    return Invalid(
        "input '" + spec.name +
        "' is BYTES, whose elements have no fixed size, so that a raw body does not tell "
        "where each ends: send JSON");
  }
  return type;
}

// The bytes of a tensor; nothing if there are too many to count.
std::optional<std::size_t> BytesOf(DType type, const Shape& shape) {
  std::size_t bytes = 0;
  const auto count = shape.ElementCount();
  if (!count || __builtin_mul_overflow(static_cast<std::size_t>(*count), SizeOf(type), &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

Status CheckGiven(const TensorSpec& spec, DType type, const Shape& given, std::size_t size) {
  if (spec.shape && !spec.shape->Admits(given)) {
    return Invalid("Plinth-Shape is " + given.ToString() + ", but " + Described(spec, type));
  }
  const auto expected = BytesOf(type, given);
  if (expected == size) return {};
  return Invalid("the body has " + Bytes(size) + ", expected " +
                 (expected ? std::to_string(*expected) : "more than there can be") +
                 ": Plinth-Shape is " + given.ToString() + " and " + Described(spec, type));
}

// The shape that a body of `size` bytes has.
Result<Shape> WorkOutShape(const TensorSpec& spec, DType type, std::size_t size) {
  const auto open = spec.shape ? std::ranges::count(spec.shape->dims(), -1) : 0;
  if (!spec.shape || open > 1) {
    return Invalid(Described(spec, type) +
                   ", so the size of the body does not tell its shape: name it in the header "
                   "Plinth-Shape, such as Plinth-Shape: 1,64");
  }
  Shape shape = *spec.shape;
  std::size_t at = 0;  // the open dimension, if there is one
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] != -1) continue;
    at = i;
    shape[i] = 1;
  }
  const auto unit = BytesOf(type, shape);
  const bool fits = unit && (open == 0 || *unit == 0 ? size == *unit : size % *unit == 0);
  if (!fits) {
    return Invalid(
        "the body has " + Bytes(size) + ", expected " + (open == 0 ? "" : "a multiple of ") +
        (unit ? std::to_string(*unit) : "more than there can be") + ": " + Described(spec, type));
  }
  if (open == 1) shape[at] = *unit == 0 ? 0 : static_cast<std::int64_t>(size / *unit);
  return shape;
}

// Whoever fills a BOOL tensor writes only 0 and 1.
Status CheckBooleans(const TensorSpec& spec, const Buffer& body) {
  const auto wrong =
      std::ranges::find_if(body.bytes(), [](std::byte b) { return b > std::byte{1}; });
  if (wrong == body.bytes().end()) return {};
  return Invalid("byte " + std::to_string(wrong - body.bytes().begin()) + " of the body is " +
                 std::to_string(std::to_integer<int>(*wrong)) + ", expected 0 or 1: input '" +
                 spec.name + "' is BOOL");
}

std::unexpected<Error> SeveralOutputs(std::size_t count, const std::string& names) {
  return Invalid("a raw answer is one output, this one would be " + std::to_string(count) + " (" +
                 names +
                 "): name the one that you want, as \"outputs\" in a JSON body or as "
                 "?outputs= with a raw one, or accept application/json");
}

std::unexpected<Error> NoFixedSize(const std::string& output) {
  return Fail(
      Code::kNotAcceptable,
      "output '" + output +
          "' is BYTES, whose elements have no fixed size, so that there is no raw answer of "
          "it: accept application/json");
}

}  // namespace

Result<RawDescription> ParseRawDescription(std::string_view shape, std::string_view dtype) {
  RawDescription description;
  if (!shape.empty()) {
    auto parsed = ParseShape(shape);
    if (!parsed) return Fail(std::move(parsed.error()));
    description.shape = *parsed;
  }
  if (!dtype.empty()) {
    description.dtype = DTypeFromName(dtype);
    if (!description.dtype) {
      return Invalid("Plinth-Datatype is '" + std::string(dtype.substr(0, kShown)) +
                     "', expected one of BOOL, INT8 to INT64, UINT8 to UINT64, FP16, BF16, FP32, "
                     "FP64");
    }
  }
  return description;
}

Result<Tensor> DecodeRawTensor(const TensorSpec& spec, const Buffer& body,
                               const RawDescription& description) {
  const auto type = RawType(spec, description.dtype);
  if (!type) return Fail(type.error());
  Shape shape;
  if (description.shape) {
    shape = *description.shape;
    if (auto fits = CheckGiven(spec, *type, shape, body.size()); !fits) return Fail(fits.error());
  } else {
    const auto worked_out = WorkOutShape(spec, *type, body.size());
    if (!worked_out) return Fail(worked_out.error());
    shape = *worked_out;
  }
  if (*type == DType::kBool) {
    if (auto valid = CheckBooleans(spec, body); !valid) return Fail(valid.error());
  }
  return Tensor::FromBuffer(*type, shape, body);
}

Result<NamedTensor> DecodeRawInput(const Signature& signature, const Buffer& body,
                                   const RawDescription& description) {
  const TensorSpec* const spec = signature.FindSoleInput();
  if (spec == nullptr) {
    return Invalid("the model has " + std::to_string(signature.inputs.size()) + " inputs (" +
                   NamesOf(signature.inputs) +
                   ") and a raw body is the bytes of one: send JSON with the inputs by name");
  }
  auto tensor = DecodeRawTensor(*spec, body, description);
  if (!tensor) return Fail(std::move(tensor.error()));
  return NamedTensor{spec->name, *std::move(tensor)};
}

Status CheckRawAnswer(const Signature& signature, const std::vector<std::string>& wanted) {
  // A model that declares no outputs, and a name that it does not have, are seen later.
  if (wanted.size() > 1 || (wanted.empty() && signature.outputs.size() > 1)) {
    return SeveralOutputs(wanted.empty() ? signature.outputs.size() : wanted.size(),
                          NamesOf(signature.outputs));
  }
  for (const TensorSpec& spec : signature.outputs) {
    if (!wanted.empty() && spec.name != wanted.front()) continue;
    if (spec.dtype == DType::kBytes) return NoFixedSize(spec.name);
  }
  return {};
}

Result<net::HttpResponse> EncodeRaw(const InferResponse& response) {
  if (response.outputs.size() != 1) {
    std::string names;
    for (const NamedTensor& output : response.outputs) {
      names += names.empty() ? "'" : ", '";
      names += output.name + '\'';
    }
    return SeveralOutputs(response.outputs.size(), names);
  }
  const auto& [name, tensor] = response.outputs.front();
  if (tensor.dtype() == DType::kBytes) return NoFixedSize(name);
  net::HttpResponse answer{.status = 200,
                           .content_type = "application/octet-stream",
                           .headers = {{"Plinth-Shape", ShapeText(tensor.shape())},
                                       {"Plinth-Datatype", std::string(NameOf(tensor.dtype()))},
                                       {"Plinth-Model", response.version->name()},
                                       {"Plinth-Version", response.version->version()}},
                           .body = std::string(tensor.data().As<char>(), tensor.data().size())};
  if (response.cached) answer.headers.emplace_back("Plinth-Cached", "true");
  return answer;
}

}  // namespace plinth::api
