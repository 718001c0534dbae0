#include "repository/model_format.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

namespace plinth {
namespace {

namespace fs = std::filesystem;

const ModelFormat kOnnx{"an ONNX model",
                        "onnx",
                        {"onnx", "pytorch", "tensorflow", "sklearn"},
                        {"onnxruntime", "openvino"}};
const ModelFormat kSavedModel{
    "a TensorFlow SavedModel", "tensorflow", {"tensorflow"}, {"openvino"}};
const ModelFormat kFrozenGraph{
    "a TensorFlow frozen graph", "tensorflow", {"tensorflow"}, {"openvino"}};
const ModelFormat kTfLite{"a TFLite model", "tensorflow", {"tensorflow"}, {"openvino"}};
const ModelFormat kOpenVino{"an OpenVINO IR model", "openvino", {"openvino"}, {"openvino"}};
const ModelFormat kTorchScript{"a PyTorch file", "pytorch", {"pytorch"}, {"pytorch"}};
// A pickle may hold a model of any library that has scikit-learn's interface.
const ModelFormat kPickle{
    "a scikit-learn pickle", "sklearn", {"sklearn", "xgboost", "lightgbm"}, {"sklearn"}};
const ModelFormat kXgboost{"an XGBoost model", "xgboost", {"xgboost"}, {"sklearn"}};
const ModelFormat kLightgbm{"a LightGBM model", "lightgbm", {"lightgbm"}, {"sklearn"}};
const ModelFormat kPython{"a Python program", "python", {"python"}, {"python"}, true};
const ModelFormat kScript{
    "a TypeScript or JavaScript model", "javascript", {"javascript", "typescript"}, {"javascript"}};

const ModelFormat kPipeline{"a pipeline", "pipeline", {"pipeline"}, {"pipeline"}};
constexpr std::array<std::string_view, 3> kPipelineFiles = {"pipeline.json", "pipeline.ts",
                                                            "pipeline.js"};

struct Extension {
  std::string_view suffix;
  const ModelFormat* format;
};
constexpr std::array kExtensions = {
    Extension{".onnx", &kOnnx},      Extension{".pb", &kFrozenGraph},
    Extension{".tflite", &kTfLite},  Extension{".xml", &kOpenVino},
    Extension{".pt", &kTorchScript}, Extension{".pth", &kTorchScript},
    Extension{".pkl", &kPickle},     Extension{".pickle", &kPickle},
    Extension{".joblib", &kPickle},  Extension{".torchscript", &kTorchScript},
    Extension{".ubj", &kXgboost},    Extension{".py", &kPython},
    Extension{".ts", &kScript},      Extension{".js", &kScript},
    Extension{".mjs", &kScript},     Extension{".skops", &kPickle},
};

// What joblib compresses may say how: "model.joblib.gz".
constexpr std::array<std::string_view, 6> kCompressions = {".gz", ".z",    ".bz2",
                                                           ".xz", ".lzma", ".lz4"};

// Recognised, but not served: what to do instead.
struct Unserved {
  std::string_view suffix;
  std::string_view advice;
};
constexpr std::array kUnserved = {
    Unserved{".h5", "a Keras HDF5 file: save it with model.export(\"folder\") as a SavedModel"},
    Unserved{".hdf5", "a Keras HDF5 file: save it with model.export(\"folder\") as a SavedModel"},
    Unserved{".keras", "a Keras archive: save it with model.export(\"folder\") as a SavedModel"},
    Unserved{".pt2",
             "a torch.export archive: save it by torch.jit.trace(...).save(...) or "
             "torch.onnx.export(...)"},
    Unserved{".safetensors", "weights without a model: export the model as ONNX or TorchScript"},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kAliases = {{
    {"scikit-learn", "sklearn"},
    {"scikit_learn", "sklearn"},
    {"scikitlearn", "sklearn"},
    {"tf", "tensorflow"},
    {"keras", "tensorflow"},
    {"tflite", "tensorflow"},
    {"torch", "pytorch"},
    {"torchscript", "pytorch"},
    {"onnxruntime", "onnx"},
    {"xgb", "xgboost"},
    {"lgb", "lightgbm"},
    {"lgbm", "lightgbm"},
    {"ts", "javascript"},
    {"js", "javascript"},
    {"typescript", "javascript"},
}};

constexpr std::array<std::string_view, 10> kFrameworks = {
    "onnx",    "tensorflow", "pytorch",    "sklearn",  "openvino",
    "xgboost", "lightgbm",   "javascript", "pipeline", "python"};

std::string LowerExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return std::tolower(c); });
  return extension;
}

const ModelFormat* FormatByExtension(const fs::path& file) {
  const std::string extension = LowerExtension(file);
  const bool packed = std::ranges::find(kCompressions, extension) != kCompressions.end();
  if (packed) return FormatByExtension(file.stem());
  const auto it = std::ranges::find(kExtensions, extension, &Extension::suffix);
  return it == kExtensions.end() ? nullptr : it->format;
}

// Types for editors, nothing that runs.
bool IsDeclaration(const fs::path& file) { return file.string().ends_with(".d.ts"); }

