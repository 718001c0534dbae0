#include <utility>
#include <vector>

#include <protozero/pbf_writer.hpp>

#include "api/openinference/grpc/admin_codec.h"

namespace plinth::api::openinference {
namespace {

// A nested message is complete when its writer ends: each has a block, or a function, of its own.
using Writer = protozero::pbf_writer;

void Add(Writer& writer, std::uint32_t field, std::string_view text) {
  if (!text.empty()) writer.add_bytes(field, text.data(), text.size());
}
void Add(Writer& writer, std::uint32_t field, std::uint64_t number) {
  if (number != 0) writer.add_uint64(field, number);
}
void Add(Writer& writer, std::uint32_t field, const std::vector<std::int64_t>& numbers) {
  writer.add_packed_int64(field, numbers.begin(), numbers.end());
}

void AddTensors(Writer& writer, std::uint32_t field, const std::vector<TensorMetadata>& tensors) {
  for (const TensorMetadata& tensor : tensors) {
    Writer nested(writer, field);
    Add(nested, 1, tensor.name);
    Add(nested, 2, tensor.datatype);
    Add(nested, 3, tensor.shape);
  }
}

// ---- Statistics

void AddTiming(Writer& writer, std::uint32_t field, const Timing& timing) {
  Writer nested(writer, field);
  Add(nested, 1, timing.count);
  Add(nested, 2, timing.ns);
}

void AddTimings(Writer& writer, const VersionStatistics& statistics) {
  Writer nested(writer, 6);
  std::uint32_t field = 0;
  for (const NamedTiming& timing : NamedTimings())
    AddTiming(nested, ++field, statistics.*timing.timing);
}

void AddStatistics(Writer& writer, const ModelStatistics& model) {
  const VersionStatistics& statistics = model.statistics;
  Add(writer, 1, model.model);
  Add(writer, 2, statistics.version);
  Add(writer, 3, static_cast<std::uint64_t>(statistics.last_inference_ms));
  Add(writer, 4, statistics.inferences);
  Add(writer, 5, statistics.executions);
  AddTimings(writer, statistics);
  for (const BatchTiming& batch : statistics.batches) {
    Writer nested(writer, 7);
    Add(nested, 1, static_cast<std::uint64_t>(batch.rows));
    AddTiming(nested, 2, {batch.executions, batch.input_ns});
    AddTiming(nested, 3, {batch.executions, batch.compute_ns});
    AddTiming(nested, 4, {batch.executions, batch.output_ns});
  }
  if (statistics.memory_bytes == 0) return;
  Writer nested(writer, 8);
  Add(nested, 1, std::string_view("CPU"));
  Add(nested, 3, std::uint64_t{statistics.memory_bytes});
}

// ---- Configuration

void AddInputs(Writer& writer, const std::vector<TritonTensor>& tensors) {
  for (const TritonTensor& tensor : tensors) {
    Writer nested(writer, 5);
    Add(nested, 1, tensor.name);
    nested.add_enum(2, tensor.type.number);
    Add(nested, 4, tensor.dims);
    if (tensor.optional) nested.add_bool(8, true);
  }
}

void AddOutputs(Writer& writer, const std::vector<TritonTensor>& tensors) {
  for (const TritonTensor& tensor : tensors) {
    Writer nested(writer, 6);
    Add(nested, 1, tensor.name);
    nested.add_enum(2, tensor.type.number);
    Add(nested, 3, tensor.dims);
  }
}

void AddInstances(Writer& writer, const TritonConfig& config) {
  constexpr std::int32_t kKindCpu = 2;
  Writer nested(writer, 7);
  Add(nested, 1, config.name);
  nested.add_int32(2, static_cast<std::int32_t>(config.instances));
  nested.add_enum(4, kKindCpu);
}

void AddBatching(Writer& writer, const TritonBatching& batching) {
  Writer nested(writer, 11);
  const auto& sizes = batching.preferred_batch_size;
  nested.add_packed_int32(1, sizes.begin(), sizes.end());
  Add(nested, 2, batching.max_queue_delay_microseconds);
  Add(nested, 4, batching.priority_levels);
  Add(nested, 5, batching.default_priority_level);
  Writer policy(nested, 6);
  Add(policy, 2, batching.default_timeout_microseconds);
  policy.add_bool(3, true);
  Add(policy, 4, batching.max_queue_size);
}

void AddMap(Writer& writer, std::uint32_t field,
            const std::vector<std::pair<std::string, std::string>>& map) {
  for (const auto& [port, tensor] : map) {
    Writer entry(writer, field);
    Add(entry, 1, port);
    Add(entry, 2, tensor);
  }
}

void AddSequences(Writer& writer, const SequenceBatching& sequences) {
  Writer nested(writer, 13);
  Add(nested, 1, sequences.max_idle_us);
  for (const SequenceControl& control : sequences.controls) {
    Writer input(nested, 2);
    Add(input, 1, control.input);
    Writer added(input, 2);
    added.add_enum(1, control.kind);
  }
}

void AddEnsemble(Writer& writer, std::span<const EnsembleStep> steps) {
  Writer nested(writer, 15);
  for (const EnsembleStep& step : steps) {
    Writer added(nested, 1);
    Add(added, 1, step.model);
    added.add_int64(2, step.version);
    AddMap(added, 3, step.inputs);
    AddMap(added, 4, step.outputs);
  }
}

void AddParameter(Writer& writer, std::string_view key, std::string_view value) {
  Writer entry(writer, 14);
  Add(entry, 1, key);
  Writer parameter(entry, 2);
  Add(parameter, 1, value);
}

// A message whose only field is a truth.
void AddTruth(Writer& writer, std::uint32_t field, bool truth) {
  Writer nested(writer, field);
  if (truth) nested.add_bool(1, true);
}

void AddConfig(Writer& writer, const TritonConfig& config) {
  Writer nested(writer, 1);
  Add(nested, 1, config.name);
  Add(nested, 2, config.platform);
  nested.add_message(3, std::string("\x12\x00", 2));  // the version policy: all
  if (config.max_batch_size > 0)
    nested.add_int32(4, static_cast<std::int32_t>(config.max_batch_size));
  AddInputs(nested, config.inputs);
  AddOutputs(nested, config.outputs);
  AddInstances(nested, config);
  if (config.batching) AddBatching(nested, *config.batching);
  if (config.sequences != nullptr) AddSequences(nested, *config.sequences);
  if (!config.ensemble.empty()) AddEnsemble(nested, config.ensemble);
  for (const auto& [key, value] : *config.parameters) AddParameter(nested, key, value);
  Add(nested, 17, config.backend);
  AddTruth(nested, 19, config.decoupled);
  AddTruth(nested, 24, config.response_cache);
}

// ---- Settings

void AddTraceSetting(Writer& writer, std::string_view name, const TraceValues& values) {
  Writer entry(writer, 1);
  Add(entry, 1, name);
  Writer setting(entry, 2);
  for (const std::string& value : values) setting.add_string(1, value);
}

// Also what is 0 or empty: which field is set tells the type.
void AddLogSetting(Writer& writer, std::string_view name, const SettingValue& value) {
  Writer entry(writer, 1);
  Add(entry, 1, name);
  Writer setting(entry, 2);
  if (const bool* truth = std::get_if<bool>(&value)) setting.add_bool(1, *truth);
  if (const auto* number = std::get_if<std::uint64_t>(&value))
    setting.add_uint32(2, static_cast<std::uint32_t>(*number));
  if (const auto* text = std::get_if<std::string>(&value)) setting.add_string(3, *text);
}

}  // namespace

std::string WriteTruth(bool truth) {
  std::string message;
  Writer writer(message);
  if (truth) writer.add_bool(1, true);
  return message;
}

std::string WriteServerMetadata(std::string_view name, std::string_view version,
                                std::span<const std::string_view> extensions) {
  std::string message;
  Writer writer(message);
  Add(writer, 1, name);
  Add(writer, 2, version);
  for (const std::string_view extension : extensions) Add(writer, 3, extension);
  return message;
}

std::string WriteModelMetadata(const ModelMetadata& metadata) {
  std::string message;
  Writer writer(message);
  Add(writer, 1, metadata.name);
  for (const std::string_view version : metadata.versions) Add(writer, 2, version);
  Add(writer, 3, metadata.platform);
  AddTensors(writer, 4, metadata.inputs);
  AddTensors(writer, 5, metadata.outputs);
  return message;
}

std::string WriteModelConfig(const TritonConfig& config) {
  std::string message;
  Writer writer(message);
  AddConfig(writer, config);
  return message;
}

std::string WriteStatistics(std::span<const ModelStatistics> models) {
  std::string message;
  Writer writer(message);
  for (const ModelStatistics& model : models) {
    Writer nested(writer, 1);
    AddStatistics(nested, model);
  }
  return message;
}

std::string WriteIndex(std::span<const IndexEntry> entries) {
  std::string message;
  Writer writer(message);
  for (const IndexEntry& entry : entries) {
    Writer nested(writer, 1);
    Add(nested, 1, entry.name);
    Add(nested, 2, entry.version);
    Add(nested, 3, entry.state);
    Add(nested, 4, entry.reason);
  }
  return message;
}

std::string WriteTraceSettings(const TraceState& settings) {
  std::string message;
  Writer writer(message);
  for (const auto& [name, values] : settings) AddTraceSetting(writer, name, values);
  return message;
}

std::string WriteLogSettings(const Settings& settings) {
  std::string message;
  Writer writer(message);
  for (const auto& [name, value] : settings) AddLogSetting(writer, name, value);
  return message;
}

void AppendRegion(const RegisterCall& region, std::string& response) {
  Writer writer(response);
  Writer entry(writer, 1);
  Add(entry, 1, region.name);
  Writer status(entry, 2);
  Add(status, 1, region.name);
  Add(status, 2, region.key);
  Add(status, 3, region.offset);
  Add(status, 4, region.byte_size);
}

}  // namespace plinth::api::openinference
