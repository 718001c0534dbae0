// What the server does beyond the protocol's core, as GET /v2 and ServerMetadata list it.
#pragma once

#include <string_view>

namespace plinth::api::openinference {

inline constexpr std::string_view kExtensions[] = {
    "classification",
    "sequence",
    "model_repository",
    "model_repository(unload_dependents)",
    "schedule_policy",
    "model_configuration",
    "system_shared_memory",
    "cuda_shared_memory",
    "binary_tensor_data",
    "parameters",
    "statistics",
    "trace",
    "logging",
};

}  // namespace plinth::api::openinference
