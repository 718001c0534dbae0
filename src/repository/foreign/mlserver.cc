#include "repository/foreign/mlserver.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/name.h"
#include "model/json_fields.h"
#include "repository/foreign/folder_model.h"
#include "repository/json_lines.h"
#include "repository/model_files.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;
using json::Field;

constexpr int kMaxLevels = 8;
constexpr int kMaxEntries = 100'000;
constexpr std::int64_t kMaxRows = 65'536;
constexpr double kMaxWaitSeconds = 60;
constexpr std::int64_t kCachedAnswers = 10'000'000;

// The file that is the model where no "uri" says so, as MLServer's runtimes have it.
constexpr std::array<const char*, 6> kUsualFiles = {"model.joblib", "model.pickle", "model.pkl",
                                                    "model.bst",    "model.json",   "model.ubj"};

struct Runtime {
  std::string_view implementation;
  std::string_view framework;
  std::string_view unserved{};  // why its models cannot be served, and what to do
};
constexpr std::array kRuntimes = {
    Runtime{"mlserver_sklearn.SKLearnModel", "sklearn"},
    Runtime{"mlserver_sklearn.sklearn.SKLearnModel", "sklearn"},
    Runtime{"mlserver_xgboost.XGBoostModel", "xgboost"},
    Runtime{"mlserver_lightgbm.LightGBMModel", "lightgbm"},
    Runtime{"mlserver_catboost.CatboostModel", "",
            "is not served; export the model as ONNX, and let \"uri\" name the file"},
    Runtime{"mlserver_mlflow.MLflowRuntime", "",
            "is not served; let \"uri\" name the model's file with \"implementation\": "
            "\"mlserver_sklearn.SKLearnModel\", if that is what it holds"},
    Runtime{"mlserver_huggingface.HuggingFaceRuntime", "",
            "is not served; export the model as ONNX or TorchScript"},
};

// What a model-settings.json has that changes nothing here, or is not done.
constexpr std::string_view kSilent[] = {"platform", "versions", "tags", "inputs", "outputs"};
constexpr std::string_view kUnserved[] = {"parallel_workers", "warm_workers", "gateway_workers"};
constexpr std::string_view kUnservedParameters[] = {"format",
                                                    "content_type",
                                                    "environment_path",
                                                    "environment_tarball",
                                                    "environment_path",
                                                    "inference_pool_gid",
                                                    "autogenerate_inference_pool_gid"};

bool IsOneOf(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class Settings {
 public:
  explicit Settings(const fs::path& file) : file_(file) {
    // Its clients know the outputs by the methods that they come from.
    spec_.config.options["outputs"] = "predict";
    if (auto read = Read(); !read) problem_ = read.error().Annotate(file_.string());
    if (spec_.name.empty()) spec_.name = file_.parent_path().filename();
    if (spec_.path.empty()) spec_.path = UsualFile();
  }

  FolderModel Model() const {
    const std::array parts = {file_, fs::path(spec_.path)};
    FolderModel model = MakeFolderModel(spec_, parts);
    model.origins = origins_;
    model.problem = problem_;
    return model;
  }

 private:
  Status Read() {
    const auto text = ReadConfigFile(file_);
    if (!text) return Fail(text.error());
    if (!*text) return Fail(Code::kNotFound, "it is gone");
    const auto document = json::Document::ParseObject(**text, kMlServerFile);
    if (!document) return Fail(document.error());
    lines_ = KeyLines(**text);
    const auto fields = json::FieldsOf(document->root(), kMlServerFile);
    if (!fields) return Fail(fields.error());
    for (const Field& field : *fields) {
      if (auto read = ReadSetting(field); !read) return read;
    }
    if (spec_.framework.empty())
      return Fail(Code::kInvalidModel, "\"implementation\" says nothing of how to serve the model");
    return {};
  }

  Status ReadSetting(const Field& field) {
    if (field.key == "name") return Keep(field.Text(), spec_.name);
    if (field.key == "implementation") return ReadImplementation(field);
    if (field.key == "parameters") return ReadParameters(field);
    if (field.key == "max_batch_size") {
      const auto rows = field.Integer(0, kMaxRows);
      if (!rows) return Fail(rows.error());
      if (*rows > 0) {  // 0: whatever the server likes
        From("batch_size", field.key);
        spec_.config.batch_size = *rows;
      }
    } else if (field.key == "max_batch_time") {
      const auto seconds = field.Number(0, kMaxWaitSeconds);
      if (!seconds) return Fail(seconds.error());
      From("batch_timeout_ms", field.key);
      spec_.config.batch_timeout_ms = static_cast<std::int64_t>(std::ceil(*seconds * 1000));
    } else if (field.key == "cache_enabled") {
      const auto enabled = field.Boolean();
      if (!enabled) return Fail(enabled.error());
      if (*enabled) {
        From("cache_size", field.key);
        From("cache_ttl_ms", field.key);
        spec_.config.cache_size = kCachedAnswers;
        spec_.config.cache_ttl_ms = 0;
      }
    } else if (!IsOneOf(kSilent, field.key)) {
      Warn(field.key, IsOneOf(kUnserved, field.key) ? "has no effect: a model runs in this process"
                                                    : "is unknown and has no effect");
    }
    return {};
  }

  Status ReadImplementation(const Field& field) {
    const auto name = field.Text();
    if (!name) return Fail(name.error());
    From("framework", field.key);
    const auto runtime = std::ranges::find(kRuntimes, *name, &Runtime::implementation);
    if (runtime == kRuntimes.end()) {
      return Fail(
          Code::kInvalidModel,
          fmt::format("the implementation '{}' is code of its own, which is not run; served "
                      "is mlserver_sklearn.SKLearnModel",
                      *name));
    }
    if (!runtime->unserved.empty())
      return Fail(Code::kInvalidModel, fmt::format("{} {}", *name, runtime->unserved));
    spec_.framework = runtime->framework;
    return {};
  }

  Status ReadParameters(const Field& field) {
    const auto fields = MembersOf(field);
    if (!fields) return Fail(fields.error());
    for (const Field& parameter : *fields) {
      const std::string key = fmt::format("parameters.{}", parameter.key);
      if (parameter.key == "uri") {
        From("path", key);
        if (auto read = ReadUri(parameter); !read) return read;
      } else if (parameter.key == "version") {
        From("version", key);
        auto version = parameter.Text();
        if (!version) return Fail(version.error());
        if (!IsName(*version)) return parameter.Refuse("a name of letters, digits, '_', '.', '-'");
        spec_.version = *std::move(version);
      } else if (parameter.key == "extra") {
        if (auto read = ReadExtra(parameter); !read) return read;
      } else {
        Warn(key, IsOneOf(kUnservedParameters, parameter.key) ? "has no effect"
                                                              : "is unknown and has no effect");
      }
    }
    return {};
  }

  // What a runtime has of its own.
  Status ReadExtra(const Field& field) {
    const auto fields = MembersOf(field);
    if (!fields) return Fail(fields.error());
    for (const Field& extra : *fields) {
      const std::string key = fmt::format("parameters.extra.{}", extra.key);
      if (extra.key != "predict_fn") {
        Warn(key, "is unknown and has no effect");
        continue;
      }
      From("options.outputs", key);
      if (auto kept = Keep(extra.Text(), spec_.config.options["outputs"]); !kept) return kept;
    }
    return {};
  }

  Status ReadUri(const Field& field) {
    auto uri = field.Text();
    if (!uri) return Fail(uri.error());
    std::string_view path = *uri;
    if (path.starts_with("file://")) path.remove_prefix(7);
    if (path.find("://") != std::string_view::npos)
      return field.Refuse("the path of a file or folder; fetch the model first");
    const fs::path whole = (file_.parent_path() / path).lexically_normal();
    std::error_code error;
    spec_.path = whole.string();
    for (const char* usual : kUsualFiles) {
      if (fs::is_directory(whole, error) && fs::exists(whole / usual, error)) {
        spec_.path = whole / usual;
        break;
      }
    }
    return {};
  }

  std::string UsualFile() const {
    std::error_code error;
    for (const char* usual : kUsualFiles) {
      if (fs::exists(file_.parent_path() / usual, error)) return file_.parent_path() / usual;
    }
    return file_.parent_path();
  }

  static Result<std::vector<Field>> MembersOf(const Field& field) {
    const auto object = field.Object();
    if (!object) return Fail(object.error());
    return json::FieldsOf(*object, field.key);
  }

  static Status Keep(Result<std::string> text, std::string& to) {
    if (!text) return Fail(std::move(text.error()));
    to = *std::move(text);
    return {};
  }

  std::string Where(std::string_view key) const {
    const auto line = lines_.find(key);
    return fmt::format("{}:{}", file_.string(), line == lines_.end() ? 1 : line->second);
  }
  void From(std::string_view setting, std::string_view key) {
    origins_[std::string(setting)] = Where(key);
  }
  void Warn(std::string_view key, std::string_view why) {
    spec_.warnings.push_back(fmt::format("{}: '{}' {}", Where(key), key, why));
  }

  const fs::path file_;
  std::map<std::string, int, std::less<>> lines_;
  DeploySpec spec_;
  ValueOrigins origins_;
  std::optional<Error> problem_;
};

}  // namespace

std::vector<fs::path> FindMlServerModels(const fs::path& dir) {
  std::vector<fs::path> found;
  std::error_code error;
  int entries = 0;
  fs::recursive_directory_iterator it(dir, error);
  for (; !error && it != fs::end(it) && ++entries < kMaxEntries; it.increment(error)) {
    if (it.depth() >= kMaxLevels || IsIgnoredName(it->path().filename().native()))
      it.disable_recursion_pending();
    if (it->path().filename() == kMlServerFile) found.push_back(it->path());
  }
  std::ranges::sort(found);
  return found;
}

void ScanMlServerModel(const fs::path& file, ModelFolder& folder) {
  FolderModel model = Settings(file).Model();
  const auto refuse = [&](std::string_view why) {
    folder.skipped.push_back(fmt::format("{}: {}", file.string(), why));
  };
  if (!IsName(model.spec.name))
    return refuse(
        fmt::format("'{}' cannot be a model's name (A-Z a-z 0-9 _ . - only)", model.spec.name));
  const bool taken = std::ranges::any_of(folder.models, [&](const FolderModel& other) {
    return other.spec.name == model.spec.name && other.spec.version == model.spec.version;
  });
  if (taken)
    return refuse(fmt::format("there is a model '{}' of version '{}' already", model.spec.name,
                              model.spec.version));
  folder.models.push_back(std::move(model));
}

}  // namespace plinth
