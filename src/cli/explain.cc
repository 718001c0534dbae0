// plinth explain: what a folder of models comes to, and where every value is from.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/json_writer.h"
#include "cli/command.h"
#include "model/backend.h"
#include "model/json_fields.h"
#include "pipeline/pipeline_backend.h"
#include "repository/foreign/mlserver.h"
#include "repository/foreign/tfserving_models.h"
#include "repository/foreign/triton_repository.h"
#include "repository/model_folder.h"
#include "repository/model_roots.h"
#include "serving/deployment.h"

namespace plinth::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownBytes = 60;

struct ExplainOptions {
  std::string path;
  std::vector<std::string> backend_dirs;
  bool json = false;
};

struct Setting {
  std::string key;
  std::string value;  // JSON
  std::string origin;
};

struct Explanation {
  std::string name;
  std::string version;
  std::vector<Setting> settings;
  std::vector<std::string> warnings;
  std::string problem;  // empty: none
};

bool IsForeignRepository(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir / kMlServerFile, error)) return true;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    std::error_code ignored;
    if (fs::exists(entry.path() / "config.pbtxt", ignored) ||
        fs::exists(entry.path() / kMlServerFile, ignored))
      return true;
  }
  return false;
}

// What is there, and the folders that its models may come from.
Result<ModelFolder> Scan(const std::string& path, std::vector<std::string>& roots) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    roots = {path};
    return IsForeignRepository(path) ? ScanModelRepository(path) : ScanModelFolder(path);
  }
  const auto config = ReadTfServingConfig(path);
  if (!config) return Fail(config.error());
  for (const TfServingModel& model : config->models) roots.push_back(model.base_path);
  return ScanTfServingModels(*config, {});
}

// ---- The settings of a model

std::string Quoted(std::string_view text) {
  JsonWriter json;
  json.Value(text);
  return std::move(json).Take();
}

std::string OriginOf(const ValueOrigins& origins, std::string_view key,
                     std::string_view otherwise) {
  const auto found = origins.find(key);
  return found == origins.end() ? std::string(otherwise) : found->second;
}

void AddOptions(const json::Field& options, const ValueOrigins& origins, const std::string& origin,
                std::vector<Setting>& settings) {
  const auto object = options.Object();
  if (!object) return;
  const auto fields = json::FieldsOf(*object, "options");
  if (!fields) return;
  for (const json::Field& option : *fields) {
    const std::string key = fmt::format("options.{}", option.key);
    settings.push_back({key, simdjson::minify(option.value), OriginOf(origins, key, origin)});
  }
}

void AddConfig(const ModelConfig& config, const ValueOrigins& origins,
               std::vector<Setting>& settings) {
  const auto document = json::Document::ParseObject(EncodeModelConfig(config), "config");
  if (!document) return;  // we wrote it
  const auto fields = json::FieldsOf(document->root(), "config");
  if (!fields) return;
  for (const json::Field& field : *fields) {
    const bool declared = field.key == "inputs" || field.key == "outputs";
    const std::string origin = OriginOf(origins, field.key, declared ? "model.json" : "default");
    if (field.key == "options") {
      AddOptions(field, origins, origin, settings);
    } else {
      settings.push_back({std::string(field.key), simdjson::minify(field.value), origin});
    }
  }
}

Explanation Explain(const FolderModel& model, const ModelRoots& roots, BackendSet& backends) {
  const DeploySpec& spec = model.spec;
  Explanation explained{spec.name, spec.version, {}, spec.warnings, {}};
  std::string path = spec.path;
  std::string framework = spec.framework;
  std::string engine = spec.engine;
  ModelConfig config = spec.config;
  if (model.problem) {
    explained.problem = model.problem->message;
  } else if (auto plan = PlanDeployment(spec, roots, backends)) {
    path = plan->path;
    framework = plan->framework;
    engine = plan->backend->name();
    config = plan->config;
  } else {
    explained.problem = plan.error().message;
  }
  const auto add = [&](std::string_view key, const std::string& value, std::string_view otherwise) {
    const std::string origin = OriginOf(model.origins, key, otherwise);
    if (!value.empty()) explained.settings.push_back({std::string(key), Quoted(value), origin});
  };
  add("path", path, "inferred");
  add("version", spec.version, OriginOf(model.origins, "version_policy", "inferred"));
  add("framework", framework, "inferred");
  add("engine", engine, "inferred");
  AddConfig(config, model.origins, explained.settings);
  return explained;
}

