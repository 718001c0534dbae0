#include "model.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include "estimators/fitted.h"
#include "estimators/registry.h"
#include "pickle/load.h"

namespace plinth::sklearn {
namespace {

namespace fs = std::filesystem;

// The answers of a method, or of no method in particular.
Result<std::vector<Answer>> ChooseAnswers(const Traits& traits, const std::string& method) {
  const bool classifier = traits.role == Role::kClassifier;
  if (method.empty()) {
    if (traits.role == Role::kTransformer) return std::vector{Answer::kTransformed};
    if (traits.role == Role::kRegressor) return std::vector{Answer::kPrediction};
    if (traits.probabilities) return std::vector{Answer::kLabel, Answer::kProbabilities};
    return std::vector{Answer::kLabel};
  }
  if (method == "predict" && classifier) return std::vector{Answer::kLabel};
  if (method == "predict" && traits.role == Role::kRegressor) {
    return std::vector{Answer::kPrediction};
  }
  if (method == "predict_proba" && traits.probabilities) return std::vector{Answer::kProbabilities};
  if (method == "decision_function" && traits.decision_width > 0) {
    return std::vector{Answer::kDecision};
  }
  if (method == "transform" && traits.role == Role::kTransformer) {
    return std::vector{Answer::kTransformed};
  }
  constexpr std::array<std::string_view, 4> kMethods = {"predict", "predict_proba",
                                                        "decision_function", "transform"};
  if (std::ranges::find(kMethods, method) == kMethods.end()) {
    return Fail(Code::kInvalidArgument,
                "method '" + method +
                    "' is not known; predict, predict_proba, decision_function and transform are");
  }
  return Fail(Code::kInvalidArgument, traits.name + " has no method " + method);
}

constexpr std::array<std::string_view, 3> kSuffixes = {".joblib", ".pkl", ".pickle"};
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

}  // namespace

std::string_view NameOf(Answer answer) {
  switch (answer) {
    case Answer::kLabel:
      return "label";
    case Answer::kProbabilities:
      return "probabilities";
    case Answer::kDecision:
      return "decision";
    case Answer::kPrediction:
      return "prediction";
    case Answer::kTransformed:
      return "transformed";
  }
  return "";
}

Result<std::string> FindModelFile(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return path;
  if (!fs::is_directory(path, error)) {
    return Fail(Code::kNotFound, "there is no file or folder " + path);
  }
  std::vector<std::string> found;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error) && HasModelName(at->path().filename().string())) {
      found.push_back(at->path().string());
    }
  }
  if (error) {
    return Fail(Code::kNotFound, "the folder " + path + " cannot be read: " + error.message());
  }
  if (found.size() == 1) return found.front();
  return Fail(Code::kNotFound,
              "the folder " + path + " holds " + std::to_string(found.size()) +
                  " files named .joblib, .pkl or .pickle; exactly one was expected");
}

bool LooksLikeModel(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return FindModelFile(path).has_value();
  if (!fs::is_regular_file(path, error)) return false;
  if (HasModelName(path)) return true;
  // Another name: a pickle of protocol 2 or later that soon speaks of scikit-learn.
  std::ifstream file(path, std::ios::binary);
  std::string head(4096, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
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
  auto document = ParseDocument(std::move(bytes));
  if (!document) return Fail(std::move(document.error()));
  ReadLimits limits(Document::BudgetFor((*document)->bytes().size()));
  auto estimator = ReadEstimator(*(*document)->root(), limits, options.width);
  if (!estimator) return Fail(std::move(estimator.error()));
  auto answers = ChooseAnswers((*estimator)->traits(), options.method);
  if (!answers) return Fail(std::move(answers.error()));
  return std::unique_ptr<Model>(new Model(std::move(*estimator), std::move(*answers)));
}

std::size_t Model::WidthOf(Answer answer) const {
  switch (answer) {
    case Answer::kLabel:
      return 1;
    case Answer::kProbabilities:
      return traits().classes.size();
    case Answer::kDecision:
      return traits().decision_width;
    case Answer::kPrediction:
    case Answer::kTransformed:
      return traits().outputs;
  }
  return 0;
}

bool Model::IsFlat(Answer answer) const {
  switch (answer) {
    case Answer::kLabel:
      return true;
    case Answer::kDecision:
      return traits().decision_width == 1;
    case Answer::kPrediction:
      return traits().flat;
    case Answer::kProbabilities:
    case Answer::kTransformed:
      return false;
  }
  return false;
}

Status Model::Run(Rows rows, const Outputs& out) const {
  constexpr std::size_t kBlockNumbers = std::size_t{1} << 15;
  constexpr std::size_t kBlockRows = 256;
  const std::size_t block = std::clamp<std::size_t>(
      kBlockNumbers / std::max<std::size_t>(traits().widest, 1), 1, kBlockRows);
  Scratch& scratch = Scratch::OfThread();
  for (std::size_t at = 0; at < rows.count; at += block) {
    const Rows part{rows.row(at), std::min(block, rows.count - at), rows.width, at};
    Outputs to;
    if (out.values) to.values = out.values + at * traits().outputs;
    if (out.labels) to.labels = out.labels + at;
    if (out.probabilities) to.probabilities = out.probabilities + at * traits().classes.size();
    if (out.decision) to.decision = out.decision + at * traits().decision_width;
    if (Status status = estimator_->Run(part, to, scratch); !status) return status;
  }
  return {};
}

}  // namespace plinth::sklearn
