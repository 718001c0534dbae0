#include "repository/foreign/tfserving_config.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/name.h"
#include "repository/foreign/message_reader.h"
#include "repository/foreign/text_proto.h"
#include "repository/model_files.h"

namespace plinth {
namespace {

using text_proto::Field;

constexpr std::string_view kDefaultMetricsPath = "/monitoring/prometheus/metrics";

// ---- Models

Status ReadLabel(const Field& field, TfServingModel& model, Notes&) {
  const auto entry = ReadMapEntry(field);
  if (!entry) return Fail(entry.error());
  const auto label = entry->key->Text();
  if (!label) return Fail(label.error());
  const auto version = entry->value->Integer(0, std::numeric_limits<std::int64_t>::max());
  if (!version) return Fail(version.error());
  if (!IsName(*label)) return entry->key->Refuse("a name of letters, digits, '_', '.' and '-'");
  model.labels[*label] = *version;
  return {};
}

Status ReadPlatform(const Field& field, TfServingModel&, Notes& notes) {
  const auto platform = field.Text();
  if (!platform) return Fail(platform.error());
  if (*platform != "tensorflow") notes.Warn(field, "has no effect: the files say what they are");
  return {};
}

constexpr KnownField<TfServingModel> kModelFields[] = {
    {.name = "name",
     .read = [](const Field& field, TfServingModel& model,
                Notes&) { return Keep(field.Text(), model.name); }},
    {.name = "base_path",
     .read = [](const Field& field, TfServingModel& model,
                Notes&) { return Keep(field.Text(), model.base_path); }},
    {.name = "model_platform", .read = ReadPlatform},
    {.name = "model_type", .unserved = "has no effect: the files say what they are"},
    {.name = "model_version_policy",
     .read = [](const Field& field, TfServingModel& model,
                Notes& notes) { return ReadVersionPolicy(field, model.versions, notes); }},
    {.name = "version_labels", .read = ReadLabel, .repeated = true},
    {.name = "logging_config", .unserved = "has no effect: requests are not logged"},
};

Status ReadModel(const Field& field, TfServingConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  TfServingModel model;
  model.origin = fmt::format("{}:{}", notes.file(), field.at.line);
  auto read = ReadMessage<TfServingModel>(field.fields, kModelFields, model, notes);
  if (read) config.models.push_back(std::move(model));
  return read;
}

constexpr KnownField<TfServingConfig> kListFields[] = {
    {.name = "config", .read = ReadModel, .repeated = true},
};

constexpr KnownField<TfServingConfig> kConfigFields[] = {
    {.name = "model_config_list",
     .read =
         [](const Field& field, TfServingConfig& config, Notes& notes) {
           if (auto message = field.Message(); !message) return message;
           return ReadMessage<TfServingConfig>(field.fields, kListFields, config, notes);
         }},
    {.name = "custom_model_config",
     .read = [](const Field& field, TfServingConfig&, Notes&) -> Status {
       return field.Refuse("model_config_list instead: others are not served");
     }},
};

// ---- Batching

// The numbers come as messages, {value: 8}, so that it can be told whether they are there.
constexpr KnownField<std::int64_t> kWrappedFields[] = {
    {.name = "value", .read = [](const Field& field, std::int64_t& number, Notes&) {
       return Keep(field.Integer(0, std::numeric_limits<std::int64_t>::max()), number);
     }}};

Result<std::int64_t> Wrapped(const Field& field, Notes& notes) {
  std::int64_t number = 0;
  if (auto message = field.Message(); !message) return Fail(message.error());
  if (auto read = ReadMessage<std::int64_t>(field.fields, kWrappedFields, number, notes); !read)
    return Fail(read.error());
  return number;
}

// What is read of a file before it can be said what it comes to.
struct Batching {
  std::int64_t max_batch_size = 1000;
  std::int64_t timeout_us = 0;
  std::int64_t max_batches = 10;
  std::int64_t threads = 0;
  std::vector<std::int64_t> sizes;
  std::int64_t max_execution = 0;
};

template <std::int64_t Batching::*member>
Status ReadNumber(const Field& field, Batching& batching, Notes& notes) {
  return Keep(Wrapped(field, notes), batching.*member);
}

constexpr KnownField<Batching> kBatchingFields[] = {
    {.name = "max_batch_size",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           notes.From("batch_size", field);
           return ReadNumber<&Batching::max_batch_size>(field, batching, notes);
         }},
    {.name = "batch_timeout_micros",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           notes.From("batch_timeout_ms", field);
           return ReadNumber<&Batching::timeout_us>(field, batching, notes);
         }},
    {.name = "max_enqueued_batches",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           notes.From("max_queue", field);
           return ReadNumber<&Batching::max_batches>(field, batching, notes);
         }},
    {.name = "num_batch_threads",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           notes.From("instances", field);
           return ReadNumber<&Batching::threads>(field, batching, notes);
         }},
    {.name = "allowed_batch_sizes",
     .read = [](const Field& field, Batching& batching, Notes& notes) -> Status {
       const auto size = field.Integer(1, 65'536);
       if (!size) return Fail(size.error());
       notes.From("preferred_batch_sizes", field);
       batching.sizes.push_back(*size);
       return {};
     },
     .repeated = true},
    {.name = "max_execution_batch_size", .read = ReadNumber<&Batching::max_execution>},
    {.name = "thread_pool_name"},
    {.name = "enable_large_batch_splitting"},  // always done
    {.name = "pad_variable_length_inputs",
     .unserved = "has no effect: requests of different shapes run apart"},
    {.name = "mixed_priority_batching_policy", .unserved = "has no effect"},
    {.name = "batch_padding_policy", .unserved = "has no effect"},
};

