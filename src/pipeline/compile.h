// From a pipeline as it is written to one that runs: what refers to what, in which order, whether
// types and shapes fit.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/members.h"
#include "pipeline/host.h"
#include "pipeline/spec.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

inline constexpr std::size_t kMaxTargets = 4'096;  // of a pipeline with all that is in it
inline constexpr std::size_t kMaxOwn = 64;         // models that are loaded for it alone

// What all graphs of a pipeline have in common.
struct CompileState {
  Members& members;  // that have been looked up
  std::size_t targets = 0;
  std::map<std::string, StagePtr> own{};  // by what they are made of: the same is loaded once
};

struct CompileContext {
  Host& host;
  CompileState& state;
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
