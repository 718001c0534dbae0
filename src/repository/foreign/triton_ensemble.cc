#include "repository/foreign/triton_ensemble.h"

#include <set>

#include "base/json_writer.h"
#include "repository/foreign/message_reader.h"

namespace plinth {
namespace {

using text_proto::Field;
using Map = std::vector<std::pair<std::string, std::string>>;

template <Map EnsembleStep::*member>
Status ReadMap(const Field& field, EnsembleStep& step, Notes&) {
  const auto entry = ReadMapEntry(field);
  if (!entry) return Fail(entry.error());
  auto key = entry->key->Text();
  if (!key) return Fail(std::move(key.error()));
  auto value = entry->value->Text();
  if (!value) return Fail(std::move(value.error()));
  (step.*member).emplace_back(*std::move(key), *std::move(value));
  return {};
}

// -1 is the newest: the one that answers.
Status ReadVersion(const Field& field, EnsembleStep& step, Notes&) {
  return Keep(field.Integer(-1, INT64_MAX), step.version);
}

constexpr KnownField<EnsembleStep> kStepFields[] = {
    {.name = "model_name",
     .read = [](const Field& field, EnsembleStep& step, Notes&) -> Status {
       return Keep(field.Text(), step.model);
     }},
    {.name = "model_version", .read = ReadVersion},
    {.name = "input_map", .read = ReadMap<&EnsembleStep::inputs>, .repeated = true},
    {.name = "output_map", .read = ReadMap<&EnsembleStep::outputs>, .repeated = true},
    {.name = "model_namespace", .unserved = "has no effect: models are told apart by name"},
};

Status ReadStep(const Field& field, std::vector<EnsembleStep>& steps, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  EnsembleStep step;
  if (auto read = ReadMessage<EnsembleStep>(field.fields, kStepFields, step, notes); !read) {
    return read;
  }
  if (step.model.empty()) return field.Refuse("a step with a 'model_name'");
  steps.push_back(std::move(step));
  return {};
}

constexpr KnownField<std::vector<EnsembleStep>> kFields[] = {
    {.name = "step", .read = ReadStep, .repeated = true},
};

void WriteMap(JsonWriter& json, std::string_view key, const Map& map) {
  json.Key(key);
  json.BeginObject();
  for (const auto& [port, tensor] : map) json.Key(port).Value(tensor);
  json.EndObject();
}

// The names of the ensemble's tensors: no step may be called so.
std::set<std::string> TensorsOf(const std::vector<EnsembleStep>& steps,
                                const std::vector<TensorSpec>& inputs) {
  std::set<std::string> names;
  for (const TensorSpec& input : inputs) names.insert(input.name);
  for (const EnsembleStep& step : steps) {
    for (const auto& [port, tensor] : step.inputs) names.insert(tensor);
    for (const auto& [port, tensor] : step.outputs) names.insert(tensor);
  }
  return names;
}

}  // namespace

Status ReadEnsemble(const Field& field, std::vector<EnsembleStep>& steps, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  return ReadMessage<std::vector<EnsembleStep>>(field.fields, kFields, steps, notes);
}

std::string EnsembleAsPipeline(const std::vector<EnsembleStep>& steps,
                               const std::vector<TensorSpec>& inputs,
                               const std::vector<TensorSpec>& outputs) {
  JsonWriter json;
  json.BeginObject();
  json.Key("inputs");
  json.BeginArray();
  for (const TensorSpec& input : inputs) {
    json.BeginObject();
    json.Key("name").Value(input.name);
    json.Key("datatype").Value(NameOf(input.dtype));
    if (input.shape) {
      json.Key("shape");
      json.BeginArray();
      for (const std::int64_t dim : input.shape->dims()) json.Value(dim);
      json.EndArray();
    }
    json.Key("batch_axis").Value(input.batch_axis);
    if (input.optional) json.Key("optional").Value(true);
    json.EndObject();
  }
  json.EndArray();
  std::set<std::string> taken = TensorsOf(steps, inputs);
  json.Key("steps");
  json.BeginArray();
  for (const EnsembleStep& step : steps) {
    std::string name = step.model;
    for (int i = 2; !taken.insert(name).second; ++i) {
      name = std::string(step.model).append("_").append(std::to_string(i));
    }
    json.BeginObject();
    json.Key("name").Value(name);
    json.Key("model").Value(step.model);
    if (step.version >= 0) json.Key("version").Value(std::to_string(step.version));
    WriteMap(json, "inputs", step.inputs);
    WriteMap(json, "outputs", step.outputs);
    json.EndObject();
  }
  json.EndArray();
  json.Key("outputs");
  json.BeginObject();
  for (const TensorSpec& output : outputs) json.Key(output.name).Value(output.name);
  json.EndObject();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth
