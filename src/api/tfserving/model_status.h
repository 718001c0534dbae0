// The state of a model's versions, as TF Serving tells it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/tfserving/model_spec.h"
#include "base/status.h"
#include "serving/service.h"

namespace plinth::api::tfserving {

// The numbers of ModelVersionStatus.State.
enum class State { kLoading = 20, kAvailable = 30, kUnloading = 40, kEnd = 50 };

std::string_view NameOf(State state);  // "AVAILABLE", ...

struct VersionStatus {
  std::string version;                 // its name here
  std::optional<std::int64_t> number;  // nothing for a name that has none
  State state = State::kLoading;
  std::string error;  // why it failed; else empty
};

// The versions of the model, or the one that the spec names; newest first. NOT_FOUND,
// INVALID_ARGUMENT (no such label).
Result<std::vector<VersionStatus>> StatusOf(const Service& service, const ModelSpec& spec);

// What is known of the version that answers such requests; without a version in the spec, the
// newest of those. NOT_FOUND, INVALID_ARGUMENT.
Result<VersionInfo> DescribeServable(const Service& service, const ModelSpec& spec);

// {"model_version_status": [{"version", "state", "status": {"error_code", "error_message"}}]}
std::string EncodeStatus(std::span<const VersionStatus> versions);

}  // namespace plinth::api::tfserving
