#include <filesystem>
#include <system_error>

#include "cli/command.h"

namespace plinth::cli {

std::vector<std::string> DefaultBackendDirs() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  std::vector<std::string> dirs;
  for (const char* relative : {"backends", "../lib/plinth/backends"}) {
    const fs::path dir = fs::weakly_canonical(program.parent_path() / relative, error);
    if (!error && fs::is_directory(dir, error)) dirs.push_back(dir);
  }
  return dirs;
}

std::vector<KnownEngine> KnownEngines() {
  return {
      {"sklearn", "scikit-learn, XGBoost and LightGBM models", nullptr},
      {"python", "Python programs, each in a process of its own interpreter", nullptr},
      {"image", "JPEG and PNG files, decoded and scaled as steps of pipelines", nullptr},
      {"tokenizer", "texts to the numbers of WordPiece, as steps of pipelines", nullptr},
      {"onnxruntime", "ONNX", "libonnxruntime.so"},
      {"openvino", "TensorFlow SavedModel, frozen graph, TFLite; ONNX if asked for",
       "libopenvino.so"},
      {"pytorch", "TorchScript", "libtorch_cpu.so"},
      {"javascript", "TypeScript and JavaScript", "libjavascriptcoregtk-4.1.so.0"},
  };
}

}  // namespace plinth::cli
