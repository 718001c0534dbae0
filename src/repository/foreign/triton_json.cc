#include "repository/foreign/triton_json.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "model/config.h"
#include "model/json_fields.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/triton_backends.h"
#include "repository/foreign/triton_config.h"

namespace plinth {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using Fields = std::vector<text_proto::Field>;

// JSON writes the entries of a map as members of an object: {"parameters": {"key": value}}.
constexpr std::array<std::string_view, 6> kMaps = {
    "parameters", "metric_tags", "cc_model_filenames", "inputs", "input_map", "output_map"};

// Protocol buffers in JSON may have their names in either style: "maxBatchSize".
std::string SnakeCase(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) snake.push_back('_');
    snake.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return snake;
}

text_proto::Field Named(std::string name) {
  text_proto::Field field;
  field.name = std::move(name);
  field.at = {.line = 0, .column = 0};
  return field;
}

// The nesting is bounded by the document.
void AddFields(simdjson::dom::object object, Fields& to);

void AddValue(const std::string& name, element value, Fields& to) {
  text_proto::Field field = Named(name);
  switch (value.type()) {
    case element_type::NULL_VALUE:  // as if it were not there
      return;
    case element_type::ARRAY:
      for (const element item : simdjson::dom::array(value)) AddValue(name, item, to);
      return;
    case element_type::OBJECT:
      field.kind = text_proto::Field::Kind::kMessage;
      AddFields(simdjson::dom::object(value), field.fields);
      break;
    case element_type::STRING:
      field.kind = text_proto::Field::Kind::kQuoted;
      field.text = std::string(std::string_view(value));
      break;
    case element_type::BOOL:
      field.kind = text_proto::Field::Kind::kWord;
      field.text = bool(value) ? "true" : "false";
      break;
    default:
      field.kind = text_proto::Field::Kind::kNumber;
      field.text = simdjson::minify(value);
  }
  to.push_back(std::move(field));
}

void AddEntry(const std::string& map, simdjson::dom::key_value_pair member, Fields& to) {
  text_proto::Field entry = Named(map);
  entry.kind = text_proto::Field::Kind::kMessage;
  text_proto::Field key = Named("key");
  key.kind = text_proto::Field::Kind::kString;
  key.text = std::string(member.key);
  entry.fields.push_back(std::move(key));
  AddValue("value", member.value, entry.fields);
  to.push_back(std::move(entry));
}

void AddFields(simdjson::dom::object object, Fields& to) {
  for (const auto member : object) {
    const std::string name = SnakeCase(member.key);
    if (member.value.is_object() && std::ranges::find(kMaps, name) != kMaps.end()) {
      for (const auto entry : simdjson::dom::object(member.value)) AddEntry(name, entry, to);
    } else {
      AddValue(name, member.value, to);
    }
  }
}

// The inputs and outputs that the model must have. Files are not at hand: labels stay what they
// are, and nothing is warmed up by what was recorded.
Status Demand(const TritonConfig& config, Notes& notes, DeploySpec& spec) {
  const auto labelled = [](const TritonTensor& tensor) { return !tensor.label_file.empty(); };
  if (std::ranges::any_of(config.outputs, labelled))
    notes.warnings.push_back(notes.file() + ": 'label_filename' has no effect in a request");
  if (config.inputs.empty() && config.outputs.empty() && config.warmup.empty()) return {};
  const bool batched = config.config.batch_size > 0;
  auto demands = std::make_shared<LoadDemands>();
  demands->declared_in = notes.file();
  demands->inputs = SpecsOf(config.inputs, batched);
  demands->outputs = SpecsOf(config.outputs, batched);
  for (const WarmupRequest& request : config.warmup) {
    for (const WarmupInput& input : request.inputs) {
      if (!input.file.empty()) {
        return Fail(Code::kInvalidArgument,
                    notes.file() + ": 'model_warmup' names the file '" + input.file +
                        "', which does not come with a request; zero_data or random_data were "
                        "expected");
      }
    }
  }
  demands->warmup = config.warmup;
  spec.demands = std::move(demands);
  return {};
}

}  // namespace

Status ApplyTritonConfig(std::string_view json, DeploySpec& spec) {
  Notes notes("config");
  const auto document = json::Document::ParseObject(json, notes.file());
  if (!document) return Fail(document.error());
  Fields fields;
  AddFields(document->root(), fields);
  auto config = ReadTritonConfig(fields, notes, spec.config);
  if (!config) return Fail(std::move(config.error()));
  if (!config->name.empty() && config->name != spec.name) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{}: 'name' is \"{}\", expected '{}', the model's name, or nothing",
                            notes.file(), config->name, spec.name));
  }
  const auto backend = FindTritonBackend(config->platform, config->backend);
  if (!backend) return Fail(backend.error().Annotate(notes.file()));
  if (!backend->engine.empty()) spec.engine = backend->engine;
  spec.config = config->config;
  if (auto demanded = Demand(*config, notes, spec); !demanded) return demanded;
  std::ranges::move(notes.warnings, std::back_inserter(spec.warnings));
  // What the values are allowed to be, and together, is one rule for all configurations.
  if (auto checked = ParseModelConfig(EncodeModelConfig(spec.config)); !checked)
    return Fail(std::move(checked.error()));
  return {};
}

}  // namespace plinth
