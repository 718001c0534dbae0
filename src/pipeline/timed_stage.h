// A step with a time limit of its own: what takes longer has failed, whether or not it can be
// stopped.
#pragma once

#include <chrono>
#include <utility>

#include "pipeline/host.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

class TimedStage final : public Stage {
 public:
  TimedStage(StagePtr stage, std::chrono::milliseconds limit, Host& host)
      : Stage(stage->signature()), stage_(std::move(stage)), limit_(limit), host_(host) {}

  std::string_view model() const override { return stage_->model(); }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  const StagePtr stage_;
  const std::chrono::milliseconds limit_;
  Host& host_;
};

}  // namespace plinth::pipeline
