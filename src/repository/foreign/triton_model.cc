#include "repository/foreign/triton_model.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/name.h"
#include "repository/fingerprint.h"
#include "repository/foreign/folder_model.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/triton_backends.h"
#include "repository/foreign/triton_config.h"
#include "repository/foreign/triton_config_json.h"
#include "repository/foreign/version_policy.h"
#include "repository/model_files.h"
#include "repository/model_roots.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

// The place that a tensor has in the call of a TorchScript model, by Triton's rule for names that
// are no names of arguments: "INPUT__1" is the second.
std::optional<int> PlaceOf(std::string_view name) {
  const auto mark = name.rfind("__");
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(mark + 2);
  int place = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole ? std::optional(place) : std::nullopt;
}

std::vector<TensorSpec> InPlaces(std::vector<TensorSpec> specs) {
  std::ranges::stable_sort(specs, {},
                           [](const TensorSpec& spec) { return PlaceOf(spec.name).value_or(0); });
  return specs;
}

class TritonModel {
 public:
  explicit TritonModel(const fs::path& dir)
      : dir_(dir), notes_((dir / "config.pbtxt").string()), files_({dir.string()}) {
    if (auto read = ReadConfig(); !read) problem_ = std::move(read.error());
  }

  std::vector<std::int64_t> VersionsToServe(std::vector<std::int64_t> there) const {
    return ChooseVersions(config_.versions, std::move(there));
  }

  FolderModel Version(std::int64_t number) const {
    const fs::path folder = dir_ / std::to_string(number);
    DeploySpec spec = spec_;
    spec.version = std::to_string(number);
    spec.path = PathIn(folder).string();
    std::vector<fs::path> parts = {folder, notes_.file(), dir_ / "warmup"};
    for (const TritonTensor& output : config_.outputs) {
      if (!output.label_file.empty()) parts.push_back(dir_ / output.label_file);
    }
    FolderModel model = MakeFolderModel(std::move(spec), parts);
    model.origins = notes_.origins;
    model.problem = problem_;
    return model;
  }

  bool has_problem() const { return problem_.has_value(); }
  // An ensemble's are empty.
  bool needs_files() const { return !IsEnsemble(); }

 private:
  Status ReadConfig() {
    spec_.name = dir_.filename();
    const auto text = ReadConfigFile(notes_.file());
    if (!text) return Fail(text.error());
    if (!*text) return {};
    const auto fields = text_proto::Parse(**text);
    if (!fields) return Fail(notes_.In(fields.error()));
    auto config = ReadTritonConfig(*fields, notes_);
    if (!config) return Fail(std::move(config.error()));
    config_ = *std::move(config);
    if (!config_.name.empty() && config_.name != spec_.name) {
      return Fail(Code::kInvalidModel,
                  fmt::format("{}: the name is '{}', but the folder is called '{}'; they must be "
                              "the same",
                              notes_.file(), config_.name, spec_.name));
    }
    const auto backend = FindTritonBackend(config_.platform, config_.backend);
    if (!backend) return Fail(backend.error().Annotate(notes_.origins["engine"]));
    backend_ = *backend;
    spec_.engine = backend_.engine;
    spec_.config = config_.config;
    if (IsEnsemble() && config_.description.ensemble.empty()) {
      return Fail(Code::kInvalidModel,
                  notes_.file() + ": an ensemble must have an 'ensemble_scheduling' with steps");
    }
    spec_.triton = std::make_shared<const TritonDescription>(std::move(config_.description));
    if (spec_.engine == "python")
      spec_.config.options["triton_config"] = TritonConfigAsJson(*fields);
    if (auto labelled = ReadLabels(); !labelled) return labelled;
    if (auto demanded = MakeDemands(); !demanded) return demanded;
    spec_.warnings = notes_.warnings;
    return {};
  }

  bool IsEnsemble() const { return backend_.name == "ensemble"; }