ModelConfig ToConfig(const Batching& batching) {
  ModelConfig config;
  const std::int64_t rows =
      batching.max_execution > 0 ? batching.max_execution : batching.max_batch_size;
  config.batch_size = std::clamp<std::int64_t>(rows, 1, 65'536);
  config.batch_timeout_ms = std::min<std::int64_t>(
      batching.timeout_us / 1000 + (batching.timeout_us % 1000 != 0 ? 1 : 0), 60'000);
  const std::int64_t batches = std::clamp<std::int64_t>(batching.max_batches, 1, 1'000'000);
  config.max_queue = std::min<std::int64_t>(batches * config.batch_size, 1'000'000);
  const std::int64_t instances = std::min<std::int64_t>(batching.threads, 1'024);
  config.instances = {instances, instances};
  config.preferred_batch_sizes = batching.sizes;
  std::ranges::sort(config.preferred_batch_sizes);
  const auto repeated = std::ranges::unique(config.preferred_batch_sizes);
  config.preferred_batch_sizes.erase(repeated.begin(), repeated.end());
  std::erase_if(config.preferred_batch_sizes,
                [&](std::int64_t size) { return size > config.batch_size; });
  return config;
}

// ---- Monitoring

struct Monitoring {
  bool enabled = false;
  std::string path{kDefaultMetricsPath};
};

constexpr KnownField<Monitoring> kPrometheusFields[] = {
    {.name = "enable",
     .read = [](const Field& field, Monitoring& monitoring,
                Notes&) { return Keep(field.Boolean(), monitoring.enabled); }},
    {.name = "path",
     .read = [](const Field& field, Monitoring& monitoring, Notes&) -> Status {
       auto path = field.Text();
       if (path && !path->starts_with('/')) return field.Refuse("a path that begins with '/'");
       return Keep(std::move(path), monitoring.path);
     }},
};
constexpr KnownField<Monitoring> kMonitoringFields[] = {
    {.name = "prometheus_config",
     .read = [](const Field& field, Monitoring& monitoring, Notes& notes) {
       if (auto message = field.Message(); !message) return message;
       return ReadMessage<Monitoring>(field.fields, kPrometheusFields, monitoring, notes);
     }}};

// ---- Files

template <typename T>
Status ReadText(std::string_view text, std::span<const KnownField<T>> known, T& to, Notes& notes) {
  const auto fields = text_proto::Parse(text);
  if (!fields) return Fail(notes.In(fields.error()));
  auto read = ReadMessage<T>(*fields, known, to, notes);
  return read ? read : Status(Fail(notes.In(read.error())));
}

Result<std::string> ReadWhole(const std::string& file) {
  auto text = ReadConfigFile(file);
  if (!text) return Fail(text.error().Annotate(file));
  if (!*text) return Fail(Code::kInvalidArgument, file + ": there is no such file");
  return **std::move(text);
}

template <typename T>
Status ReadFile(const std::string& file, std::span<const KnownField<T>> known, T& to,
                Notes& notes) {
  const auto text = ReadWhole(file);
  if (!text) return Fail(text.error());
  return ReadText<T>(*text, known, to, notes);
}

}  // namespace

Result<TfServingConfig> ParseTfServingConfig(std::string_view text, const std::string& file) {
  TfServingConfig config;
  Notes notes(file);
  if (auto read = ReadText<TfServingConfig>(text, kConfigFields, config, notes); !read)
    return Fail(std::move(read.error()));
  if (auto checked = CheckTfServingConfig(config); !checked)
    return Fail(checked.error().Annotate(file));
  config.warnings = std::move(notes.warnings);
  return config;
}

Result<TfServingConfig> ReadTfServingConfig(const std::string& file) {
  const auto text = ReadWhole(file);
  if (!text) return Fail(text.error());
  return ParseTfServingConfig(*text, file);
}

Status CheckTfServingConfig(const TfServingConfig& config) {
  std::set<std::string_view> names;
  for (const TfServingModel& model : config.models) {
    const auto refuse = [&](std::string_view why) {
      return Fail(Code::kInvalidArgument, fmt::format("the model '{}' {}", model.name, why));
    };
    if (!IsName(model.name)) return refuse("has no name of letters, digits, '_', '.' and '-'");
    if (model.base_path.empty()) return refuse("has no base_path");
    if (model.base_path.contains("://"))
      return refuse("has a base_path that is no folder; fetch the model first");
    if (!names.insert(model.name).second) return refuse("is there twice");
  }
  return {};
}

Result<TfServingBatching> ReadTfServingBatching(const std::string& file) {
  Batching batching;
  Notes notes(file);
  if (auto read = ReadFile<Batching>(file, kBatchingFields, batching, notes); !read)
    return Fail(std::move(read.error()));
  return TfServingBatching{ToConfig(batching), std::move(notes.origins), std::move(notes.warnings)};
}

TfServingBatching DefaultTfServingBatching() { return {ToConfig({}), {}, {}}; }

Result<std::string> ReadTfServingMonitoring(const std::string& file) {
  Monitoring monitoring;
  Notes notes(file);
  if (auto read = ReadFile<Monitoring>(file, kMonitoringFields, monitoring, notes); !read)
    return Fail(std::move(read.error()));
  return monitoring.enabled ? monitoring.path : "";
}

}  // namespace plinth
