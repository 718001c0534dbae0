#include "api/openinference/infer_request.h"

#include <algorithm>
#include <utility>

#include "api/infer/step_timings.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::unexpected<Error> Unparsable(std::string_view key, std::string_view wanted) {
  return Invalid("Unable to parse '" + std::string(key) + "': attempt to access JSON non-" +
                 std::string(wanted) + " as " + std::string(wanted));
}

Result<bool> AsBool(std::string_view key, const ParameterValue& value) {
  if (const auto* const truth = std::get_if<bool>(&value)) return *truth;
  return Unparsable(key, "boolean");
}

Result<std::uint64_t> AsUnsigned(std::string_view key, const ParameterValue& value) {
  if (const auto* const number = std::get_if<std::uint64_t>(&value)) return *number;
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (number != nullptr && *number >= 0) return static_cast<std::uint64_t>(*number);
  return Unparsable(key, "unsigned-integer");
}

// Triton's levels begin with 1, the most urgent; 0 is the model's own.
std::optional<Priority> PriorityOf(std::uint64_t level) {
  if (level == 0) return std::nullopt;
  return level == 1 ? Priority::kHigh : level == 2 ? Priority::kNormal : Priority::kLow;
}

// Of microseconds; those of a part of a millisecond count as a whole one. 0 is the model's own.
std::optional<std::chrono::milliseconds> TimeoutOf(std::uint64_t us) {
  constexpr std::uint64_t kDayMs = 86'400'000;
  if (us == 0) return std::nullopt;
  return std::chrono::milliseconds(std::min((us - 1) / 1000 + 1, kDayMs));
}

Status CheckSequence(std::string_view key, const ParameterValue& value) {
  if (key == "sequence_id" && std::holds_alternative<std::string_view>(value)) return {};
  if (key == "sequence_id") {
    if (auto id = AsUnsigned(key, value); !id) return Fail(std::move(id.error()));
    return {};
  }
  if (auto flag = AsBool(key, value); !flag) return Fail(std::move(flag.error()));
  return {};
}

std::string StickyKeyOf(const ParameterValue& value) {
  if (const auto* const text = std::get_if<std::string_view>(&value)) return std::string(*text);
  if (const auto* const whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* const whole = std::get_if<std::uint64_t>(&value)) return std::to_string(*whole);
  if (const auto* const truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return std::to_string(std::get<double>(value));
}

// Adds a member to the text of an object, which is empty without any.
void AddMember(std::string& object, std::string_view key, const ParameterValue& value) {
  JsonWriter json;
  json.BeginObject();
  json.Key(key);
  std::visit([&json](const auto& held) { json.Value(held); }, value);
  json.EndObject();
  if (object.empty()) {
    object = std::move(json).Take();
    return;
  }
  object.back() = ',';
  object.append(json.text(), 1);
}

bool Overlap(const SharedPart& a, const SharedPart& b) {
  return a.data < b.data + b.size && b.data < a.data + a.size;
}

Status CheckExclusive(const TensorParameters& parameters) {
  if (!parameters.region) return {};
  if (parameters.classes)
    return Invalid("Output can't set both 'shared_memory_region' and 'classification'");
  if (parameters.binary.value_or(false))
    return Invalid("Output can't set both 'shared_memory_region' and 'binary_data'");
  return {};
}

// Each is compared with all before it, so that there must not be any number of them.
Status CheckRoom(std::size_t count, std::string_view what) {
  if (count < kMostTensors) return {};
  return Invalid("the request has more than " + std::to_string(kMostTensors) + " " +
                 std::string(what));
}

Result<SharedPart> PartOf(const TensorParameters& parameters, const SharedMemory& memory) {
  return memory.Find(*parameters.region, parameters.region_offset, parameters.region_size);
}

}  // namespace

