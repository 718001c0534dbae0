// The bodies of the routes under /models.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/status.h"
#include "model/model_version.h"
#include "model/registry.h"
#include "serving/version_figures.h"

namespace plinth::api {

// Reads {"name", "framework", "engine", "path", "version", "config", "replace"}. `name` and
// `version` are those of the request's path, or empty; what the body says must not contradict them.
// INVALID_ARGUMENT.
Result<DeploySpec> DecodeDeploy(std::string_view body, const std::string& name,
                                const std::string& version);

// Reads {"version"}, or nothing at all: the version to load again, empty for all of the model.
// INVALID_ARGUMENT.
Result<std::string> DecodeReload(std::string_view body);

// {"name", "reloaded": [...]}, each with its state.
std::string EncodeReloaded(std::string_view name, std::span<const VersionInfo> reloaded);
// {"name", "version", "removed": true}, without an empty `version`.
std::string EncodeRemoved(std::string_view name, std::string_view version);

// A version that was just deployed: what it is and what it takes and gives.
std::string EncodeDeployed(const VersionInfo& info);
// A version with all that is known of it, its effective configuration and its figures too.
std::string EncodeVersion(const VersionInfo& info, const VersionFigures& figures);
// {"name", "versions": [...], "traffic": {...}}, each with all that is known of it; without a
// policy no traffic. Requires as many figures as versions.
std::string EncodeModel(const ModelInfo& model, std::span<const VersionFigures> figures);
// {"models": [...]}, each with its versions' states.
std::string EncodeModels(std::span<const ModelInfo> models);

}  // namespace plinth::api
