#include "api/openinference/grpc/infer_reader.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/openinference/grpc/typed_contents.h"
#include "api/protobuf/reader.h"
#include "tensor/shape.h"

namespace plinth::api::openinference {
namespace {

using protobuf::Bytes;
using protobuf::Fixed64;
using protobuf::ForEachField;
using protobuf::Guarded;
using protobuf::MapEntry;
using protobuf::Reader;
using protobuf::ReadMapEntry;
using protobuf::TruthOf;
using protobuf::Varint;
using protobuf::ViewOf;

// The only reserved parameter that gRPC clients may give. As no model of ours gives several
// answers, there is never an empty one behind them.
constexpr std::string_view kEmptyFinalResponse = "triton_enable_empty_final_response";

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// The parts of the message that are read once all of them are known.
struct InferParts {
  std::string_view id;
  std::vector<std::string_view> parameters;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> raw;
};

InferParts PartsOf(std::string_view message) {
  InferParts parts;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    switch (field) {
      case Bytes(3):
        parts.id = ViewOf(reader);
        return true;
      case Bytes(4):
        parts.parameters.push_back(ViewOf(reader));
        return true;
      case Bytes(5):
        parts.inputs.push_back(ViewOf(reader));
        return true;
      case Bytes(6):
        parts.outputs.push_back(ViewOf(reader));
        return true;
      case Bytes(7):
        parts.raw.push_back(ViewOf(reader));
        return true;
      default:
        return false;
    }
  });
  return parts;
}

std::optional<ParameterValue> ReadValue(std::string_view message) {
  std::optional<ParameterValue> value;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    switch (field) {
      case Varint(1):
        value = TruthOf(reader);
        return true;
      case Varint(2):
        value = reader.get_int64();
        return true;
      case Bytes(3):
        value = ViewOf(reader);
        return true;
      case Fixed64(4):
        value = reader.get_double();
        return true;
      case Varint(5):
        value = reader.get_uint64();
        return true;
      default:
        return false;
    }
  });
  return value;
}

// Hands the parameter to `set`, unless it has no value.
template <typename Set>
Status SetParameter(std::string_view message, Set set) {
  const MapEntry entry = ReadMapEntry(message);
  const auto value = ReadValue(entry.value);
  if (!value) return Invalid("parameter '" + std::string(entry.key) + "' has no value");
  return set(entry.key, *value);
}

struct InputParts {
  std::string_view name;
  std::string_view datatype;
  Shape shape;
  bool too_many_dimensions = false;
  TensorParameters parameters;
  std::optional<std::string_view> contents;
};

void AddDimension(InputParts& input, std::int64_t dimension) {
  if (input.shape.rank() == Shape::kMaxRank) {
    input.too_many_dimensions = true;
  } else {
    input.shape.Append(dimension);
  }
}

Result<InputParts> ReadInput(std::string_view message) {
  InputParts input;
  Status status;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    switch (field) {
      case Bytes(1):
        input.name = ViewOf(reader);
        return true;
      case Bytes(2):
        input.datatype = ViewOf(reader);
        return true;
      case Bytes(3):
        for (const std::int64_t dimension : reader.get_packed_int64())
          AddDimension(input, dimension);
        return true;
      case Varint(3):
        AddDimension(input, reader.get_int64());
        return true;
      case Bytes(4): {
        const std::string_view parameter = ViewOf(reader);
        if (!status) return true;
        status = SetParameter(parameter, [&](std::string_view key, const ParameterValue& value) {
          return SetTensorParameter(input.parameters, key, value);
        });
        return true;
      }
      case Bytes(5):
        input.contents = ViewOf(reader);
        return true;
      default:
        return false;
    }
  });
  if (!status) return Fail(std::move(status.error()));
  if (input.too_many_dimensions) {
    return Invalid("input '" + std::string(input.name) + "' has more than " +
                   std::to_string(Shape::kMaxRank) + " dimensions");
  }
  return input;
}

Status ReadOutput(std::string_view message, InferBody& body, const SharedMemory& memory) {
  std::string_view name;
  TensorParameters parameters;
  Status status;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    if (field == Bytes(1)) {
      name = ViewOf(reader);
      return true;
    }
    if (field != Bytes(2)) return false;
    const std::string_view parameter = ViewOf(reader);
    if (!status) return true;
    status = SetParameter(parameter, [&](std::string_view key, const ParameterValue& value) {
      return SetTensorParameter(parameters, key, value);
    });
    return true;
  });
  if (!status) return status;
  return AddOutput(body, std::string(name), parameters, memory);
}

