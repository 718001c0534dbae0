#include "repository/foreign/triton_config.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "repository/foreign/message_reader.h"
#include "repository/foreign/triton_batching.h"
#include "repository/foreign/triton_ensemble.h"
#include "repository/foreign/triton_sequences.h"
#include "repository/foreign/triton_tensors.h"

namespace plinth {
namespace {

using text_proto::Field;

constexpr std::int64_t kMostRows = 65'536;
constexpr std::int64_t kMostThreads = 1'024;
// Triton bounds its cache by bytes alone, as ours is by --cache-memory.
constexpr std::int64_t kCachedAnswers = 10'000'000;

template <std::string TritonConfig::*member>
Status ReadText(const Field& field, TritonConfig& config, Notes&) {
  return Keep(field.Text(), config.*member);
}

Status ReadEngine(const Field& field, TritonConfig& config, Notes& notes) {
  notes.From("engine", field);
  return Keep(field.Text(), field.name == "platform" ? config.platform : config.backend);
}

Status ReadModelFile(const Field& field, TritonConfig& config, Notes& notes) {
  notes.From("path", field);
  auto file = field.Text();
  if (file && (file->contains("..") || file->starts_with('/')))
    return field.Refuse("the name of a file in the version's folder");
  return Keep(std::move(file), config.model_file);
}

Status ReadMaxBatchSize(const Field& field, TritonConfig& config, Notes& notes) {
  notes.From("batch_size", field);
  return Keep(field.Integer(0, kMostRows), config.max_batch_size);
}

Status ReadVersions(const Field& field, TritonConfig& config, Notes& notes) {
  return ReadVersionPolicy(field, config.versions, notes);
}

// ---- response_cache

constexpr KnownField<TritonConfig> kCacheFields[] = {
    {.name = "enable",
     .read = [](const Field& field, TritonConfig& config, Notes& notes) -> Status {
       const auto enabled = field.Boolean();
       if (!enabled) return Fail(enabled.error());
       if (!*enabled) return {};
       notes.From("cache_size", field);
       notes.From("cache_ttl_ms", field);
       config.config.cache_size = kCachedAnswers;
       config.config.cache_ttl_ms = 0;
       return {};
     }},
};

Status ReadCache(const Field& field, TritonConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  return ReadMessage<TritonConfig>(field.fields, kCacheFields, config, notes);
}

// ---- optimization

constexpr KnownField<TritonConfig> kGraphFields[] = {
    {.name = "level",
     .read = [](const Field& field, TritonConfig& config, Notes& notes) -> Status {
       const auto level = field.Integer(-1, 2);
       if (!level) return Fail(level.error());
       // Of ONNX Runtime only; others have no such option.
       const bool onnx = config.backend == "onnxruntime" || config.platform == "onnxruntime_onnx";
       if (*level == 0 || *level == 2) return {};
       if (!onnx) {
         notes.Warn(field, "has no effect: only ONNX Runtime has levels of optimisation");
         return {};
       }
       notes.From("options.optimization", field);
       config.config.options["optimization"] = *level < 0 ? "basic" : "extended";
       return {};
     }},
};

constexpr KnownField<TritonConfig> kOptimizationFields[] = {
    {.name = "graph",
     .read =
         [](const Field& field, TritonConfig& config, Notes& notes) {
           if (auto message = field.Message(); !message) return message;
           return ReadMessage<TritonConfig>(field.fields, kGraphFields, config, notes);
         }},
    {.name = "priority", .unserved = "has no effect: it is for TensorRT"},
    {.name = "cuda", .unserved = "has no effect: models run on the CPU"},
    {.name = "execution_accelerators", .unserved = "has no effect: the engine is the accelerator"},
    {.name = "input_pinned_memory", .unserved = "has no effect: models run on the CPU"},
    {.name = "output_pinned_memory", .unserved = "has no effect: models run on the CPU"},
    {.name = "gather_kernel_buffer_threshold", .unserved = "has no effect: it is for TensorRT"},
    {.name = "eager_batching", .unserved = "has no effect: it is for TensorRT"},
};

Status ReadOptimization(const Field& field, TritonConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  return ReadMessage<TritonConfig>(field.fields, kOptimizationFields, config, notes);
}

// ---- parameters

constexpr KnownField<std::string> kParameterFields[] = {
    {.name = "string_value", .read = [](const Field& field, std::string& value, Notes&) {
       return Keep(field.Text(), value);
     }}};

Status ReadParameter(const Field& field, TritonConfig& config, Notes& notes) {
  const auto entry = ReadMapEntry(field);
  if (!entry) return Fail(entry.error());
  const auto key = entry->key->Text();
  if (!key) return Fail(key.error());
  if (auto message = entry->value->Message(); !message) return message;
  std::string value;
  if (auto read = ReadMessage<std::string>(entry->value->fields, kParameterFields, value, notes);
      !read)
    return read;
  config.description.parameters[*key] = value;
  if (*key == "intra_op_thread_count" || *key == "INTRA_OP_THREAD_COUNT") {
    Field number = *entry->value;
    number.kind = Field::Kind::kNumber;
    number.text = value;
    notes.From("threads", field);
    return Keep(number.Integer(0, kMostThreads), config.config.threads);
  }
  constexpr std::string_view kOwn = "plinth.";
  if (key->starts_with(kOwn)) {
    const std::string option(key->substr(kOwn.size()));
    notes.From("options." + option, field);
    config.config.options[option] = value;
    return {};
  }
  // A Python model reads them itself.
  if (config.backend != "python") notes.Warn(field, "'" + *key + "' has no effect");
  return {};
}

// ---- model_transaction_policy

constexpr KnownField<TritonConfig> kTransactionFields[] = {
    {.name = "decoupled",
     .read = [](const Field& field, TritonConfig& config, Notes& notes) -> Status {
       const auto decoupled = field.Boolean();
       if (!decoupled) return Fail(decoupled.error());
       // A Python model reads it itself.
       if (*decoupled && config.backend != "python") {
         notes.Warn(field, "has no effect: only Python models give a request several answers");
       }
       return {};
     }},
};

Status ReadTransactions(const Field& field, TritonConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  return ReadMessage<TritonConfig>(field.fields, kTransactionFields, config, notes);
}

// ---- The whole

constexpr KnownField<TritonConfig> kFields[] = {
    {.name = "name", .read = ReadText<&TritonConfig::name>},
    {.name = "platform", .read = ReadEngine},
    {.name = "backend", .read = ReadEngine},
    {.name = "version_policy", .read = ReadVersions},
    {.name = "max_batch_size", .read = ReadMaxBatchSize},
    {.name = "input", .read = ReadTritonInput, .repeated = true},
    {.name = "output", .read = ReadTritonOutput, .repeated = true},
    {.name = "instance_group", .read = ReadTritonInstances, .repeated = true},
    {.name = "default_model_filename", .read = ReadModelFile},
    {.name = "dynamic_batching", .read = ReadTritonBatching},
    {.name = "model_warmup", .read = ReadTritonWarmup, .repeated = true},
    {.name = "response_cache", .read = ReadCache},
    {.name = "optimization", .read = ReadOptimization},
    {.name = "parameters", .read = ReadParameter, .repeated = true},
    {.name = "batch_input",
     .unserved = "has no effect: requests bring all inputs",
     .repeated = true},
    {.name = "batch_output", .unserved = "has no effect", .repeated = true},
    {.name = "cc_model_filenames",
     .unserved = "has no effect: models run on the CPU",
     .repeated = true},
    {.name = "metric_tags", .unserved = "has no effect", .repeated = true},
    {.name = "sequence_batching", .read = ReadTritonSequences},
    {.name = "ensemble_scheduling",
     .read = [](const Field& field, TritonConfig& config, Notes& notes) -> Status {
       return ReadEnsemble(field, config.description.ensemble, notes);
     }},
    {.name = "model_operations",
     .unserved = "has no effect: no libraries of operations are loaded"},
    {.name = "model_transaction_policy", .read = ReadTransactions},
    {.name = "model_repository_agents", .unserved = "has no effect: no agents are run"},
    {.name = "model_metrics", .unserved = "has no effect"},
    {.name = "runtime", .unserved = "has no effect: the engine is chosen by 'backend'"},
};

// Its engine takes the steps as an option.
void AddEnsemble(TritonConfig& config) {
  const auto& steps = config.description.ensemble;
  if (steps.empty()) return;
  const bool batched = config.max_batch_size.value_or(0) > 0;
  config.config.options["pipeline"] =
      EnsembleAsPipeline(steps, SpecsOf(config.inputs, batched), SpecsOf(config.outputs, batched));
}

// The state of a sequence is where it was begun.
void AddSequences(TritonConfig& config, Notes& notes) {
  if (!config.description.sequences) return;
  const auto said = notes.origins.find("instances");
  if (said != notes.origins.end() && config.config.instances.max > 1) {
    notes.warnings.push_back(said->second +
                             ": 'instance_group' counts as one: a model of sequences has one "
                             "instance, so that each finds what it was told before");
  }
  config.config.instances = {1, 1};
}

// What only the whole tells.
Status CheckBatches(TritonConfig& config, const Notes& notes) {
  const bool described = !config.inputs.empty() || !config.outputs.empty();
  // Described in full, it is as it says; else the model says it.
  if (!config.max_batch_size && described) config.max_batch_size = 0;
  if (!config.max_batch_size) return {};
  config.config.batch_size = *config.max_batch_size;
  if (config.config.batch_size == 0) {
    for (WarmupRequest& request : config.warmup) request.rows = 0;
  }
  const auto& sizes = config.config.preferred_batch_sizes;
  const auto said = notes.origins.find("preferred_batch_sizes");
  if (said != notes.origins.end() && sizes.back() > config.config.batch_size) {
    return Fail(Code::kInvalidArgument,
                said->second + ": 'preferred_batch_size' " + std::to_string(sizes.back()) +
                    " is more than 'max_batch_size', " + std::to_string(config.config.batch_size));
  }
  return {};
}

}  // namespace

Result<TritonConfig> ReadTritonConfig(std::span<const Field> fields, Notes& notes,
                                      ModelConfig configured) {
  TritonConfig config;
  config.config = std::move(configured);
  // What some fields mean depends on the engine, wherever that is said.
  for (const Field& field : fields) {
    // Groups add up among themselves only.
    if (field.name == "instance_group") config.config.instances = {};
    if (field.name == "platform") config.platform = field.text;
    if (field.name == "backend") config.backend = field.text;
  }
  if (auto read = ReadMessage<TritonConfig>(fields, kFields, config, notes); !read)
    return Fail(notes.In(read.error()));
  if (auto fits = CheckBatches(config, notes); !fits) return Fail(fits.error());
  AddEnsemble(config);
  AddSequences(config, notes);
  return config;
}

std::vector<TensorSpec> SpecsOf(std::span<const TritonTensor> tensors, bool batched) {
  std::vector<TensorSpec> specs;
  for (const TritonTensor& tensor : tensors) {
    const std::vector<std::int64_t> shape = ShapeOf(tensor, batched);
    TensorSpec spec{.name = tensor.name, .dtype = tensor.dtype, .shape = {}};
    // One dimension too many is told when the model is looked at.
    if (shape.size() <= Shape::kMaxRank) spec.shape.emplace(std::span(shape));
    spec.batch_axis = batched && spec.shape ? 0 : -1;
    spec.optional = tensor.optional;
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace plinth