  Status ReadLabels() {
    ClassLabels::Map map;
    for (const TritonTensor& output : config_.outputs) {
      if (output.label_file.empty()) continue;
      const auto path = files_.Resolve((dir_ / output.label_file).string());
      if (!path) return Fail(path.error().Annotate(notes_.origins["class_labels"]));
      auto labels = ReadLabelFile(*path);
      if (!labels) return Fail(std::move(labels.error()));
      map[output.name] = *std::move(labels);
    }
    if (!map.empty()) spec_.config.class_labels = ClassLabels(std::move(map));
    return {};
  }

  Status MakeDemands() {
    const bool batched = config_.max_batch_size.value_or(0) > 0;
    auto demands = std::make_shared<LoadDemands>();
    demands->declared_in = notes_.file();
    demands->inputs = SpecsOf(config_.inputs, batched);
    demands->outputs = SpecsOf(config_.outputs, batched);
    demands->warmup = config_.warmup;
    for (WarmupRequest& request : demands->warmup) {
      for (WarmupInput& input : request.inputs) {
        if (input.file.empty()) continue;
        auto path = files_.Resolve((dir_ / "warmup" / input.file).string());
        if (!path) return Fail(path.error().Annotate(notes_.origins["warmup"]));
        input.file = *std::move(path);
      }
    }
    // These carry no signature: what is declared is all that is known.
    if (spec_.engine == "python") {
      spec_.config.inputs = demands->inputs;
      spec_.config.outputs = demands->outputs;
    } else if (spec_.engine == "pytorch") {
      spec_.config.inputs = InPlaces(demands->inputs);
      spec_.config.outputs = InPlaces(demands->outputs);
    }
    spec_.demands = std::move(demands);
    return {};
  }

  fs::path PathIn(const fs::path& folder) const {
    if (!config_.model_file.empty()) return folder / config_.model_file;
    std::error_code error;
    const fs::path usual = folder / backend_.model_file;
    return !backend_.model_file.empty() && fs::exists(usual, error) ? usual : folder;
  }

  const fs::path dir_;
  Notes notes_;
  const ModelRoots files_;  // that the configuration may name
  TritonConfig config_;
  TritonBackend backend_;
  DeploySpec spec_;  // without version and path
  std::optional<Error> problem_;
};

// Triton leaves out those that begin with a zero.
std::vector<std::int64_t> VersionsIn(const fs::path& dir, std::error_code& error) {
  std::vector<std::int64_t> versions;
  for (const fs::path& entry : SortedEntries(dir, error)) {
    const std::string name = entry.filename();
    std::error_code ignored;
    const auto number = VersionNumber(name);
    if (number && !name.starts_with('0') && fs::is_directory(entry, ignored))
      versions.push_back(*number);
  }
  return versions;
}

}  // namespace

void ScanTritonModel(const std::string& path, ModelFolder& folder) {
  const fs::path dir(path);
  std::error_code error;
  const std::vector<std::int64_t> there = VersionsIn(dir, error);
  if (error) {
    // Gone or not to be read: only the first says that its versions are to go.
    if (error == std::errc::no_such_file_or_directory) return;
    folder.skipped.push_back(path + ": " + error.message());
    folder.unreadable.push_back(dir.filename());
    return;
  }
  if (!IsName(dir.filename().native())) {
    folder.skipped.push_back(path +
                             ": the folder's name cannot be a model's name (A-Z a-z 0-9 _ . "
                             "- only)");
    return;
  }
  const TritonModel model(dir);
  const std::vector<std::int64_t> served = model.VersionsToServe(there);
  std::size_t added = 0;
  for (const std::int64_t version : served) {
    const bool empty = FingerprintOf((dir / std::to_string(version)).string()).files == 0;
    if (empty && model.needs_files() && !model.has_problem()) continue;
    folder.models.push_back(model.Version(version));
    ++added;
  }
  if (added > 0) return;
  folder.skipped.push_back(path + (there.empty() ? ": there is no folder for a version, such as 1"
                                                 : ": no version with files is chosen by its "
                                                   "version_policy"));
}

}  // namespace plinth
