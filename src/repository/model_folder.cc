#include "repository/model_folder.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/name.h"
#include "model/json_fields.h"
#include "repository/fingerprint.h"
#include "repository/json_lines.h"
#include "repository/model_files.h"
#include "repository/model_format.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

// "1", "v2", "3.1"
bool IsVersionFolder(const std::string& name) {
  std::string_view rest = name;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  return !rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) &&
         std::ranges::all_of(rest, [](unsigned char c) { return std::isdigit(c) || c == '.'; });
}

Status ReadField(const json::Field& field, DeploySpec& spec) {
  constexpr std::array<std::string_view, 3> kKnown = {"framework", "engine", "config"};
  if (field.key == "config") {
    const auto object = field.Object();
    if (!object) return Fail(object.error());
    auto config = ParseModelConfig(simdjson::to_string(*object));
    if (!config) return Fail(config.error());
    spec.config = std::move(*config);
    return {};
  }
  if (field.key != "framework" && field.key != "engine") return field.Unknown(kKnown);
  auto text = field.Text();
  if (!text) return Fail(text.error());
  (field.key == "framework" ? spec.framework : spec.engine) = std::move(*text);
  return {};
}

constexpr std::string_view kConfigPrefix = "config.";

// A configuration takes the place of all of the one before.
void ForgetConfig(ValueOrigins& origins) {
  std::erase_if(origins, [](const auto& origin) {
    return origin.first != "framework" && origin.first != "engine";
  });
}

// A file that is not there changes nothing.
Status ReadPlinthJson(const fs::path& file, DeploySpec& spec, ValueOrigins& origins) {
  const auto text = ReadConfigFile(file);
  if (!text) return Fail(text.error());
  if (!*text) return {};
  const auto document = json::Document::ParseObject(**text, "plinth.json");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "plinth.json");
  if (!fields) return Fail(fields.error());
  for (const json::Field& field : *fields) {
    if (auto read = ReadField(field, spec); !read) return Fail(read.error());
    if (field.key == "config") ForgetConfig(origins);
  }
  for (const auto& [key, line] : KeyLines(**text)) {
    const bool in_config = key.starts_with(kConfigPrefix);
    if (key == "config" || (!in_config && key.contains('.'))) continue;
    origins[in_config ? key.substr(kConfigPrefix.size()) : key] =
        file.string() + ":" + std::to_string(line);
  }
  return {};
}

class Scan {
 public:
  // `configs` are the plinth.json files that say something of it, if they are there.
  void Add(const fs::path& path, std::string name, std::string version,
           const std::vector<fs::path>& configs) {
    FolderModel model;
    if (!Describe(path, configs, model)) return;
    const std::string where = path.string();
    if (!IsName(name)) {
      folder.skipped.push_back(where + ": '" + name +
                               "' cannot be a model's name (A-Z a-z 0-9 _ . - only)");
      return;
    }
    if (!taken_.emplace(name, version).second) {
      folder.skipped.push_back(where + ": there is a model '" + name +
                               "' already; give it a folder of its own");
      return;
    }
    model.spec.name = std::move(name);
    model.spec.version = std::move(version);
    folder.models.push_back(std::move(model));
  }

  ModelFolder folder;

 private:
  // False if there is no file but for a plinth.json.
  static bool Describe(const fs::path& path, const std::vector<fs::path>& configs,
                       FolderModel& model) {
    model.spec.path = path.string();
    const Fingerprint print = FingerprintOf(model.spec.path);
    Hasher128 hash;
    hash.Text(model.spec.path);
    Add(hash, print);
    for (const fs::path& config : configs) {
      Add(hash, FingerprintOf(config));
      if (model.problem) continue;
      if (auto read = ReadPlinthJson(config, model.spec, model.origins); !read)
        model.problem = read.error().Annotate(config.string());
    }
    model.fingerprint = hash.Finish();
    return print.files > 0;
  }

  static void Add(Hasher128& hash, const Fingerprint& print) {
    hash.Number(print.hash.low);
    hash.Number(print.hash.high);
  }

  std::set<std::pair<std::string, std::string>> taken_;
};

void ScanModel(Scan& scan, const fs::path& dir) {
  const std::string name = dir.filename();
  std::error_code error;
  std::vector<fs::path> versions;
  for (fs::path& entry : SortedEntries(dir, error)) {
    std::error_code ignored;
    if (IsVersionFolder(entry.filename()) && fs::is_directory(entry, ignored))
      versions.push_back(std::move(entry));
  }
  if (error) {
    // Gone or not to be read: only the first says that its versions are to go.
    if (error == std::errc::no_such_file_or_directory) return;
    scan.folder.skipped.push_back(dir.string() + ": " + error.message());
    scan.folder.unreadable.push_back(name);
    return;
  }
  const fs::path config = dir / "plinth.json";
  if (versions.empty()) return scan.Add(dir, name, "v1", {config});
  for (const fs::path& version : versions) {
    scan.Add(version, name, version.filename(), {config, version / "plinth.json"});
  }
}

// A program that lies beside models is seldom one itself: those that are have folders of their own.
// Files of formats that are recognised but not served come last: a model that can be served has the
// name before them, and the deployment of the others says what to do instead.
void ScanFiles(Scan& scan, const std::vector<fs::path>& files) {
  std::vector<fs::path> unserved;
  for (const fs::path& file : files) {
    if (const auto model = DetectModel(file); !model) {
      unserved.push_back(file);
    } else if (model->format != nullptr && !model->format->program) {
      scan.Add(file, file.stem(), "v1", {});
    }
  }
  for (const fs::path& file : unserved) scan.Add(file, file.stem(), "v1", {});
}

}  // namespace

Result<ModelFolder> ScanModelFolder(const std::string& dir) {
  std::error_code error;
  const auto entries = SortedEntries(dir, error);
  if (error) return Fail(Code::kNotFound, "models folder '" + dir + "': " + error.message());
  Scan scan;
  std::vector<fs::path> files;
  for (const fs::path& entry : entries) {
    std::error_code ignored;
    const fs::file_status status = fs::status(entry, ignored);
    if (fs::is_directory(status)) {
      ScanModel(scan, entry);
    } else if (fs::is_regular_file(status)) {
      files.push_back(entry);
    }
  }
  ScanFiles(scan, files);
  return std::move(scan.folder);
}

}  // namespace plinth
