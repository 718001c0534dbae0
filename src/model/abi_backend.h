// A backend over the C ABI of plinth/backend.h, as C++ values.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "model/backend.h"
#include "plinth/backend.h"

namespace plinth {

// An opened libplinth_<name>.so. Never closed: runtimes do not survive dlclose.
class AbiBackend final : public Backend, public std::enable_shared_from_this<AbiBackend> {
 public:
  // UNAVAILABLE with the linker's or the backend's own reason and what to do.
  static Result<std::shared_ptr<AbiBackend>> Open(const std::string& path);

  // Where the compiled forms of its models are kept from now on; nullptr: nowhere. Not while it
  // loads.
  void UseCache(std::shared_ptr<CompiledCache> cache) { cache_ = std::move(cache); }

  std::string_view name() const override { return table_->name; }
  std::string_view version() const override { return table_->version; }
  std::string_view runtime() const override { return table_->runtime ? table_->runtime : ""; }
  std::string_view frameworks() const override { return table_->frameworks; }
  const std::string& path() const override { return path_; }
  bool runs_code() const override;
  bool Probe(const std::string& model_path) const override {
    return table_->probe(model_path.c_str()) != 0;
  }
  Result<std::unique_ptr<LoadedModel>> Load(const std::string& model_path,
                                            const ModelConfig& config, const std::string& name,
                                            Members& members) override;

  const plinth_backend& table() const { return *table_; }
  // Of the call that has just failed on this thread.
  Error LastError(plinth_status status) const;

 private:
  AbiBackend(std::string path, const plinth_backend* table)
      : path_(std::move(path)), table_(table) {}

  std::string path_;
  const plinth_backend* table_;
  std::shared_ptr<CompiledCache> cache_;
};

}  // namespace plinth
