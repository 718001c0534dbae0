// A model as Triton's checks see it: its signature, and its notion of a batch.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/config.h"
#include "model/model_version.h"
#include "model/signature.h"

namespace plinth::api::openinference {

// Triton's max_batch_size: how many rows a request may have along the first dimension of all
// inputs, or 0 if not every input has its batch there.
std::int64_t MaxBatchSize(const Signature& signature, const ModelConfig& config);

// What a request must fit. A view: the version outlives it.
struct ModelView {
  std::string_view name;
  const Signature& signature;
  const ModelConfig& config;

  static ModelView Of(const ModelVersion& version) {
    return {version.name(), version.signature(), version.config()};
  }
  std::int64_t max_batch_size() const { return MaxBatchSize(signature, config); }
};

}  // namespace plinth::api::openinference
