// From "deploy what is at this path" to a loaded version: which files, which framework, which
// engine.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "model/backend.h"
#include "model/model_version.h"
#include "repository/fingerprint.h"
#include "repository/model_roots.h"

namespace plinth {

// Everything that is decided before a load begins.
struct DeployPlan {
  std::shared_ptr<Backend> backend;
  std::string framework;
  std::string source;       // what was asked for: real and absolute
  Fingerprint fingerprint;  // of it, before anything was read
  std::string path;         // the file or folder in it for the backend
  ModelConfig config;       // with what a model.json beside the model declares
};

// An empty path is for an engine that reads no files, and is named.
//
// Reads file names and first bytes, and may open backends: not for I/O threads. INVALID_ARGUMENT
// (unknown framework, or one that does not fit the files, or an engine that cannot serve them),
// PERMISSION_DENIED, NOT_FOUND, INVALID_MODEL, UNAVAILABLE (a runtime is missing).
Result<DeployPlan> PlanDeployment(const DeploySpec& spec, const ModelRoots& roots,
                                  BackendSet& backends);

}  // namespace plinth
