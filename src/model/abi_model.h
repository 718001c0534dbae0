// A model in the hands of a backend over the C ABI.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/abi_backend.h"
#include "model/compiled_cache.h"
#include "model/loaded_model.h"

namespace plinth {

class AbiModel final : public LoadedModel {
 public:
  // As of Backend::Load(), with a compiled form from `cache` unless that is nullptr.
  static Result<std::unique_ptr<AbiModel>> Load(const std::shared_ptr<AbiBackend>& backend,
                                                const std::string& path, const ModelConfig& config,
                                                const std::string& name, CompiledCache* cache);
  ~AbiModel() override;

  CompiledUse compiled_use() const override { return compiled_use_; }
  // The backend's own warm-up, or one execution with zeros where every input's type and shape allow
  // it.
  Status Warm() override;
  Result<std::vector<NamedTensor>> Execute(std::span<const NamedTensor> inputs,
                                           std::span<const std::uint32_t> wanted,
                                           const std::shared_ptr<const void>& keep_alive,
                                           const ExecuteOptions& options) override;

 private:
  AbiModel(std::shared_ptr<AbiBackend> backend, plinth_model* model);
  static Result<std::unique_ptr<AbiModel>> LoadOnce(const std::shared_ptr<AbiBackend>& backend,
                                                    const plinth_load_request& request);
  static Result<std::unique_ptr<AbiModel>> LoadCompiled(const std::shared_ptr<AbiBackend>& backend,
                                                        plinth_load_request& request,
                                                        CompiledCache& cache);

  std::shared_ptr<AbiBackend> backend_;
  std::shared_ptr<const CompiledFiles> compiled_;  // the model may compute with this memory
  plinth_model* model_;
  CompiledUse compiled_use_ = CompiledUse::kNone;
};

}  // namespace plinth
