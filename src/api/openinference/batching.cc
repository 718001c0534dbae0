#include "api/openinference/batching.h"

#include <algorithm>

namespace plinth::api::openinference {

std::int64_t MaxBatchSize(const Signature& signature, const ModelConfig& config) {
  const bool batched = !signature.inputs.empty() &&
                       std::ranges::all_of(signature.inputs, [](const TensorSpec& spec) {
                         return spec.batch_axis == 0;
                       });
  return batched ? config.batch_size : 0;
}

}  // namespace plinth::api::openinference
