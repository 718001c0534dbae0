#include "python/settings.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "common/options.h"
#include "python/interpreter.h"

namespace plinth::python {
namespace {

constexpr std::int64_t kMaxMegabytes = std::int64_t{1} << 20;
constexpr std::int64_t kMaxLoadSeconds = std::int64_t{24} * 3600;

std::string LoadedName(const plinth_load_request& request) {
  const bool told = request.struct_size > offsetof(plinth_load_request, name);
  if (told && request.name != nullptr && *request.name != '\0') return request.name;
  return std::filesystem::path(request.path).filename();
}

std::string FolderOf(const std::filesystem::path& model) {
  std::error_code error;
  return std::filesystem::is_directory(model, error) ? model : model.parent_path();
}

// The folder of the environments, which --python-environments names to us by
// PLINTH_PYTHON_ENVIRONMENTS; empty where the model does not ask for one.
kit::Result<std::string> FindEnvironments(const kit::Options& options) {
  const auto wanted = options.Flag("requirements", false);
  if (!wanted) return kit::Fail(wanted.error());
  if (!*wanted) return std::string();
  const char* const folder = std::getenv("PLINTH_PYTHON_ENVIRONMENTS");
  if (folder != nullptr && *folder != '\0') return std::filesystem::absolute(folder).string();
  return kit::Fail(PLINTH_INVALID_ARGUMENT,
                   "option 'requirements' is true, and this server installs nothing; start it with "
                   "--python-environments DIR, or install what is needed and leave the option out");
}

// Of a program in the server's process there is nothing to bound and nothing to prepare.
kit::Status CheckEmbedded(const kit::Options& options) {
  for (const char* key : {"shm_mb", "memory_mb", "requirements"}) {
    if (const std::string value = options.Text(key, ""); !value.empty() && value != "false") {
      return kit::Fail(PLINTH_INVALID_ARGUMENT,
                       "option '" + std::string(key) + "' is '" + value +
                           "', and the model has no process of its own (option 'isolation' is "
                           "'thread'); leave one of the two out");
    }
  }
  return {};
}

// Beside the shared object that this code is in.
std::string WorkerScript() {
  Dl_info info{};
  dladdr(reinterpret_cast<void*>(&WorkerScript), &info);
  const std::filesystem::path library(info.dli_fname == nullptr ? "" : info.dli_fname);
  return std::filesystem::absolute(library.parent_path()) / "python_worker" / "main.py";
}

}  // namespace

kit::Result<Settings> Settings::Read(const plinth_load_request& request) {
  const auto options = kit::Options::Read(
      request, {"threads", "python", "function", "isolation", "shm_mb", "memory_mb",
                "load_timeout_s", "method", "requirements", "triton_config"});
  if (!options) return kit::Fail(options.error());
  const auto isolation = options->Choice("isolation", {"process", "thread"}, "process");
  if (!isolation) return kit::Fail(isolation.error());
  const bool embedded = *isolation == "thread";
  if (const auto fits = embedded ? CheckEmbedded(*options) : kit::Status(); !fits)
    return kit::Fail(fits.error());
  const auto shared = options->Number("shm_mb", 2, kMaxMegabytes, 2048);
  if (!shared) return kit::Fail(shared.error());
  const auto memory = options->Number("memory_mb", 64, kMaxMegabytes, 0);
  if (!memory) return kit::Fail(memory.error());
  const auto load = options->Number("load_timeout_s", 1, kMaxLoadSeconds, 300);
  if (!load) return kit::Fail(load.error());
  const auto threads = options->Number("threads", 1, kit::kMaxThreads, 0);
  if (!threads) return kit::Fail(threads.error());
  std::string folder = FolderOf(request.path);
  auto interpreter = FindInterpreter(options->Text("python", ""), folder);
  if (!interpreter) return kit::Fail(std::move(interpreter.error()));

  auto environments = FindEnvironments(*options);
  if (!environments) return kit::Fail(std::move(environments.error()));

  Settings settings;
  settings.name = LoadedName(request);
  settings.path = request.path;
  settings.folder = std::move(folder);
  settings.interpreter = *std::move(interpreter);
  settings.embedded = embedded;
  settings.script = WorkerScript();
  settings.environments = *std::move(environments);
  settings.shared_half = static_cast<std::size_t>(*shared) << 19;
  settings.memory_bytes = static_cast<std::size_t>(*memory) << 20;
  settings.load_timeout = std::chrono::seconds(*load);
  settings.texts = {{"path", settings.path},
                    {"name", settings.name},
                    {"threads", std::to_string(*threads)},
                    {"function", options->Text("function", "")},
                    {"method", options->Text("method", "")},
                    {"triton_config", options->Text("triton_config", "")}};
  settings.declared_inputs = kit::CopySpecs(request.declared_inputs, request.declared_input_count);
  settings.declared_outputs =
      kit::CopySpecs(request.declared_outputs, request.declared_output_count);
  return settings;
}

}  // namespace plinth::python
