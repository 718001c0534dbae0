#include "model.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include "answers.h"
#include "boosting/files.h"
#include "estimators/fitted.h"
#include "estimators/registry.h"
#include "pickle/load.h"

namespace plinth::sklearn {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kSuffixes = {".joblib", ".pkl", ".pickle", ".skops",
                                                       ".ubj"};
constexpr std::array<std::string_view, 7> kCompressed = {".gz",   ".z",   ".bz2", ".xz",
                                                         ".lzma", ".lz4", ".zlib"};

bool HasModelName(std::string_view name) {
  for (std::string_view suffix : kCompressed) {
    if (!name.ends_with(suffix)) continue;
    name.remove_suffix(suffix.size());
    break;
  }
  return std::ranges::any_of(kSuffixes,
                             [&](std::string_view suffix) { return name.ends_with(suffix); });
}

std::string ReadHead(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(4096, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

// By its name, or by its first bytes where models have names as other files do.
bool IsModelFile(const std::string& path) {
  if (HasModelName(path)) return true;
  const bool ambiguous = path.ends_with(".json") || path.ends_with(".txt");
  return ambiguous && !ModelFileClass(ReadHead(path)).empty();
}

}  // namespace

Result<std::string> FindModelFile(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  if (!fs::is_directory(path, error)) {
    return Fail(Code::kNotFound, "there is no file or folder " + path);
  }
  std::vector<std::string> found;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && IsModelFile(at->path().string())) {
      found.push_back(at->path().string());
    }
  }
  if (error) {
    return Fail(Code::kNotFound, "the folder " + path + " cannot be read: " + error.message());
  }
  if (found.size() == 1) return found.front();
  return Fail(
      Code::kNotFound,
      "the folder " + path + " holds " + std::to_string(found.size()) +
          " model files (.joblib, .pkl, .pickle, .skops, .ubj, or .json and .txt of XGBoost and "
          "LightGBM); exactly one was expected");
}

bool LooksLikeModel(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return FindModelFile(path).has_value();
  if (!fs::is_regular_file(path, error)) return false;
  if (HasModelName(path)) return true;
  const std::string head = ReadHead(path);
  if (!ModelFileClass(head).empty()) return true;
  // Another name: a pickle of protocol 2 or later that soon speaks of scikit-learn.
  return head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5 &&
         head.find("sklearn.") != std::string::npos;
}

Result<std::unique_ptr<Model>> Model::Load(const std::string& path, const ModelOptions& options) {
  auto file = FindModelFile(path);
  if (!file) return Fail(std::move(file.error()));
  auto bytes = ReadWholeFile(*file);
  if (!bytes) return Fail(std::move(bytes.error()));
  return Parse(std::move(*bytes), options);
}

Result<std::unique_ptr<Model>> Model::Parse(std::string bytes, const ModelOptions& options) {
  const std::string_view other = ModelFileClass(bytes);
  auto document =
      other.empty() ? ParseDocument(std::move(bytes)) : ReadModelFile(std::move(bytes), other);
  if (!document) return Fail(std::move(document.error()));
  ReadLimits limits((*document)->budget());
  auto estimator = ReadEstimator(*(*document)->root(), limits, options.width);
  if (!estimator) return Fail(std::move(estimator.error()));
  auto answers = ChooseAnswers((*estimator)->traits(), options);
  if (!answers) return Fail(std::move(answers.error()));
  return std::unique_ptr<Model>(new Model(std::move(*estimator), std::move(*answers)));
}

Status Model::Run(const Batch& batch, const Outputs& out) const {
  constexpr std::size_t kBlockNumbers = std::size_t{1} << 15;
  const std::size_t fitting = std::clamp<std::size_t>(
      kBlockNumbers / std::max<std::size_t>(traits().widest, 1), 1, traits().block_rows);
  const std::size_t block = traits().joint ? batch.count() : fitting;
  Scratch& scratch = Scratch::OfThread();
  for (std::size_t at = 0; at < batch.count(); at += block) {
    Scratch::Frame frame(scratch);
    const Batch part = Slice(batch, at, std::min(block, batch.count() - at), frame);
    const Outputs to = out.From(at, traits());
    Status status = part.dense() ? estimator_->Run(*part.dense(), to, scratch)
                                 : estimator_->RunBatch(part, to, scratch);
    if (!status) return status;
  }
  return {};
}

}  // namespace plinth::sklearn
