// The writing counterpart of config.cc.
#include <utility>

#include "base/json_writer.h"
#include "model/config.h"
#include "model/signature_text.h"

namespace plinth {
namespace {

// As it may be written in a configuration: a number where it is one.
void WriteInstances(JsonWriter& json, const InstanceLimits& instances) {
  if (instances.min == instances.max) {
    json.Value(instances.max);
    return;
  }
  json.BeginObject();
  json.Key("min").Value(instances.min);
  json.Key("max").Value(instances.max);
  json.EndObject();
}

void WriteDeclared(JsonWriter& json, std::string_view key, const std::vector<TensorSpec>& specs) {
  if (specs.empty()) return;
  json.Key(key).BeginArray();
  for (const TensorSpec& spec : specs) {
    json.BeginObject();
    WriteSpecMembers(json, spec);
    json.Key("batch_axis").Value(spec.batch_axis);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string EncodeModelConfig(const ModelConfig& config) {
  JsonWriter json;
  json.BeginObject();
  json.Key("batch_size").Value(config.batch_size);
  if (!config.preferred_batch_sizes.empty()) {
    json.Key("preferred_batch_sizes").BeginArray();
    for (const std::int64_t size : config.preferred_batch_sizes) json.Value(size);
    json.EndArray();
  }
  json.Key("batch_timeout_ms").Value(config.batch_timeout_ms);
  json.Key("timeout_ms").Value(config.timeout_ms);
  json.Key("cache_size").Value(config.cache_size);
  json.Key("cache_ttl_ms").Value(config.cache_ttl_ms);
  WriteInstances(json.Key("instances"), config.instances);
  json.Key("threads").Value(config.threads);
  json.Key("max_queue").Value(config.max_queue);
  json.Key("priority").Value(NameOf(config.priority));
  json.Key("lazy").Value(config.lazy);
  json.Key("options").BeginObject();
  for (const auto& [key, value] : config.options) json.Key(key).Value(value);
  json.EndObject();
  WriteDeclared(json, "inputs", config.inputs);
  WriteDeclared(json, "outputs", config.outputs);
  WriteClassLabels(json, config.class_labels);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth
