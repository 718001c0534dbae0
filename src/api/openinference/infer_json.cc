#include "api/openinference/infer_json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <simdjson.h>

#include "api/json/tensor_reader.h"
#include "api/openinference/infer_inputs.h"
#include "api/openinference/raw.h"
#include "api/openinference/request_json.h"

namespace plinth::api::openinference {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::string Unparsable(std::string_view key, std::string_view why) {
  return "Unable to parse '" + std::string(key) + "': attempt to access " + std::string(why);
}

std::unexpected<Error> Missing(std::string_view key) {
  return Invalid(Unparsable(key, "non-existing object member '") + std::string(key) + "'");
}

std::unexpected<Error> Wrong(std::string_view key, std::string_view wanted) {
  const std::string type(wanted);
  return Invalid(Unparsable(key, "JSON non-" + type + " as " + type));
}

// Where an input's elements are must be said once.
std::string SeveralSources(bool data, bool binary, bool region) {
  std::string message =
      "Input must set only one of the following fields: 'data', 'binary_data_size' in "
      "'parameters', 'shared_memory_region' in 'parameters'. But";
  if (!data && !binary && !region) return message + " no field is set";
  message += " set";
  if (data) message += " 'data'";
  if (binary) message += " 'binary_data_size'";
  if (region) message += " 'shared_memory_region'";
  return message;
}

// An input on its way: JSON does not say in which order its members come.
struct InputMembers {
  std::optional<std::string> name;
  std::optional<std::string> datatype;
  std::optional<Shape> shape;
  TensorParameters parameters;
  std::optional<Tensor> data;
  bool has_data = false;
  bool nulls = false;

  std::optional<DType> dtype() const { return datatype ? DTypeFromName(*datatype) : std::nullopt; }
};

class Reader {
 public:
  Reader(const JsonBody& json, const Buffer& tail, std::string_view model,
         std::string_view sticky_field, const SharedMemory& memory)
      : json_(json), tail_(tail), model_(model), sticky_field_(sticky_field), memory_(memory) {}

  Result<InferBody> Read();

 private:
  template <typename See>
  Status ForEachField(ondemand::value value, std::string_view what, See see);
  template <typename See>
  Status ForEachElement(ondemand::value value, std::string_view what, See see);
  template <typename Take>
  Status ReadParameters(ondemand::value value, Take take);
  Status ReadMember(std::string_view key, ondemand::value value);
  Status ReadInput(ondemand::value value);
  Status ReadInputMember(std::string_view key, ondemand::value value, InputMembers& input);
  Status ReadData(ondemand::value value, InputMembers& input);
  Status FinishInput(InputMembers& input);
  Status TakeFromTail(GivenInput& input, std::uint64_t size);
  Status ReadOutput(ondemand::value value);
  Status ReadShape(ondemand::value value, std::optional<Shape>& to);
  Status ReadText(std::string_view key, ondemand::value value, std::optional<std::string>& to);

  std::unexpected<Error> Malformed(simdjson::error_code code) const {
    return Fail(MalformedRequest(json_, code));
  }

