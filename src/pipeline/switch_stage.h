// A step that is one of several, by the value of a scalar.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pipeline/stage.h"

namespace plinth::pipeline {

class SwitchStage final : public Stage {
 public:
  struct Case {
    std::string value;  // as it is written: "1", "1.0" and "true" are the same
    StagePtr stage;
  };

  // `signature` is that of CommonSignature(), with `chooser` as one more input. `otherwise` may be
  // nullptr: other values are refused.
  SwitchStage(Signature signature, std::string chooser, bool is_if, std::vector<Case> cases,
              StagePtr otherwise)
      : Stage(std::move(signature)),
        chooser_(std::move(chooser)),
        is_if_(is_if),
        cases_(std::move(cases)),
        otherwise_(std::move(otherwise)) {}

  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  Result<const Stage*> Choose(const Tensor& chooser) const;

  const std::string chooser_;
  const bool is_if_;
  const std::vector<Case> cases_;
  const StagePtr otherwise_;
};

}  // namespace plinth::pipeline
