// A version's configuration as Triton's ModelConfig: what clients read max_batch_size, batching and
// the inputs' dimensions from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/openinference/lookup.h"
#include "model/triton_description.h"

namespace plinth::api::openinference {

// Triton's inference.DataType.
struct TritonType {
  int number = 0;
  std::string_view name = "TYPE_INVALID";
};
TritonType TritonTypeOf(DType type);

struct TritonTensor {
  std::string_view name;
  TritonType type;
  std::vector<std::int64_t> dims;  // without the batch, where there is one; -1: any size
  bool optional = false;
};

struct TritonBatching {
  std::vector<std::int64_t> preferred_batch_size;
  std::uint64_t max_queue_delay_microseconds = 0;
  std::uint64_t default_timeout_microseconds = 0;  // 0: none
  std::uint64_t max_queue_size = 0;
  std::uint64_t priority_levels = 0;
  std::uint64_t default_priority_level = 0;
};

// The views are into what it was made of.
struct TritonConfig {
  std::string_view name;
  std::string_view platform;
  std::string_view backend;
  std::span<const EnsembleStep> ensemble;  // empty: it is none
  const SequenceBatching* sequences = nullptr;
  std::int64_t max_batch_size = 0;  // 0: requests are not joined
  std::vector<TritonTensor> inputs;
  std::vector<TritonTensor> outputs;
  std::int64_t instances = 0;
  std::optional<TritonBatching> batching;  // only where requests are joined
  bool decoupled = false;
  bool response_cache = false;
  const std::map<std::string, std::string>* parameters = nullptr;
};

TritonConfig ConfigOf(const FoundVersion& found);

// With Triton's names, and its fields that Plinth has nothing for at their defaults.
std::string EncodeConfig(const TritonConfig& config);

}  // namespace plinth::api::openinference