Status SetRequestParameter(InferBody& body, std::string_view key, const ParameterValue& value,
                           std::string_view sticky_field) {
  if (key.starts_with("triton_")) {
    return Invalid(
        "parameter keys starting with 'triton_' are reserved for Triton usage and should not be "
        "specified.");
  }
  if (key == "sequence_id" || key == "sequence_start" || key == "sequence_end") {
    if (auto checked = CheckSequence(key, value); !checked) return checked;
  } else if (key == "priority" || key == "timeout") {
    const auto number = AsUnsigned(key, value);
    if (!number) return Fail(number.error());
    if (key == "priority") {
      body.priority = PriorityOf(*number);
    } else {
      body.timeout = TimeoutOf(*number);
    }
  } else if (key == "binary_data_output") {
    const auto binary = AsBool(key, value);
    if (!binary) return Fail(binary.error());
    body.binary_outputs = *binary;
    return {};
  } else if (const bool* const trace = std::get_if<bool>(&value); trace && key == "trace") {
    body.steps = *trace ? std::make_shared<RequestTrace>() : nullptr;
    return {};
  }
  AddMember(body.parameters, key, value);
  if (!sticky_field.empty() && key == sticky_field) body.sticky_key = StickyKeyOf(value);
  return {};
}

std::string TakeSteps(const InferBody& body) {
  if (!body.steps) return {};
  const std::vector<StepTiming> steps = body.steps->Take();
  if (steps.empty()) return {};
  JsonWriter json;
  WriteSteps(json, steps, body.arrival);
  return std::move(json).Take();
}

std::shared_ptr<const RequestContext> ContextOf(const InferBody& body) {
  if (body.id.empty() && body.parameters.empty()) return nullptr;
  return std::make_shared<RequestContext>(body.id, body.parameters);
}

Status SetTensorParameter(TensorParameters& parameters, std::string_view key,
                          const ParameterValue& value) {
  const auto take = [&](auto& to, auto taken) -> Status {
    if (!taken) return Fail(std::move(taken.error()));
    to = *std::move(taken);
    return {};
  };
  if (key == "binary_data_size") return take(parameters.binary_size, AsUnsigned(key, value));
  if (key == "binary_data") return take(parameters.binary, AsBool(key, value));
  if (key == "classification") return take(parameters.classes, AsUnsigned(key, value));
  if (key == "shared_memory_offset") return take(parameters.region_offset, AsUnsigned(key, value));
  if (key == "shared_memory_byte_size") return take(parameters.region_size, AsUnsigned(key, value));
  if (key == "shared_memory_region") {
    const auto* const name = std::get_if<std::string_view>(&value);
    if (name == nullptr) return Unparsable(key, "string");
    parameters.region = *name;
  }
  return {};
}

Status AddOutput(InferBody& body, std::string name, const TensorParameters& parameters,
                 const SharedMemory& memory) {
  if (auto room = CheckRoom(body.outputs.size(), "outputs"); !room) return room;
  if (auto possible = CheckExclusive(parameters); !possible) return possible;
  if (std::ranges::find(body.outputs, name, &WantedOutput::name) != body.outputs.end())
    return Invalid("Duplicate output name '" + name + "' is not allowed in a request: output '" +
                   name + "' already exists in request");
  WantedOutput output{.name = std::move(name),
                      .classes = static_cast<std::size_t>(parameters.classes.value_or(0)),
                      .binary = parameters.binary.value_or(false)};
  if (parameters.region) {
    auto part = PartOf(parameters, memory);
    if (!part) return Fail(std::move(part.error()));
    for (const WantedOutput& other : body.outputs) {
      if (!other.region.mapping || !Overlap(other.region, *part)) continue;
      return Invalid("outputs '" + other.name + "' and '" + output.name +
                     "' overlap in shared memory region '" + *parameters.region + "'");
    }
    output.region = *std::move(part);
    output.region_name = *parameters.region;
    output.region_offset = parameters.region_offset;
  }
  body.outputs.push_back(std::move(output));
  return {};
}

Status AddInput(InferBody& body, GivenInput input) {
  if (auto room = CheckRoom(body.inputs.size(), "inputs"); !room) return room;
  if (std::ranges::find(body.inputs, input.name, &GivenInput::name) != body.inputs.end())
    return Invalid("input '" + input.name + "' already exists in request");
  body.inputs.push_back(std::move(input));
  return {};
}

Status UseRegion(GivenInput& input, const TensorParameters& parameters,
                 const SharedMemory& memory) {
  auto part = PartOf(parameters, memory);
  if (!part) return Fail(std::move(part.error()));
  input.data = Buffer::Share(part->mapping, part->data, part->size);
  input.shared = std::move(part->mapping);
  return {};
}

}  // namespace plinth::api::openinference
