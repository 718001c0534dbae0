#include "api/openinference/config.h"

#include "api/openinference/batching.h"
#include "api/openinference/metadata.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

constexpr std::uint64_t kMicrosecondsPerMs = 1000;

std::vector<TritonTensor> Tensors(const std::vector<TensorSpec>& specs, bool without_batch) {
  std::vector<TritonTensor> tensors;
  tensors.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    TritonTensor tensor{spec.name, TritonTypeOf(spec.dtype), {-1}, spec.optional};
    if (spec.shape) {
      const auto dims = spec.shape->dims().subspan(without_batch ? 1 : 0);
      tensor.dims.assign(dims.begin(), dims.end());
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

TritonBatching BatchingOf(const ModelConfig& config) {
  return {.preferred_batch_size = config.preferred_batch_sizes,
          .max_queue_delay_microseconds =
              static_cast<std::uint64_t>(config.batch_timeout_ms) * kMicrosecondsPerMs,
          .default_timeout_microseconds =
              static_cast<std::uint64_t>(config.timeout_ms) * kMicrosecondsPerMs,
          .max_queue_size = static_cast<std::uint64_t>(config.max_queue),
          .priority_levels = kPriorities,
          // Triton's highest is 1.
          .default_priority_level = static_cast<std::uint64_t>(config.priority) + 1};
}

void WriteEmptyArray(JsonWriter& json, std::string_view key) {
  json.Key(key).BeginArray();
  json.EndArray();
}

void WriteEmptyObject(JsonWriter& json, std::string_view key) {
  json.Key(key).BeginObject();
  json.EndObject();
}

void WriteIntegers(JsonWriter& json, std::string_view key, std::span<const std::int64_t> values) {
  json.Key(key).BeginArray();
  json.Elements(values);
  json.EndArray();
}

void WriteInput(JsonWriter& json, const TritonTensor& tensor) {
  json.BeginObject();
  json.Key("name").Value(tensor.name);
  json.Key("data_type").Value(tensor.type.name);
  json.Key("format").Value("FORMAT_NONE");
  WriteIntegers(json, "dims", tensor.dims);
  json.Key("is_shape_tensor").Value(false);
  json.Key("allow_ragged_batch").Value(false);
  json.Key("optional").Value(tensor.optional);
  json.EndObject();
}

void WriteOutput(JsonWriter& json, const TritonTensor& tensor) {
  json.BeginObject();
  json.Key("name").Value(tensor.name);
  json.Key("data_type").Value(tensor.type.name);
  WriteIntegers(json, "dims", tensor.dims);
  json.Key("label_filename").Value("");
  json.Key("is_shape_tensor").Value(false);
  json.EndObject();
}

void WriteInstances(JsonWriter& json, const TritonConfig& config) {
  json.Key("instance_group").BeginArray();
  json.BeginObject();
  json.Key("name").Value(config.name);
  json.Key("kind").Value("KIND_CPU");
  json.Key("count").Value(config.instances);
  WriteEmptyArray(json, "gpus");
  WriteEmptyArray(json, "secondary_devices");
  WriteEmptyArray(json, "profile");
  json.Key("passive").Value(false);
  json.Key("host_policy").Value("");
  json.EndObject();
  json.EndArray();
}

void WriteBatching(JsonWriter& json, const TritonBatching& batching) {
  json.Key("dynamic_batching").BeginObject();
  WriteIntegers(json, "preferred_batch_size", batching.preferred_batch_size);
  json.Key("max_queue_delay_microseconds").Value(batching.max_queue_delay_microseconds);
  json.Key("preserve_ordering").Value(false);
  json.Key("priority_levels").Value(batching.priority_levels);
  json.Key("default_priority_level").Value(batching.default_priority_level);
  json.Key("default_queue_policy").BeginObject();
  json.Key("timeout_action").Value("REJECT");
  json.Key("default_timeout_microseconds").Value(batching.default_timeout_microseconds);
  json.Key("allow_timeout_override").Value(true);
  json.Key("max_queue_size").Value(batching.max_queue_size);
  json.EndObject();
  WriteEmptyObject(json, "priority_queue_policy");
  json.EndObject();
}

void WriteMap(JsonWriter& json, std::string_view key,
              const std::vector<std::pair<std::string, std::string>>& map) {
  json.Key(key).BeginObject();
  for (const auto& [port, tensor] : map) json.Key(port).Value(tensor);
  json.EndObject();
}

void WriteEnsemble(JsonWriter& json, std::span<const EnsembleStep> steps) {
  json.Key("ensemble_scheduling").BeginObject();
  json.Key("step").BeginArray();
  for (const EnsembleStep& step : steps) {
    json.BeginObject();
    json.Key("model_name").Value(step.model);
    json.Key("model_version").Value(step.version);
    WriteMap(json, "input_map", step.inputs);
    WriteMap(json, "output_map", step.outputs);
    json.Key("model_namespace").Value("");
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

void WriteSequences(JsonWriter& json, const SequenceBatching& sequences) {
  json.Key("sequence_batching").BeginObject();
  json.Key("max_sequence_idle_microseconds").Value(sequences.max_idle_us);
  json.Key("control_input").BeginArray();
  for (const SequenceControl& control : sequences.controls) {
    json.BeginObject();
    json.Key("name").Value(control.input);
    json.Key("control").BeginArray();
    json.BeginObject();
    json.Key("kind").Value(kSequenceControls[static_cast<std::size_t>(control.kind)]);
    json.EndObject();
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

void WriteParameters(JsonWriter& json, const std::map<std::string, std::string>& parameters) {
  json.Key("parameters").BeginObject();
  for (const auto& [key, value] : parameters) {
    json.Key(key).BeginObject();
    json.Key("string_value").Value(value);
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

TritonType TritonTypeOf(DType type) {
  switch (type) {
    case DType::kBool:
      return {1, "TYPE_BOOL"};
    case DType::kUint8:
      return {2, "TYPE_UINT8"};
    case DType::kUint16:
      return {3, "TYPE_UINT16"};
    case DType::kUint32:
      return {4, "TYPE_UINT32"};
    case DType::kUint64:
      return {5, "TYPE_UINT64"};
    case DType::kInt8:
      return {6, "TYPE_INT8"};
    case DType::kInt16:
      return {7, "TYPE_INT16"};
    case DType::kInt32:
      return {8, "TYPE_INT32"};
    case DType::kInt64:
      return {9, "TYPE_INT64"};
    case DType::kFp16:
      return {10, "TYPE_FP16"};
    case DType::kFp32:
      return {11, "TYPE_FP32"};
    case DType::kFp64:
      return {12, "TYPE_FP64"};
    case DType::kBytes:
      return {13, "TYPE_STRING"};
    case DType::kBf16:
      return {14, "TYPE_BF16"};
    case DType::kAny:
      break;
  }
  return {};
}

TritonConfig ConfigOf(const FoundVersion& found) {
  const VersionInfo& version = found.version();
  const std::int64_t max_batch_size = MaxBatchSize(version.signature, version.config);
  TritonConfig config{.name = found.model.name,
                      .platform = PlatformOf(version),
                      .backend = version.engine,
                      .ensemble = {},
                      .sequences = nullptr,
                      .max_batch_size = max_batch_size,
                      .inputs = Tensors(version.signature.inputs, max_batch_size > 0),
                      .outputs = Tensors(version.signature.outputs, max_batch_size > 0),
                      .instances = version.config.instances.max,
                      .batching = {},
                      .decoupled = version.signature.decoupled,
                      .response_cache = version.config.cache_size > 0,
                      .parameters = &version.config.options};
  if (version.triton != nullptr) {
    config.parameters = &version.triton->parameters;
    config.ensemble = version.triton->ensemble;
    if (version.triton->sequences) config.sequences = &*version.triton->sequences;
  }
  // The steps of an ensemble are scheduled, each by its own model.
  if (!config.ensemble.empty()) {
    config.backend = {};
  } else if (config.sequences == nullptr && max_batch_size > 1) {
    config.batching = BatchingOf(version.config);
  }
  return config;
}

std::string EncodeConfig(const TritonConfig& config) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(config.name);
  json.Key("platform").Value(config.platform);
  json.Key("backend").Value(config.backend);
  json.Key("runtime").Value("");
  json.Key("version_policy").BeginObject();
  WriteEmptyObject(json, "all");
  json.EndObject();
  json.Key("max_batch_size").Value(config.max_batch_size);
  json.Key("input").BeginArray();
  for (const TritonTensor& tensor : config.inputs) WriteInput(json, tensor);
  json.EndArray();
  json.Key("output").BeginArray();
  for (const TritonTensor& tensor : config.outputs) WriteOutput(json, tensor);
  json.EndArray();
  WriteEmptyArray(json, "batch_input");
  WriteEmptyArray(json, "batch_output");
  WriteEmptyObject(json, "optimization");
  if (config.batching) WriteBatching(json, *config.batching);
  if (config.sequences != nullptr) WriteSequences(json, *config.sequences);
  if (!config.ensemble.empty()) WriteEnsemble(json, config.ensemble);
  WriteInstances(json, config);
  json.Key("default_model_filename").Value("");
  WriteEmptyObject(json, "cc_model_filenames");
  WriteEmptyObject(json, "metric_tags");
  WriteParameters(json, *config.parameters);
  WriteEmptyArray(json, "model_warmup");
  json.Key("model_transaction_policy").BeginObject();
  json.Key("decoupled").Value(config.decoupled);
  json.EndObject();
  json.Key("response_cache").BeginObject();
  json.Key("enable").Value(config.response_cache);
  json.EndObject();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::openinference