// ---- Output

std::string Shown(const Setting& setting) {
  std::string value = setting.value;
  if (value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
  if (setting.key != "path" && value.size() > kShownBytes)
    value = value.substr(0, kShownBytes) + "...";
  return value;
}

void Print(const Explanation& model) {
  std::cout << fmt::format("{} {}\n", model.name, model.version);
  std::size_t widest = 0;
  for (const Setting& setting : model.settings) widest = std::max(widest, Shown(setting).size());
  for (const Setting& setting : model.settings) {
    std::cout << fmt::format("  {:<22} {:<{}}  {}\n", setting.key, Shown(setting), widest,
                             setting.origin);
  }
  for (const std::string& warning : model.warnings) std::cout << "  warning: " << warning << '\n';
  if (!model.problem.empty()) std::cout << "  problem: " << model.problem << '\n';
  std::cout << '\n';
}

std::string Encode(const std::vector<Explanation>& models,
                   const std::vector<std::string>& skipped) {
  JsonWriter json;
  json.BeginObject();
  json.Key("models").BeginArray();
  for (const Explanation& model : models) {
    json.BeginObject();
    json.Key("name").Value(model.name);
    json.Key("version").Value(model.version);
    json.Key("settings").BeginObject();
    for (const Setting& setting : model.settings) {
      json.Key(setting.key).BeginObject();
      json.Key("value").Raw(setting.value);
      json.Key("origin").Value(setting.origin);
      json.EndObject();
    }
    json.EndObject();
    json.Key("warnings").BeginArray();
    for (const std::string& warning : model.warnings) json.Value(warning);
    json.EndArray();
    if (!model.problem.empty()) json.Key("problem").Value(model.problem);
    json.EndObject();
  }
  json.EndArray();
  json.Key("skipped").BeginArray();
  for (const std::string& text : skipped) json.Value(text);
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

int Run(const ExplainOptions& options) {
  std::vector<std::string> roots;
  const auto folder = Scan(options.path, roots);
  if (!folder) {
    std::cerr << "plinth: " << folder.error().message << '\n';
    return EXIT_FAILURE;
  }
  std::vector<std::string> dirs = DefaultBackendDirs();
  dirs.insert(dirs.end(), options.backend_dirs.begin(), options.backend_dirs.end());
  BackendSet backends(std::move(dirs));
  backends.Add(std::make_shared<pipeline::PipelineBackend>(nullptr));
  const ModelRoots model_roots(roots, roots);  // what a server may run is for its flags to say
  std::vector<Explanation> models;
  for (const FolderModel& model : folder->models)
    models.push_back(Explain(model, model_roots, backends));
  if (options.json) {
    std::cout << Encode(models, folder->skipped) << '\n';
  } else {
    for (const Explanation& model : models) Print(model);
    for (const std::string& text : folder->skipped) std::cout << "skipped " << text << '\n';
  }
  const bool sound = std::ranges::all_of(models, &std::string::empty, &Explanation::problem);
  return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

std::function<int()> AddExplain(CLI::App& app) {
  auto options = std::make_shared<ExplainOptions>();
  app.add_option("path", options->path,
                 "Folder of models, repository of Triton or MLServer, or a model_config_file of TF "
                 "Serving")
      ->required();
  app.add_option("--backend-dir", options->backend_dirs,
                 "Further folder with libplinth_<engine>.so files (may be repeated)");
  app.add_flag("--json", options->json, "As JSON");
  app.footer("The exit status is 0 if nothing is wrong with any of the models. None is loaded.");
  return [options] { return Run(*options); };
}

}  // namespace plinth::cli
