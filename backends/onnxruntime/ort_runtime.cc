#include "onnxruntime/ort_runtime.h"

#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace plinth::onnx {
namespace {

constexpr const char* kLibrary = "libonnxruntime.so.1";

const OrtApi* api = nullptr;
OrtEnv* environment =
    nullptr;  // never released: ONNX Runtime does not survive it while the process exits
HelperParking* parking = nullptr;  // nor this
std::string runtime_name;

void ORT_API_CALL Log(void* param, OrtLoggingLevel severity, const char* /*category*/,
                      const char* /*logid*/, const char* /*location*/, const char* message) {
  const auto* host = static_cast<const plinth_host*>(param);
  // Its warnings are about optimisations not taken, and its errors are also returned to who made
  // the call.
  const plinth_log_level level =
      severity == ORT_LOGGING_LEVEL_FATAL ? PLINTH_LOG_ERROR : PLINTH_LOG_DEBUG;
  host->log(level, CleanMessage(std::string("ONNX Runtime: ") + message).c_str());
}

// Opens the library from the folders where a build and an installation keep it, relative to this
// backend, else from wherever the linker finds it. By full path, because the linker looks at our
// own search path only if nobody (a sanitizer, say) stands between it and us.
void* OpenLibrary() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&OpenLibrary), &self) != 0 &&
      self.dli_fname != nullptr) {
    const std::filesystem::path folder = std::filesystem::path(self.dli_fname).parent_path();
    for (const char* up : {"../..", ".."}) {
      const std::filesystem::path path = folder / up / "runtimes/onnxruntime/lib" / kLibrary;
      if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    }
  }
  return dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
}

// glibc grows the heap of every thread but the first by one system call for a few KiB: 2,000 of
// them, 3 ms, while ONNX Runtime registers its operators. Blocks just smaller than those that
// malloc() maps one by one, freed untouched, make it grow to that size in a hundred. They take
// address space, no memory.
void GrowHeap() {
  constexpr std::size_t kBlock = 100'000;
  std::array<void*, 120> blocks;
  for (void*& block : blocks) block = std::malloc(kBlock);
  for (void* block : blocks) std::free(block);
}

// How many processors this process may run on.
int ProcessorCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

// One pool of threads for all models that do not ask for their own: ten models on ten cores must
// not make a hundred threads.
kit::Status CreateEnvironment(const plinth_host* host) {
  GrowHeap();
  OrtThreadingOptions* raw = nullptr;
  if (auto s = Check(api->CreateThreadingOptions(&raw)); !s) return s;
  const Handle<OrtThreadingOptions, &OrtApi::ReleaseThreadingOptions> options(raw);
  const int processors = ProcessorCount();
  if (auto s = Check(api->SetGlobalIntraOpNumThreads(raw, processors)); !s) return s;
  parking = new HelperParking(static_cast<std::size_t>(processors - 1), host);
  if (auto s = Check(api->SetGlobalInterOpNumThreads(raw, 1)); !s) return s;
  // Threads that spin for work take the processor from the other models and from the network.
  if (auto s = Check(api->SetGlobalSpinControl(raw, 0)); !s) return s;
  return Check(api->CreateEnvWithCustomLoggerAndGlobalThreadPools(
      Log, const_cast<plinth_host*>(host), ORT_LOGGING_LEVEL_WARNING, "plinth", raw, &environment));
}

}  // namespace

kit::Status OpenRuntime(const plinth_host* host) {
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);  // read when the library is opened
  void* library = OpenLibrary();
  if (library == nullptr) {
    return kit::Fail(PLINTH_NOT_FOUND, std::string("ONNX Runtime is not installed (") + dlerror() +
                                           "); run `make setup`");
  }
  const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  if (base == nullptr) {
    return kit::Fail(PLINTH_UNSUPPORTED, std::string(kLibrary) + " is not ONNX Runtime");
  }
  runtime_name = std::string("ONNX Runtime ") + base()->GetVersionString();
  api = base()->GetApi(ORT_API_VERSION);
  if (api == nullptr) {
    return kit::Fail(PLINTH_UNSUPPORTED, runtime_name + " is too old: it lacks API version " +
                                             std::to_string(ORT_API_VERSION) +
                                             "; run `make setup`");
  }
  return CreateEnvironment(host);
}

const OrtApi& Api() { return *api; }
OrtEnv* Environment() { return environment; }
HelperParking& Parking() { return *parking; }
const char* RuntimeName() { return runtime_name.c_str(); }

kit::Status Check(OrtStatus* raw, plinth_status otherwise) {
  if (raw == nullptr) return {};
  const StatusHandle status(raw);
  std::string message = CleanMessage(api->GetErrorMessage(raw));
  // It has no code of its own for this.
  if (message.find("bad_alloc") != std::string::npos ||
      message.find("Failed to allocate memory") != std::string::npos) {
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, std::move(message));
  }
  switch (api->GetErrorCode(raw)) {
    case ORT_INVALID_ARGUMENT:
      return kit::Fail(PLINTH_INVALID_ARGUMENT, std::move(message));
    case ORT_NO_SUCHFILE:
      return kit::Fail(PLINTH_NOT_FOUND, std::move(message));
    default:
      return kit::Fail(otherwise, std::move(message));
  }
}

std::string CleanMessage(std::string message) {
  // "/onnxruntime_src/onnxruntime/core/graph/model.cc:180 onnxruntime::Model::Model(…, …) text" ->
  // "text". The signature ends at the parenthesis that closes its arguments; a "[with T = …]" may
  // follow.
  const std::size_t path = message.find("/onnxruntime");
  const std::size_t source = path == std::string::npos ? path : message.find(".cc:", path);
  const std::size_t header = path == std::string::npos ? path : message.find(".h:", path);
  const std::size_t line = std::min(source, header);
  const std::size_t open = line == std::string::npos ? line : message.find('(', line);
  if (open == std::string::npos || message.find('\n', path) < open) return message;
  int depth = 0;
  std::size_t end = open;
  for (; end < message.size(); ++end) {
    if (message[end] == '(') ++depth;
    if (message[end] == ')' && --depth == 0) break;
  }
  if (end == message.size()) return message;
  std::string_view rest = std::string_view(message).substr(end + 1);
  if (rest.starts_with(" const")) rest.remove_prefix(6);
  if (rest.starts_with(" [with ")) rest.remove_prefix(std::min(rest.find(']') + 1, rest.size()));
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n')) rest.remove_prefix(1);
  return rest.empty() ? message : message.substr(0, path) + std::string(rest);
}

}  // namespace plinth::onnx
