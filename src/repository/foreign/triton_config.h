// A model's configuration as Triton has it (config.pbtxt), in our terms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/load_demands.h"
#include "model/signature.h"
#include "model/triton_description.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/version_policy.h"

namespace plinth {

struct TritonTensor {
  std::string name;
  DType dtype = DType::kAny;
  std::vector<std::int64_t> dims;  // without the batch dimension, if the model has one
  std::optional<std::vector<std::int64_t>> reshape;  // what the model has instead of `dims`
  std::string label_file;
  // Inputs only, and only of models that do not say themselves which of their inputs are.
  bool optional = false;
};

struct TritonConfig {
  std::string name;      // empty: not said
  std::string platform;  // "onnxruntime_onnx"
  std::string backend;   // "onnxruntime"
  std::string model_file;
  VersionPolicy versions;
  std::optional<std::int64_t> max_batch_size;  // 0: no batch dimension; nothing: not said
  std::vector<TritonTensor> inputs;
  std::vector<TritonTensor> outputs;
  TritonDescription description;
  std::vector<WarmupRequest> warmup;  // files as they are called in the folder "warmup"
  ModelConfig config;                 // with all of the above that it can hold, but for the labels
};

// Reads the fields of a config.pbtxt over what is configured already. What has no effect here is
// noted as a warning. INVALID_ARGUMENT: "FILE:LINE:COLUMN: ...".
Result<TritonConfig> ReadTritonConfig(std::span<const text_proto::Field> fields, Notes& notes,
                                      ModelConfig configured = {});

std::vector<TensorSpec> SpecsOf(std::span<const TritonTensor> tensors, bool batched);

// The dimensions that a tensor of the model has: with one of -1 in front where it has batches.
std::vector<std::int64_t> ShapeOf(const TritonTensor& tensor, bool batched);

}  // namespace plinth
