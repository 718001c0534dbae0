#include "serving/deployment.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "repository/model_files.h"
#include "repository/model_format.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

template <typename List>
std::string Joined(const List& list) {
  std::string text;
  for (const auto& item : list) {
    text += text.empty() ? "" : ", ";
    text += item;
  }
  return text.empty() ? "none" : text;
}

std::string FileName(const std::string& path) { return fs::path(path).filename().string(); }

// The framework to show, or why the one that was asked for does not fit the files.
Result<std::string> ChooseFramework(const std::string& asked, const DetectedModel& model) {
  if (asked.empty()) return std::string(model.format->framework);
  const std::string framework = CanonicalFramework(asked);
  const auto& fitting = model.format->frameworks;
  if (std::ranges::find(fitting, framework) != fitting.end()) return framework;
  return Fail(Code::kInvalidArgument,
              "framework '" + asked + "' does not fit " + FileName(model.path) + ", which is " +
                  std::string(model.format->name) + "; leave it out or use " + Joined(fitting));
}

// The engine for files of a known format. An engine that is not in our list may still know the
// format: it is asked.
Result<std::shared_ptr<Backend>> ChooseEngine(const std::string& asked, const DetectedModel& model,
                                              BackendSet& backends) {
  const auto& engines = model.format->engines;
  if (asked.empty()) return backends.Get(std::string(engines.front()));
  auto backend = backends.Get(asked);
  if (!backend) return Fail(Code::kInvalidArgument, std::move(backend.error().message));
  if (std::ranges::find(engines, asked) != engines.end() || (*backend)->Probe(model.path))
    return backend;
  return Fail(Code::kInvalidArgument,
              "engine '" + asked + "' cannot serve " + FileName(model.path) + ", which is " +
                  std::string(model.format->name) + "; use " + Joined(engines));
}

bool Lists(std::string_view comma_separated, std::string_view name) {
  std::string item;
  for (std::istringstream list{std::string(comma_separated)}; std::getline(list, item, ',');) {
    if (item == name) return true;
  }
  return false;
}

// The engine for files that no format of ours describes: the one asked for, or the first that says
// it can.
Result<std::shared_ptr<Backend>> AskEngines(const DeploySpec& spec, const std::string& path,
                                            BackendSet& backends) {
  if (!spec.engine.empty()) {
    auto backend = backends.Get(spec.engine);
    if (!backend) return Fail(Code::kInvalidArgument, std::move(backend.error().message));
    return backend;
  }
  const std::string framework = CanonicalFramework(spec.framework);
  std::set<std::string> frameworks(KnownFrameworks().begin(), KnownFrameworks().end());
  for (const std::string& name : backends.Names()) {
    auto backend = backends.Get(name);
    if (!backend) {
      LogWarning(backend.error().message);
      continue;
    }
    for (std::istringstream list{std::string((*backend)->frameworks())}; list.good();) {
      std::string item;
      std::getline(list, item, ',');
      frameworks.insert(item);
    }
    if (!framework.empty() ? Lists((*backend)->frameworks(), framework) : (*backend)->Probe(path))
      return backend;
  }
  if (!framework.empty() && !frameworks.contains(framework)) {
    return Fail(Code::kInvalidArgument,
                "framework '" + spec.framework + "' is unknown; known are " + Joined(frameworks));
  }
  return Fail(Code::kInvalidModel,
              "no engine knows what " + FileName(path) +
                  " is; give \"framework\" or \"engine\", or the path of the model's file");
}

// A model.json beside the model declares inputs and outputs for formats that carry none.
Status ReadDeclaredSignature(const std::string& path, ModelConfig& config) {
  if (!config.inputs.empty() || !config.outputs.empty()) return {};
  std::error_code error;
  const fs::path folder =
      fs::is_directory(path, error) ? fs::path(path) : fs::path(path).parent_path();
  if (folder / "model.json" == path) return {};  // the model itself: XGBoost's JSON
  const auto text = ReadConfigFile(folder / "model.json");
  if (!text) return Fail(Code::kInvalidModel, text.error().message);
  if (!*text) return {};
  auto read = ParseDeclaredSignature(**text, config);
  if (!read) return Fail(Code::kInvalidModel, "model.json: " + read.error().message);
  return {};
}

Result<DeployPlan> PlanWithoutFiles(const DeploySpec& spec, BackendSet& backends) {
  DeployPlan plan;
  auto backend = backends.Get(spec.engine);
  if (!backend) return Fail(std::move(backend.error()));
  plan.backend = *std::move(backend);
  plan.framework = spec.framework;
  plan.config = spec.config;
  return plan;
}

}  // namespace

Result<DeployPlan> PlanDeployment(const DeploySpec& spec, const ModelRoots& roots,
                                  BackendSet& backends) {
  if (spec.path.empty()) return PlanWithoutFiles(spec, backends);
  auto path = roots.Resolve(spec.path);
  if (!path) return Fail(path.error());
  DeployPlan plan;
  plan.source = *path;
  plan.fingerprint = FingerprintOf(*path);
  auto model =
      DetectModel(*path, spec.engine.empty() ? CanonicalFramework(spec.framework) : spec.engine);
  if (!model) return Fail(model.error());

  plan.config = spec.config;
  plan.path = std::move(model->path);
  std::optional<Result<std::shared_ptr<Backend>>> backend;
  if (model->format != nullptr) {
    model->path = plan.path;
    auto framework = ChooseFramework(spec.framework, *model);
    if (!framework) return Fail(framework.error());
    plan.framework = std::move(*framework);
    backend = ChooseEngine(spec.engine, *model, backends);
  } else {
    backend = AskEngines(spec, plan.path, backends);
  }
  if (!*backend) return Fail(backend->error());
  plan.backend = std::move(**backend);
  if (plan.backend->runs_code()) {
    if (auto allowed = roots.CheckCode(plan.path); !allowed) return Fail(allowed.error());
  }
  if (plan.framework.empty()) {
    const std::string_view names = plan.backend->frameworks();
    plan.framework = spec.framework.empty() ? std::string(names.substr(0, names.find(',')))
                                            : CanonicalFramework(spec.framework);
  }
  if (auto read = ReadDeclaredSignature(plan.path, plan.config); !read) return Fail(read.error());
  return plan;
}

}  // namespace plinth