// Gives each input its data, in their order.
class InputReader {
 public:
  InputReader(const Buffer& message, const InferParts& parts, std::string_view model,
              const SharedMemory& memory)
      : message_(message), parts_(parts), model_(model), memory_(memory) {}

  Status ReadAll(InferBody& body) {
    body.inputs.reserve(parts_.inputs.size());
    for (const std::string_view part : parts_.inputs) {
      auto input = ReadInput(part);
      if (!input) return Fail(std::move(input.error()));
      GivenInput given{.name = std::string(input->name),
                       .dtype = DTypeFromName(input->datatype),
                       .shape = input->shape,
                       .data = Buffer()};
      if (auto data = FindData(*input, given); !data) return data;
      if (auto added = AddInput(body, std::move(given)); !added) return added;
    }
    if (next_raw_ == parts_.raw.size()) return {};
    return Invalid("expected " + std::to_string(next_raw_) + " raw_input_contents for model '" +
                   std::string(model_) + "', one for each input without shared memory, got " +
                   std::to_string(parts_.raw.size()));
  }

 private:
  Status FindData(const InputParts& input, GivenInput& given) {
    if (input.parameters.region) {
      if (input.contents)
        return Refuse("unexpected 'content' provided when using shared memory for input tensor ",
                      input);
      return UseRegion(given, input.parameters, memory_);
    }
    if (input.contents && !parts_.raw.empty()) {
      return Refuse("contents field must not be specified when using raw_input_contents for ",
                    input);
    }
    if (input.contents) {
      // A type that is none is refused later, in the order of all checks.
      if (!given.dtype) return {};
      auto raw = RawOfContents(message_, *input.contents, *given.dtype, input.name, model_);
      if (!raw) return Fail(std::move(raw.error()));
      given.data = *std::move(raw);
      return {};
    }
    if (next_raw_ == parts_.raw.size()) {
      return Invalid("unable to find data for input tensor '" + std::string(input.name) +
                     "' for model '" + std::string(model_) + "' in request.");
    }
    const std::string_view raw = parts_.raw[next_raw_++];
    if (raw.empty()) return {};
    given.data =
        message_.Slice(static_cast<std::size_t>(raw.data() - message_.As<char>()), raw.size());
    return {};
  }

  std::unexpected<Error> Refuse(std::string_view why, const InputParts& input) const {
    return Invalid(std::string(why) + "'" + std::string(input.name) + "' for model '" +
                   std::string(model_) + "'");
  }

  const Buffer& message_;
  const InferParts& parts_;
  const std::string_view model_;
  const SharedMemory& memory_;
  std::size_t next_raw_ = 0;
};

Status SetRequestParameters(const InferParts& parts, InferBody& body,
                            std::string_view sticky_field) {
  for (const std::string_view parameter : parts.parameters) {
    auto set =
        SetParameter(parameter, [&](std::string_view key, const ParameterValue& value) -> Status {
          if (key != kEmptyFinalResponse) {
            return SetRequestParameter(body, key, value, sticky_field);
          }
          if (const bool* const wanted = std::get_if<bool>(&value)) {
            body.empty_final_response = *wanted;
            return {};
          }
          return Invalid(
              "invalid value type for 'triton_enable_empty_final_response' parameter, "
              "expected bool_param.");
        });
    if (!set) return set;
  }
  return {};
}

std::string_view TextOf(const Buffer& message) { return {message.As<char>(), message.size()}; }

}  // namespace

Result<InferHead> ReadInferHead(std::string_view message) {
  return Guarded("a ModelInferRequest", [&]() -> Result<InferHead> {
    InferHead head;
    ForEachField(message, [&](Reader& reader, std::uint32_t field) {
      if (field != Bytes(1) && field != Bytes(2) && field != Bytes(3)) return false;
      (field == Bytes(1)   ? head.model
       : field == Bytes(2) ? head.version
                           : head.id) = ViewOf(reader);
      return true;
    });
    return head;
  });
}

Result<InferBody> ReadInferBody(const Buffer& message, std::string_view model,
                                std::string_view sticky_field, const SharedMemory& memory) {
  return Guarded("a ModelInferRequest", [&]() -> Result<InferBody> {
    const InferParts parts = PartsOf(TextOf(message));
    InferBody body;
    body.id = std::string(parts.id);
    if (auto set = SetRequestParameters(parts, body, sticky_field); !set)
      return Fail(std::move(set.error()));
    if (auto read = InputReader(message, parts, model, memory).ReadAll(body); !read)
      return Fail(std::move(read.error()));
    for (const std::string_view output : parts.outputs) {
      if (auto read = ReadOutput(output, body, memory); !read) return Fail(std::move(read.error()));
    }
    return body;
  });
}

}  // namespace plinth::api::openinference