  const JsonBody json_;
  const Buffer& tail_;
  std::size_t taken_ = 0;  // of tail_
  const std::string_view model_;
  const std::string_view sticky_field_;
  const SharedMemory& memory_;
  bool has_inputs_ = false;
  InferBody body_;
};

Result<InferBody> Reader::Read() {
  ondemand::object object;
  if (const auto failed = json_.document.get_object().get(object)) return Malformed(failed);
  auto read = ForEachMember(json_, object, [this](std::string_view key, ondemand::value value) {
    return ReadMember(key, value);
  });
  if (!read) return Fail(std::move(read.error()));
  if (!json_.AtEnd()) return Malformed(simdjson::TRAILING_CONTENT);
  if (!has_inputs_) return Missing("inputs");
  if (taken_ != tail_.size()) {
    return Invalid("unexpected additional input data for model '" + std::string(model_) + "'");
  }
  return std::move(body_);
}

Status Reader::ReadMember(std::string_view key, ondemand::value value) {
  if (key == "id") {
    std::optional<std::string> id;
    if (auto read = ReadText(key, value, id); !read) return read;
    body_.id = *std::move(id);
  } else if (key == "parameters") {
    return ReadParameters(value, [this](std::string_view name, const ParameterValue& parameter) {
      return SetRequestParameter(body_, name, parameter, sticky_field_);
    });
  } else if (key == "inputs") {
    if (std::exchange(has_inputs_, true)) return Invalid("'inputs' is given twice");
    return ForEachElement(value, key, [this](ondemand::value input) { return ReadInput(input); });
  } else if (key == "outputs") {
    return ForEachElement(value, key,
                          [this](ondemand::value output) { return ReadOutput(output); });
  }
  return {};
}

template <typename See>
Status Reader::ForEachField(ondemand::value value, std::string_view what, See see) {
  ondemand::object object;
  if (const auto failed = value.get_object().get(object))
    return failed == simdjson::INCORRECT_TYPE ? Wrong(what, "object") : Malformed(failed);
  return ForEachMember(json_, object, std::move(see));
}

template <typename See>
Status Reader::ForEachElement(ondemand::value value, std::string_view what, See see) {
  ondemand::array array;
  if (const auto failed = value.get_array().get(array))
    return failed == simdjson::INCORRECT_TYPE ? Wrong(what, "array") : Malformed(failed);
  for (auto element : array) {
    ondemand::value inner;
    if (const auto failed = element.get(inner)) return Malformed(failed);
    if (auto seen = see(inner); !seen) return seen;
  }
  return {};
}

template <typename Take>
Status Reader::ReadParameters(ondemand::value value, Take take) {
  return ForEachField(value, "parameters", [&](std::string_view key, ondemand::value inner) {
    const auto parameter = ParameterOf(key, inner, json_);
    if (!parameter) return Status(Fail(parameter.error()));
    return take(key, *parameter);
  });
}

Status Reader::ReadInput(ondemand::value value) {
  InputMembers input;
  ondemand::object object;
  if (const auto failed = value.get_object().get(object))
    return failed == simdjson::INCORRECT_TYPE ? Wrong("inputs", "object") : Malformed(failed);
  auto read = ForEachMember(json_, object, [&](std::string_view key, ondemand::value inner) {
    return ReadInputMember(key, inner, input);
  });
  if (!read) return read;
  // Data that came before what tells how to read them.
  if (input.has_data && !input.data && input.dtype() && input.shape) {
    ondemand::value data;
    if (const auto failed = object.reset().error()) return Malformed(failed);
    if (const auto failed = object.find_field("data").get(data)) return Malformed(failed);
    if (auto late = ReadData(data, input); !late) return late;
  }
  return FinishInput(input);
}

Status Reader::ReadInputMember(std::string_view key, ondemand::value value, InputMembers& input) {
  if (key == "name" || key == "datatype")
    return ReadText(key, value, key == "name" ? input.name : input.datatype);
  if (key == "shape") return ReadShape(value, input.shape);
  if (key == "parameters") {
    return ReadParameters(value, [&](std::string_view name, const ParameterValue& parameter) {
      return SetTensorParameter(input.parameters, name, parameter);
    });
  }
  if (key != "data") return {};
  if (std::exchange(input.has_data, true)) return Invalid("'data' of an input is given twice");
  return input.dtype() && input.shape ? ReadData(value, input) : Status();
}

// Requires a type and a shape. The elements may be nested or not, and are not where the model's
// type has no form in JSON.
Status Reader::ReadData(ondemand::value value, InputMembers& input) {
  const std::string name = input.name.value_or("");
  const DType dtype = *input.dtype();
  if (auto possible = CheckJsonType(name, dtype); !possible) return possible;
  json_type type = json_type::null;
  if (value.type().get(type) == simdjson::SUCCESS && type != json_type::array)
    return Wrong("data", "array");
  // Whether the model knows missing strings is not known yet.
  const TensorSpec spec{.name = name, .dtype = dtype, .shape = std::nullopt, .nullable = true};
  if (auto countable = CheckElementCount(name, *input.shape); !countable) return countable;
  const auto expected = input.shape->ElementCount();
  if (!BytesOf(dtype, *expected)) return Invalid(SizeOverflow(name, model_));
  TensorReader reader(spec, json_, TensorReader::Form::kFlat);
  auto tensor = reader.Read(value);
  if (!tensor) return Fail(tensor.error().Annotate("Unable to parse 'data'"));
  // How many strings there are is checked later, as if they had come in the binary form.
  if (dtype != DType::kBytes && expected != tensor->element_count()) {
    return Fail(Code::kInternal,
                "Unable to parse 'data': Shape does not match true shape of 'data' field");
  }
  input.data = *std::move(tensor);
  input.nulls = reader.missing_text();
  return {};
}

Status Reader::FinishInput(InputMembers& members) {
  const TensorParameters& parameters = members.parameters;
  const bool binary = parameters.binary_size.has_value();
  const bool region = parameters.region.has_value();
  if (members.has_data + binary + region != 1)
    return Invalid(SeveralSources(members.has_data, binary, region));
  if (!members.name) return Missing("name");
  if (!members.datatype) return Missing("datatype");
  if (!members.shape) return Missing("shape");
  if (auto countable = CheckElementCount(*members.name, *members.shape); !countable)
    return countable;
  GivenInput input{.name = *std::move(members.name),
                   .dtype = members.dtype(),
                   .shape = *members.shape,
                   .data = Buffer(),
                   .nulls = members.nulls};
  if (members.data) {
    input.data = *std::move(members.data);
  } else if (binary) {
    if (auto taken = TakeFromTail(input, *parameters.binary_size); !taken) return taken;
  } else if (region) {
    if (auto used = UseRegion(input, parameters, memory_); !used) return used;
  } else {
    return Invalid("invalid datatype for input " + input.name);
  }
  return AddInput(body_, std::move(input));
}

Status Reader::TakeFromTail(GivenInput& input, std::uint64_t size) {
  const std::size_t rest = tail_.size() - taken_;
  if (size > rest) {
    return Invalid("unexpected size for input '" + input.name + "', expecting " +
                   std::to_string(size - rest) + " additional bytes for model '" +
                   std::string(model_) + "'");
  }
  input.data = tail_.Slice(taken_, static_cast<std::size_t>(size));
  taken_ += static_cast<std::size_t>(size);
  return {};
}

Status Reader::ReadOutput(ondemand::value value) {
  std::optional<std::string> name;
  TensorParameters parameters;
  auto read = ForEachField(value, "outputs", [&](std::string_view key, ondemand::value inner) {
    if (key == "name") return ReadText(key, inner, name);
    if (key != "parameters") return Status();
    return ReadParameters(inner, [&](std::string_view of, const ParameterValue& parameter) {
      return SetTensorParameter(parameters, of, parameter);
    });
  });
  if (!read) return read;
  if (!name) return Missing("name");
  return AddOutput(body_, *std::move(name), parameters, memory_);
}

Status Reader::ReadShape(ondemand::value value, std::optional<Shape>& to) {
  Shape shape;
  auto read = ForEachElement(value, "shape", [&](ondemand::value element) -> Status {
    std::uint64_t dim = 0;
    if (element.get_uint64().get(dim) != simdjson::SUCCESS || dim > INT64_MAX) {
      return Fail(Code::kInternal,
                  Unparsable("shape", "JSON non-unsigned-integer as unsigned-integer"));
    }
    if (shape.rank() == Shape::kMaxRank) {
      return Invalid("a shape has more than " + std::to_string(Shape::kMaxRank) + " dimensions");
    }
    shape.Append(static_cast<std::int64_t>(dim));
    return {};
  });
  if (read) to = shape;
  return read;
}

Status Reader::ReadText(std::string_view key, ondemand::value value,
                        std::optional<std::string>& to) {
  std::string_view text;
  if (const auto failed = value.get_string().get(text))
    return failed == simdjson::INCORRECT_TYPE ? Wrong(key, "string") : Malformed(failed);
  to = std::string(text);
  return {};
}

}  // namespace

Result<InferBody> ReadInferJson(std::string_view json, const Buffer& tail, std::string_view model,
                                std::string_view sticky_field, const SharedMemory& memory) {
  auto document = ParseRequest(json);
  if (!document) return Fail(std::move(document.error()));
  return Reader(document->body(), tail, model, sticky_field, memory).Read();
}

}  // namespace plinth::api::openinference
