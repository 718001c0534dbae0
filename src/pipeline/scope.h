// The names in one graph: what a reference stands for.
//
// A reference is, in this order: an input that the graph declares; a name that a step gives to one
// of its outputs; a step that has one output; "step.output"; and where the graph declares no inputs
// any other name is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "pipeline/spec.h"

namespace plinth::pipeline {

// Where a tensor comes from.
struct Source {
  std::uint32_t slot;
  TensorSpec spec;
  std::string title;                // "output 'y' of step 'a'", for messages
  bool found_out = false;           // an input whose spec is what its consumers make of it,
  bool consumed = false;            // and one has done so; of any: somebody takes it
  std::uint32_t step = UINT32_MAX;  // its place in the list; UINT32_MAX: an input
  bool of_request = false;          // an input, or what built-in steps made of one
};

class Scope {
 public:
  // Outlived by `spec`. INVALID_ARGUMENT for a name that is given twice. `inputs` count where
  // the graph declares none.
  static Result<Scope> Make(const GraphSpec& spec, const std::vector<TensorSpec>& inputs);

  // The step that the reference leads to, as a place in the list; nothing for an input.
  std::optional<std::size_t> StepOf(std::string_view ref) const;

  // The outputs of a step are known from here on. INVALID_ARGUMENT if it renames one that it does
  // not have.
  Status AddStep(std::size_t step, const Signature& signature);

  // INVALID_ARGUMENT for what is not there. Requires the step that it leads to to be added. The
  // source lives as long as the scope.
  Result<Source*> Resolve(std::string_view ref);

  // The input of that name, whatever else is called so; the graph declares none.
  Source* InputFoundOut(std::string_view name);

  // Of a step that was added, in the order of its signature.
  const std::vector<Source*>& OutputsOf(std::size_t step) const { return outputs_[step]; }

  // In the order in which they were declared, or found.
  const std::vector<Source*>& inputs() const { return inputs_; }
  bool declares_inputs() const { return declares_; }

  std::size_t slots() const { return sources_.size(); }
  const std::deque<Source>& sources() const { return sources_; }  // by slot

 private:
  explicit Scope(const GraphSpec& spec) : spec_(&spec), outputs_(spec.steps.size()) {}

  Source* Add(TensorSpec spec, std::string title);
  Source* AddInput(TensorSpec spec);
  Source* FindInput(std::string_view name) const;
  std::unexpected<Error> Unknown(std::string_view ref) const;

  const GraphSpec* spec_;
  bool declares_ = false;
  std::deque<Source> sources_;
  std::vector<Source*> inputs_;
  std::vector<std::vector<Source*>> outputs_;                // by step
  std::map<std::string, std::size_t, std::less<>> aliases_;  // the step of each
  std::map<std::string, Source*, std::less<>> alias_sources_;
};

}  // namespace plinth::pipeline
