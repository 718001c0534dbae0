// A step that asks a model: a deployed one by name, or one that was loaded for the pipeline alone.
#pragma once

#include <memory>
#include <string>

#include "pipeline/host.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

class ModelStage final : public Stage {
 public:
  ModelStage(Signature signature, std::string model, std::string version)
      : Stage(std::move(signature)), model_(std::move(model)), version_(std::move(version)) {}

  std::string_view model() const override { return model_; }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  const std::string model_;
  const std::string version_;
};

class OwnModelStage final : public Stage {
 public:
  // Requires a version of the host's LoadOwn().
  OwnModelStage(std::shared_ptr<ModelVersion> version, Host& host)
      : Stage(version->signature()), version_(std::move(version)), host_(host) {}
  ~OwnModelStage() override { host_.Retire(*version_); }

  std::string_view model() const override { return version_->name(); }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  const std::shared_ptr<ModelVersion> version_;
  Host& host_;
};

}  // namespace plinth::pipeline
