#include "model/abi_backend.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/log.h"
#include "model/abi_call.h"
#include "model/abi_model.h"
#include "model/abi_status.h"

namespace plinth {
namespace {

void LogFromBackend(plinth_log_level level, const char* message) {
  Log(static_cast<LogLevel>(std::clamp<int>(level, PLINTH_LOG_DEBUG, PLINTH_LOG_ERROR)),
      message ? message : "");
}

constexpr plinth_host kHost = {sizeof(plinth_host), PLINTH_ABI_VERSION, LogFromBackend, CallModel};

}  // namespace

Result<std::shared_ptr<AbiBackend>> AbiBackend::Open(const std::string& path) {
  const auto refuse = [&path](std::string_view reason) {
    return Fail(Code::kUnavailable, "backend " + path +
                                        " cannot be opened: " + std::string(reason) +
                                        " (`plinth doctor` says what is missing)");
  };
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return refuse(dlerror());
  const auto entry =
      reinterpret_cast<plinth_backend_entry_fn>(dlsym(library, "plinth_backend_entry"));
  if (entry == nullptr) return refuse("it exports no plinth_backend_entry()");
  const char* reason = nullptr;
  const plinth_backend* table = entry(&kHost, &reason);
  if (table == nullptr) return refuse(reason ? reason : "it gives no reason");
  if (table->abi_version != PLINTH_ABI_VERSION) {
    return refuse("it speaks ABI version " + std::to_string(table->abi_version) +
                  ", this server speaks " + std::to_string(PLINTH_ABI_VERSION));
  }
  const bool complete = table->struct_size >= offsetof(plinth_backend, runs_code) && table->name &&
                        table->version && table->frameworks && table->probe && table->load &&
                        table->describe && table->execute && table->unload && table->last_error;
  if (!complete) return refuse("its table of functions is incomplete");
  return std::shared_ptr<AbiBackend>(new AbiBackend(path, table));
}

bool AbiBackend::runs_code() const {
  return table_->struct_size > offsetof(plinth_backend, runs_code) && table_->runs_code != 0;
}

Error AbiBackend::LastError(plinth_status status) const {
  const char* message = table_->last_error();
  std::string text = message != nullptr && *message != '\0'
                         ? message
                         : "backend " + std::string(name()) + " failed and gives no reason";
  return Error{CodeOfStatus(status), std::move(text)};
}

Result<std::unique_ptr<LoadedModel>> AbiBackend::Load(const std::string& model_path,
                                                      const ModelConfig& config,
                                                      const std::string& name,
                                                      Members& /*members*/) {
  return AbiModel::Load(shared_from_this(), model_path, config, name, cache_.get());
}

}  // namespace plinth