// Whether it begins as XGBoost's JSON, or UBJSON, with the learner.
bool IsXgboost(std::string_view head) {
  if (!head.starts_with('{')) return false;
  head.remove_prefix(std::min(head.find_first_not_of(" \r\n\t", 1), head.size()));
  constexpr std::string_view kUbjsonKey("L\0\0\0\0\0\0\0\x07learner", 16);
  return head.starts_with("\"learner\"") || head.starts_with(kUbjsonKey);
}

// For files whose name does not tell.
const ModelFormat* FormatByContent(const fs::path& file) {
  std::array<char, 64> head{};
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), head.size());
  const std::string_view bytes(head.data(), static_cast<std::size_t>(in.gcount()));
  if (bytes.size() >= 8 && bytes.substr(4, 4) == "TFL3") return &kTfLite;
  if (bytes.starts_with("PK\x03\x04")) return &kTorchScript;
  if (bytes.starts_with("tree\n")) return &kLightgbm;
  if (IsXgboost(bytes)) return &kXgboost;
  if (bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) return &kPickle;
  return nullptr;
}

// By the name, and by the contents where TorchScript has TypeScript's.
const ModelFormat* FormatByName(const fs::path& file) {
  const ModelFormat* const format = FormatByExtension(file);
  if (format != &kScript) return format;
  if (IsDeclaration(file)) return nullptr;
  return FormatByContent(file) == &kTorchScript ? &kTorchScript : format;
}

bool IsSource(const ModelFormat& format) { return format.program || &format == &kScript; }

// For files in a folder, where a .json or .txt is seldom a model, and source text is one only if
// its name says so.
const ModelFormat* FormatOf(const fs::path& file) {
  const std::string extension = LowerExtension(file);
  if (extension == ".json" || extension == ".txt") return FormatByContent(file);
  const ModelFormat* const format = FormatByName(file);
  const bool main = file.stem() == "model" || (format == &kScript && file.stem() == "index");
  return format != nullptr && IsSource(*format) && !main ? nullptr : format;
}

bool IsPipeline(const fs::path& file) {
  return std::ranges::find(kPipelineFiles, file.filename()) != kPipelineFiles.end();
}

Result<DetectedModel> DetectFile(const fs::path& file, std::string_view framework) {
  const bool as_script = framework == kScript.framework;
  if (IsPipeline(file) && !as_script) return DetectedModel{&kPipeline, file};
  const std::string extension = LowerExtension(file);
  const auto unserved = std::ranges::find(kUnserved, extension, &Unserved::suffix);
  if (unserved != kUnserved.end()) {
    return Fail(Code::kInvalidModel,
                file.filename().string() + " is " + std::string(unserved->advice));
  }
  if (const ModelFormat* format = FormatByName(file)) return DetectedModel{format, file};
  return DetectedModel{FormatByContent(file), file};
}

// The program among the model files of a folder, if that is what is wanted of it; else nullptr.
const fs::path* FindProgram(const std::set<fs::path>& files, std::string_view framework) {
  const auto found = std::ranges::find_if(files, [framework](const fs::path& file) {
    const ModelFormat* const format = FormatOf(file);
    return format != nullptr && IsSource(*format) && format->framework == framework;
  });
  return found == files.end() ? nullptr : &*found;
}

// The model files of a folder by what the names say.
Result<DetectedModel> DetectFolder(const fs::path& folder, std::string_view framework) {
  std::error_code error;
  // What lies beside it are its parts.
  for (const std::string_view name : kPipelineFiles) {
    if (fs::exists(folder / name, error)) return DetectedModel{&kPipeline, folder / name};
  }
  if (fs::exists(folder / "saved_model.pb", error)) return DetectedModel{&kSavedModel, folder};
  if (fs::exists(folder / "saved_model.pbtxt", error)) {
    return Fail(Code::kInvalidModel,
                "saved_model.pbtxt is a SavedModel in text form; save it in the binary form");
  }
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) {
      if (fs::exists(entry.path() / "saved_model.pb", error)) found.insert(entry.path());
    } else if (FormatOf(entry.path()) != nullptr) {
      found.insert(entry.path());
    }
  }
  if (const fs::path* const program = FindProgram(found, framework))
    return DetectedModel{FormatOf(*program), *program};
  if (found.size() == 1) {
    const fs::path& only = *found.begin();
    if (fs::is_directory(only, error)) return DetectedModel{&kSavedModel, only};
    return DetectedModel{FormatOf(only), only};
  }
  if (found.empty()) return DetectedModel{nullptr, folder};
  std::string names;
  for (const fs::path& path : found)
    names += (names.empty() ? "" : ", ") + path.filename().string();
  return Fail(Code::kInvalidModel,
              "the folder holds several models (" + names + "); give the path of one of them");
}

}  // namespace

Result<DetectedModel> DetectModel(const std::string& path, std::string_view framework) {
  std::error_code error;
  return fs::is_directory(path, error) ? DetectFolder(path, framework)
                                       : DetectFile(path, framework);
}

std::string CanonicalFramework(std::string_view framework) {
  std::string lower(framework);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto it =
      std::ranges::find(kAliases, lower, &std::pair<std::string_view, std::string_view>::first);
  return it == kAliases.end() ? lower : std::string(it->second);
}

std::span<const std::string_view> KnownFrameworks() { return kFrameworks; }

}  // namespace plinth
