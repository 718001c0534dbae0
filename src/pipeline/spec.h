// A pipeline as it is written down (docs/pipelines.md): what pipeline.json says, not yet what it
// means. References are checked when it is compiled (compile.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/signature.h"

namespace plinth::pipeline {

inline constexpr std::size_t kMaxSteps = 256;  // of one graph
inline constexpr std::size_t kMaxNesting = 8;  // of targets in targets

struct GraphSpec;
struct SwitchSpec;

// "port": "reference".
struct Binding {
  std::string port;
  std::string ref;
};

// What a step runs: exactly one of these is given.
struct TargetSpec {
  std::string model;  // a deployed one
  std::string version{};

  std::string file;  // beside the pipeline, loaded for it alone
  std::string framework{};
  std::string engine{};
  std::string function{};  // of the file
  ModelConfig config{};    // of the file

  std::string builtin;
  std::string options = "{}";  // of a built-in step, or for the file's engine: a JSON object

  std::unique_ptr<GraphSpec> graph;    // a pipeline in the pipeline
  std::unique_ptr<SwitchSpec> choice;  // "if" or "switch"
};

struct CaseSpec {
  std::string value;
  TargetSpec target;
};

// A target for each value of a scalar.
struct SwitchSpec {
  std::string ref;  // of the scalar
  bool is_if = false;
  std::vector<CaseSpec> cases;
  std::unique_ptr<TargetSpec> otherwise;  // nullptr: any other value is refused
};

struct StepSpec {
  std::string name;
  TargetSpec target;
  std::optional<std::vector<Binding>> inputs;  // an empty port: the only one there is
  std::vector<Binding> outputs{};              // names that the step's outputs get beside their own
  std::vector<std::string> for_each{};         // inputs whose rows are taken one by one
  std::unique_ptr<TargetSpec> fallback{};      // instead of the target, where that fails
  std::chrono::milliseconds timeout{};         // of the target; 0: what the request has
};

struct GraphSpec {
  std::optional<std::vector<TensorSpec>> inputs;  // nothing: what the steps refer to
  std::vector<StepSpec> steps;
  std::optional<std::vector<Binding>> outputs;  // port: the output's name; nothing: the last step's
};

// INVALID_ARGUMENT names the step and the key, what it was and what is expected.
Result<GraphSpec> ParsePipeline(std::string_view json);

}  // namespace plinth::pipeline
