// Models and versions by the names that a request gives them, with Triton's errors.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/registry.h"
#include "serving/service.h"

namespace plinth::api::openinference {

struct FoundVersion {
  ModelInfo model;
  std::size_t index = 0;  // of its versions

  const VersionInfo& version() const { return model.versions[index]; }
};

// Whether requests may be sent to it: it is ready, or is loaded when the first one comes.
bool IsServable(const VersionInfo& version);

// The version of that name or with that label; with an empty `version` the newest that is servable.
// NOT_FOUND; UNAVAILABLE for a version that is not servable.
Result<FoundVersion> FindVersion(const Service& service, std::string_view model,
                                 std::string_view version);

// The same for those who need the signature: a lazy version that was never loaded is loaded first.
// `done` is called once, perhaps from another thread.
using FoundCallback = std::move_only_function<void(Result<FoundVersion>)>;
void FindLoaded(Service& service, const std::string& model, const std::string& version,
                FoundCallback done);

}  // namespace plinth::api::openinference
