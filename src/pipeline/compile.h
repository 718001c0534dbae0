// From a pipeline as it is written to one that runs: what refers to what, in which order, whether
// types and shapes fit.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/host.h"
#include "pipeline/spec.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

struct CompileContext {
  Host& host;
  std::string folder;     // that files of steps lie in
  std::string name;       // of the pipeline,
  std::string version;    // and its version
  std::string path = "";  // of the steps that the graph lies in, "outer."
};

// Loads what belongs to the pipeline alone. `inputs` are what a deployment declares, and what flows
// into a graph in a graph; they count where the graph declares none. INVALID_ARGUMENT,
// INVALID_MODEL, PERMISSION_DENIED, NOT_FOUND (a file); FAILED_PRECONDITION: a model that it asks
// is not there.
Result<StagePtr> Compile(const GraphSpec& spec, const std::vector<TensorSpec>& inputs,
                         const CompileContext& context);

}  // namespace plinth::pipeline
