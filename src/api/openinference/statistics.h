// The statistics of models, counted as Triton counts them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "serving/service.h"

namespace plinth::api::openinference {

struct ModelStatistics {
  std::string model;
  VersionStatistics statistics;
};

// Of the versions that are servable: of all models if `model` is empty, of all its versions if
// `version` is. INVALID_ARGUMENT if there is no such one.
Result<std::vector<ModelStatistics>> CollectStatistics(const Service& service,
                                                       std::string_view model,
                                                       std::string_view version);

// Each duration's name in the protocol, in its order, which is that of the message's fields.
struct NamedTiming {
  std::string_view name;
  Timing VersionStatistics::*timing;
};
std::span<const NamedTiming> NamedTimings();

std::string EncodeStatistics(std::span<const ModelStatistics> models);

}  // namespace plinth::api::openinference
