#include "repository/foreign/triton_config_json.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/json_writer.h"

namespace plinth {
namespace {

using text_proto::Field;

// Fields of ModelConfig, and of the messages in it, that are lists even where they are there once.
constexpr std::string_view kLists[] = {"input",
                                       "output",
                                       "dims",
                                       "shape",
                                       "instance_group",
                                       "gpus",
                                       "profile",
                                       "batch_input",
                                       "batch_output",
                                       "preferred_batch_size",
                                       "model_warmup",
                                       "source_input",
                                       "target_name",
                                       "control_input",
                                       "control",
                                       "step",
                                       "state",
                                       "versions",
                                       "initial_state",
                                       "secondary_devices",
                                       "agents",
                                       "resources",
                                       "inputs",
                                       "int32_false_true",
                                       "fp32_false_true",
                                       "bool_false_true"};
constexpr std::string_view kMaps[] = {"parameters", "cc_model_filenames", "metric_tags",
                                      "input_map",  "output_map",         "inputs"};

template <typename Names>
bool Lists(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

void WriteMessage(JsonWriter& json, std::span<const Field> fields);

// What a number is written as may be no number of JSON: "1.", ".5f", "0x10".
void WriteNumber(JsonWriter& json, const Field& field) {
  if (const auto integer = field.Integer(INT64_MIN, INT64_MAX)) {
    json.Value(*integer);
  } else if (const auto number = field.Number()) {
    json.Value(*number);
  } else {
    json.Value(field.text);
  }
}

void WriteValue(JsonWriter& json, const Field& field) {
  if (field.kind == Field::Kind::kMessage) {
    WriteMessage(json, field.fields);
  } else if (field.kind == Field::Kind::kNumber) {
    WriteNumber(json, field);
  } else if (const auto flag = field.Boolean(); flag && field.kind == Field::Kind::kWord) {
    json.Value(*flag);
  } else {
    json.Value(field.text);
  }
}

const Field* Find(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

// Entries of a map: {key: "a" value: ...} each.
void WriteMap(JsonWriter& json, const std::vector<const Field*>& entries) {
  json.BeginObject();
  for (const Field* entry : entries) {
    const Field* const key = Find(entry->fields, "key");
    const Field* const value = Find(entry->fields, "value");
    if (key == nullptr) continue;
    json.Key(key->text);
    value == nullptr ? json.Value("") : WriteValue(json, *value);
  }
  json.EndObject();
}

void WriteMessage(JsonWriter& json, std::span<const Field> fields) {
  json.BeginObject();
  std::vector<std::string_view> written;
  for (const Field& field : fields) {
    if (Lists(written, field.name)) continue;
    written.push_back(field.name);
    std::vector<const Field*> same;
    for (const Field& other : fields) {
      if (other.name == field.name) same.push_back(&other);
    }
    json.Key(field.name);
    if (Lists(kMaps, field.name) && Find(field.fields, "key") != nullptr) {
      WriteMap(json, same);
    } else if (same.size() > 1 || Lists(kLists, field.name)) {
      json.BeginArray();
      for (const Field* value : same) WriteValue(json, *value);
      json.EndArray();
    } else {
      WriteValue(json, field);
    }
  }
  json.EndObject();
}

}  // namespace

std::string TritonConfigAsJson(std::span<const Field> fields) {
  JsonWriter json;
  WriteMessage(json, fields);
  return std::move(json).Take();
}

}  // namespace plinth
