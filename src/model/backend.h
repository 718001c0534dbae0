// Backends and the models they have loaded: the C ABI of plinth/backend.h as C++ values.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/cancellation.h"
#include "model/compiled_cache.h"
#include "model/config.h"
#include "model/signature.h"
#include "plinth/backend.h"
#include "tensor/tensor.h"

namespace plinth {

class Backend;

// A model in a backend's hands. Unloaded on destruction: no call may then be running and no output
// alive.
class LoadedModel {
 public:
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const Signature& signature() const { return signature_; }
  // What the load had of the compiled-model cache.
  CompiledUse compiled_use() const { return compiled_use_; }

  // The backend's own warm-up, or one execution with zeros where every input's type and shape allow
  // it.
  Status Warm();

  // `inputs` named as in the signature, of matching types; `wanted` are indices of outputs, rising.
  // `keep_alive` is held by every output until its memory is released. CANCELLED if `cancellation`,
  // which may be nullptr, ended the call: that ends it early only where the backend can. So does
  // `deadline`, a time of the steady clock, with DEADLINE_EXCEEDED; 0: none.
  Result<std::vector<NamedTensor>> Execute(std::span<const NamedTensor> inputs,
                                           std::span<const std::uint32_t> wanted,
                                           const std::shared_ptr<const void>& keep_alive,
                                           Cancellation* cancellation = nullptr,
                                           std::chrono::nanoseconds deadline = {});

 private:
  friend class Backend;
  LoadedModel(std::shared_ptr<Backend> backend, plinth_model* model);

  std::shared_ptr<Backend> backend_;
  std::shared_ptr<const CompiledFiles> compiled_;  // the model may compute with this memory
  plinth_model* model_;
  Signature signature_;
  CompiledUse compiled_use_ = CompiledUse::kNone;
};

// An opened libplinth_<name>.so. Never closed: runtimes do not survive dlclose.
class Backend : public std::enable_shared_from_this<Backend> {
 public:
  // INVALID_MODEL... never: UNAVAILABLE with the linker's or the backend's own reason and what to
  // do.
  static Result<std::shared_ptr<Backend>> Open(const std::string& path);

  // Where the compiled forms of its models are kept from now on; nullptr: nowhere. Not while it
  // loads.
  void UseCache(std::shared_ptr<CompiledCache> cache) { cache_ = std::move(cache); }

  std::string_view name() const { return table_->name; }
  std::string_view version() const { return table_->version; }
  std::string_view runtime() const { return table_->runtime ? table_->runtime : ""; }
  std::string_view frameworks() const { return table_->frameworks; }
  const std::string& path() const { return path_; }

  // Whether its models are programs that may do what this process may.
  bool runs_code() const;

  bool Probe(const std::string& model_path) const { return table_->probe(model_path.c_str()) != 0; }
  // `name` is for what the backend logs: the model and its version.
  Result<std::unique_ptr<LoadedModel>> Load(const std::string& model_path,
                                            const ModelConfig& config,
                                            const std::string& name = "");

 private:
  friend class LoadedModel;
  Backend(std::string path, const plinth_backend* table) : path_(std::move(path)), table_(table) {}
  Error LastError(plinth_status status) const;
  Result<std::unique_ptr<LoadedModel>> LoadOnce(const plinth_load_request& request);
  Result<std::unique_ptr<LoadedModel>> LoadCompiled(plinth_load_request& request);

  std::string path_;
  const plinth_backend* table_;
  std::shared_ptr<CompiledCache> cache_;
};

// Finds and opens backends by name. Thread-safe.
class BackendSet {
 public:
  explicit BackendSet(std::vector<std::string> dirs, std::shared_ptr<CompiledCache> cache = nullptr)
      : dirs_(std::move(dirs)), cache_(std::move(cache)) {}

  // Opens libplinth_<name>.so on first use. NOT_FOUND lists the names that there are.
  Result<std::shared_ptr<Backend>> Get(const std::string& name);

  // The names of all libplinth_*.so in the folders, sorted; opens none.
  std::vector<std::string> Names() const;

 private:
  std::vector<std::string> dirs_;
  std::shared_ptr<CompiledCache> cache_;
  std::mutex mutex_;  // held while opening: two threads never open the same file twice
  std::vector<std::shared_ptr<Backend>> open_;
};

}  // namespace plinth
