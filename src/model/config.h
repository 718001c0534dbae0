// The configuration of a deployment, as "config" in POST /models and in plinth.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/class_labels.h"
#include "model/signature.h"
#include "traffic/traffic_policy.h"

namespace plinth {

// Whose requests of a version run first: within each, in order of arrival.
enum class Priority { kHigh, kNormal, kLow };
inline constexpr std::size_t kPriorities = 3;

inline constexpr std::string_view kPriorityNames[kPriorities] = {"high", "normal", "low"};

std::string_view NameOf(Priority priority);
std::optional<Priority> PriorityFromName(std::string_view name);

// How many executions of a version may run at once. Between the two the server chooses by how long
// requests wait. Both 0: chosen from the cores and the engine.
struct InstanceLimits {
  std::int64_t min = 0;
  std::int64_t max = 0;
  bool operator==(const InstanceLimits&) const = default;
};

struct ModelConfig {
  // Most rows of one execution. 0: the model has no batch dimension, whatever its shapes look like,
  // and requests are neither joined nor split.
  std::int64_t batch_size = 32;
  std::int64_t batch_timeout_ms = 0;  // longest wait for more rows
  std::int64_t timeout_ms = 30'000;   // deadline of a request, from its arrival; 0: none
  std::int64_t cache_size = 0;        // answers kept; 0: no cache
  std::int64_t cache_ttl_ms = 60'000;
  // Rows of an execution that the model runs best with: rising, each at most batch_size.
  std::vector<std::int64_t> preferred_batch_sizes;
  InstanceLimits instances;
  Priority priority = Priority::kNormal;  // of requests that do not say
  std::int64_t threads = 0;               // of one execution; 0: the engine's choice
  std::int64_t max_queue = 1024;          // requests that may wait; more are refused with 429

  // Passed on to the engine: docs/api.md, "engine options".
  std::map<std::string, std::string> options;

  // A signature written down by the user, for formats that carry none.
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;

  ClassLabels class_labels;

  bool lazy = false;  // loaded when the first request asks for it

  // What the deployment changes for the model as a whole; not of the version.
  ReleaseChange release;

  bool operator==(const ModelConfig&) const = default;
};

// Reads a JSON object. INVALID_ARGUMENT names the key, what it was and what is expected; an unknown
// key comes with the nearest known one. The object's own text must have simdjson's padding only if
// `json` is not copied: this function copies it.
Result<ModelConfig> ParseModelConfig(std::string_view json);

// The configuration, without `release`, as text that ParseModelConfig() reads back to an equal one.
std::string EncodeModelConfig(const ModelConfig& config);

// Reads {"inputs": [...], "outputs": [...]} as in a model.json beside a model: each element
// {"name", "datatype", "shape"}, where "datatype" may be left out and -1 is an open dimension;
// "batch_axis" defaults to 0 if the first dimension is open, else -1.
Status ParseDeclaredSignature(std::string_view json, ModelConfig& config);

}  // namespace plinth
