// The stage of what a step runs.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/compile.h"
#include "pipeline/spec.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

// The input of a stage that chooses by that reference: no model's input is called so.
std::string ChooserPort(const std::string& ref);

// The references that it chooses by, those of what it chooses from included.
std::vector<std::string> ChoosersOf(const TargetSpec& target);

// The name of the one input that a built-in target has; empty where it has none or its own.
std::string BuiltinPort(const TargetSpec& target);

// `flows` are what flows into the step, by the names of its inputs: it is what types of built-in
// steps and of graphs come from. `step` names it. As of Compile().
Result<StagePtr> StageOf(const TargetSpec& target, const std::vector<TensorSpec>& flows,
                         const std::string& step, const CompileContext& context);

}  // namespace plinth::pipeline
