// A step with another that answers where it fails.
#pragma once

#include <utility>

#include "pipeline/stage.h"

namespace plinth::pipeline {

class FallbackStage final : public Stage {
 public:
  // `signature` is what both can do: its outputs are outputs of both.
  FallbackStage(Signature signature, StagePtr first, StagePtr second)
      : Stage(std::move(signature)), first_(std::move(first)), second_(std::move(second)) {}

  std::string_view model() const override { return first_->model(); }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  const StagePtr first_;
  const StagePtr second_;
};

}  // namespace plinth::pipeline
