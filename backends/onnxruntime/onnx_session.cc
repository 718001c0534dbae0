#include "onnxruntime/onnx_session.h"

#include <onnxruntime_session_options_config_keys.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/file_bytes.h"
#include "common/onnx_files.h"

namespace plinth::onnx {
namespace {

namespace fs = std::filesystem;

// The compiled form: the graph as it was optimised, and its larger weights in a file of their own,
// which a session can use where they lie in memory. ResNet-50, 102 MB: 6 ms, where the form in one
// file takes 47 and the original 95.
constexpr const char* kGraph = "graph.onnx";
constexpr const char* kWeights = "weights";
constexpr const char* kSmallestWeight = "1024";

// Not in the header that this is built with. A library that does not know it copies the weights.
constexpr const char* kUseBuffersDirectly =
    "session.use_external_initializer_file_buffers_directly";

kit::Failure CannotLoad(const plinth_load_request& request, kit::Failure why) {
  if (why.status == PLINTH_RESOURCE_EXHAUSTED) return why;
  // What is wrong while loading is wrong with the files, whatever ONNX Runtime calls it.
  std::error_code error;
  const bool there = fs::exists(request.path, error);
  return {there ? PLINTH_INVALID_MODEL : PLINTH_NOT_FOUND,
          "ONNX Runtime cannot load the model: " + why.message};
}

kit::Result<SessionHandle> FromForm(const kit::CompiledForm& form, OrtSessionOptions* options) {
  if (auto s = Check(Api().SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL)); !s) {
    return kit::Fail(s.error());
  }
  const std::span<const std::byte> weights = form.File(kWeights);
  if (!weights.empty()) {
    if (auto s = Check(Api().AddSessionConfigEntry(options, kUseBuffersDirectly, "1")); !s) {
      return kit::Fail(s.error());
    }
    // Read only, whatever the type says.
    auto* data = reinterpret_cast<char*>(const_cast<std::byte*>(weights.data()));
    const std::size_t size = weights.size();
    auto s =
        Check(Api().AddExternalInitializersFromFilesInMemory(options, &kWeights, &data, &size, 1));
    if (!s) return kit::Fail(s.error());
  }
  const std::span<const std::byte> graph = form.File(kGraph);
  OrtSession* raw = nullptr;
  auto s =
      Check(Api().CreateSessionFromArray(Environment(), graph.data(), graph.size(), options, &raw));
  if (!s) return kit::Fail(s.error());
  return SessionHandle(raw);
}

// Has the session write its form while it is created.
kit::Status WriteForm(const std::string& folder, OrtSessionOptions* options) {
  const std::string graph = folder + "/" + kGraph;
  if (auto s = Check(Api().SetOptimizedModelFilePath(options, graph.c_str())); !s) return s;
  auto s = Check(Api().AddSessionConfigEntry(
      options, kOrtSessionOptionsOptimizedModelExternalInitializersFileName, kWeights));
  if (!s) return s;
  return Check(Api().AddSessionConfigEntry(
      options, kOrtSessionOptionsOptimizedModelExternalInitializersMinSizeInBytes,
      kSmallestWeight));
}

// A session that has copied what it needs of the external data.
kit::Result<SessionHandle> FromFiles(const std::string& path,
                                     const std::map<std::string, std::string>& external,
                                     OrtSessionOptions* options) {
  std::vector<kit::FileBytes> files;
  std::vector<const char*> names;
  std::vector<char*> data;
  std::vector<std::size_t> sizes;
  for (const auto& [name, external_path] : external) {
    auto file = kit::ReadFile(external_path);
    if (!file) return kit::Fail(file.error());
    names.push_back(name.c_str());
    data.push_back(static_cast<char*>(file->data.get()));
    sizes.push_back(file->size);
    files.push_back(std::move(*file));
  }
  if (!files.empty()) {
    auto s = Check(Api().AddExternalInitializersFromFilesInMemory(
        options, names.data(), data.data(), sizes.data(), files.size()));
    if (!s) return kit::Fail(s.error());
  }
  OrtSession* raw = nullptr;
  auto s =
      Check(Api().CreateSession(Environment(), path.c_str(), options, &raw), PLINTH_INVALID_MODEL);
  if (!s) return kit::Fail(s.error());
  return SessionHandle(raw);
}

}  // namespace

kit::Result<SessionHandle> OpenSession(const plinth_load_request& request,
                                       OrtSessionOptions* options, bool large) {
  const std::string path = request.path;
  kit::Result<std::map<std::string, std::string>> external;
  // A model in ONNX Runtime's own format is one file, which is never mapped.
  if (!path.ends_with(".ort")) external = kit::ExternalFiles(path);
  if (!external) return kit::Fail(CannotLoad(request, external.error()));
  kit::CompiledForm form(request);
  if (large) {
    std::vector<std::string> paths{path};
    for (const auto& [name, file] : *external) paths.push_back(file);
    if (form.Find(paths)) return FromForm(form, options);
    if (const char* folder = form.Folder()) {
      if (auto s = WriteForm(folder, options); !s) return kit::Fail(s.error());
    }
  }
  auto session = FromFiles(path, *external, options);
  if (!session) return kit::Fail(CannotLoad(request, session.error()));
  return session;
}

}  // namespace plinth::onnx
