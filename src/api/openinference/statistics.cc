#include "api/openinference/statistics.h"

#include "api/openinference/lookup.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

constexpr NamedTiming kTimings[] = {
    {"success", &VersionStatistics::success},       {"fail", &VersionStatistics::fail},
    {"queue", &VersionStatistics::queue},           {"compute_input", &VersionStatistics::input},
    {"compute_infer", &VersionStatistics::compute}, {"compute_output", &VersionStatistics::output},
    {"cache_hit", &VersionStatistics::cache_hit},   {"cache_miss", &VersionStatistics::cache_miss},
};

std::unexpected<Error> NotAvailable(std::string_view model, std::string_view version) {
  return Fail(Code::kInvalidArgument,
              version.empty() ? "requested model '" + std::string(model) + "' is not available"
                              : "requested model version is not available for model '" +
                                    std::string(model) + "'");
}

void Append(const Service& service, const ModelInfo& model, std::string_view version,
            std::vector<ModelStatistics>& to) {
  std::vector<VersionStatistics> all = service.Statistics(model);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool wanted = version.empty() || all[i].version == version;
    if (wanted && IsServable(model.versions[i])) to.push_back({model.name, std::move(all[i])});
  }
}

void Write(JsonWriter& json, std::string_view name, const Timing& timing) {
  json.Key(name).BeginObject();
  json.Key("count").Value(timing.count);
  json.Key("ns").Value(timing.ns);
  json.EndObject();
}

void Write(JsonWriter& json, const BatchTiming& batch) {
  json.BeginObject();
  json.Key("batch_size").Value(batch.rows);
  Write(json, "compute_input", {batch.executions, batch.input_ns});
  Write(json, "compute_infer", {batch.executions, batch.compute_ns});
  Write(json, "compute_output", {batch.executions, batch.output_ns});
  json.EndObject();
}

void Write(JsonWriter& json, const ModelStatistics& model) {
  const VersionStatistics& statistics = model.statistics;
  json.BeginObject();
  json.Key("name").Value(model.model);
  json.Key("version").Value(statistics.version);
  json.Key("last_inference").Value(statistics.last_inference_ms);
  json.Key("inference_count").Value(statistics.inferences);
  json.Key("execution_count").Value(statistics.executions);
  json.Key("inference_stats").BeginObject();
  for (const NamedTiming& timing : kTimings) {
    Write(json, timing.name, statistics.*timing.timing);
  }
  json.EndObject();
  json.Key("response_stats").BeginObject();
  json.EndObject();
  json.Key("batch_stats").BeginArray();
  for (const BatchTiming& batch : statistics.batches) Write(json, batch);
  json.EndArray();
  json.Key("memory_usage").BeginArray();
  if (statistics.memory_bytes > 0) {
    json.BeginObject();
    json.Key("type").Value("CPU");
    json.Key("id").Value(0);
    json.Key("byte_size").Value(statistics.memory_bytes);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace

std::span<const NamedTiming> NamedTimings() { return kTimings; }

Result<std::vector<ModelStatistics>> CollectStatistics(const Service& service,
                                                       std::string_view model,
                                                       std::string_view version) {
  std::vector<ModelStatistics> statistics;
  if (model.empty()) {
    for (const ModelInfo& info : service.List()) Append(service, info, "", statistics);
    return statistics;
  }
  if (const auto info = service.Describe(model)) Append(service, *info, version, statistics);
  if (statistics.empty()) return NotAvailable(model, version);
  return statistics;
}

std::string EncodeStatistics(std::span<const ModelStatistics> models) {
  JsonWriter json;
  json.BeginObject();
  json.Key("model_stats").BeginArray();
  for (const ModelStatistics& model : models) Write(json, model);
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::openinference
