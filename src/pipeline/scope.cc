#include "pipeline/scope.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/nearest.h"

namespace plinth::pipeline {
namespace {

std::unexpected<Error> Refuse(std::string why) {
  return Fail(Code::kInvalidArgument, std::move(why));
}

std::string Quoted(std::string_view text) { return fmt::format("'{}'", text.substr(0, 100)); }

}  // namespace

Source* Scope::Add(TensorSpec spec, std::string title) {
  const auto slot = static_cast<std::uint32_t>(sources_.size());
  sources_.push_back({slot, std::move(spec), std::move(title)});
  return &sources_.back();
}

Source* Scope::AddInput(TensorSpec spec) {
  std::string title = fmt::format("input '{}' of the pipeline", spec.name);
  Source* input = Add(std::move(spec), std::move(title));
  input->of_request = true;
  inputs_.push_back(input);
  return input;
}

Result<Scope> Scope::Make(const GraphSpec& spec, const std::vector<TensorSpec>& inputs) {
  Scope scope(spec);
  scope.declares_ = spec.inputs.has_value() || !inputs.empty();
  for (const TensorSpec& input : spec.inputs ? *spec.inputs : inputs) {
    scope.AddInput(input);
  }
  const auto is_input = [&scope](const std::string& name) {
    return std::ranges::any_of(scope.inputs_,
                               [&](const Source* input) { return input->spec.name == name; });
  };
  for (std::size_t i = 0; i < spec.steps.size(); ++i) {
    const StepSpec& step = spec.steps[i];
    // A graph in a graph may be given what is called like one of its steps.
    if (spec.inputs && is_input(step.name)) {
      return Refuse("'" + step.name + "' is both an input and a step");
    }
    for (const Binding& output : step.outputs) {
      const bool is_step =
          std::ranges::find(spec.steps, output.ref, &StepSpec::name) != spec.steps.end();
      if (is_input(output.ref) || is_step || !scope.aliases_.emplace(output.ref, i).second) {
        return Refuse("step '" + step.name + "' calls an output '" + output.ref +
                      "', which something else is called, too");
      }
    }
  }
  return scope;
}

Source* Scope::FindInput(std::string_view name) const {
  const auto found = std::ranges::find_if(
      inputs_, [name](const Source* input) { return input->spec.name == name; });
  return found == inputs_.end() ? nullptr : *found;
}

Source* Scope::InputFoundOut(std::string_view name) {
  if (Source* known = FindInput(name)) return known;
  TensorSpec spec;
  spec.name = name;
  Source* input = AddInput(std::move(spec));
  input->found_out = true;
  return input;
}

std::optional<std::size_t> Scope::StepOf(std::string_view ref) const {
  if (declares_ && FindInput(ref) != nullptr) return std::nullopt;
  if (const auto alias = aliases_.find(ref); alias != aliases_.end()) return alias->second;
  const auto& steps = spec_->steps;
  if (const auto step = std::ranges::find(steps, ref, &StepSpec::name); step != steps.end()) {
    return static_cast<std::size_t>(step - steps.begin());
  }
  for (std::size_t dot = ref.find('.'); dot != std::string_view::npos;
       dot = ref.find('.', dot + 1)) {
    const auto step = std::ranges::find(steps, ref.substr(0, dot), &StepSpec::name);
    if (step != steps.end()) return static_cast<std::size_t>(step - steps.begin());
  }
  return std::nullopt;
}

Status Scope::AddStep(std::size_t step, const Signature& signature) {
  const StepSpec& spec = spec_->steps[step];
  for (const TensorSpec& output : signature.outputs) {
    Source* source = Add(output, fmt::format("output '{}' of step '{}'", output.name, spec.name));
    source->step = static_cast<std::uint32_t>(step);
    outputs_[step].push_back(source);
  }
  for (const Binding& output : spec.outputs) {
    const auto index = signature.FindOutput(output.port);
    if (!index) {
      std::vector<std::string_view> names;
      for (const TensorSpec& known : signature.outputs) names.push_back(known.name);
      return Refuse("step '" + spec.name + "' has no output " + Quoted(output.port) +
                    DidYouMean(output.port, names));
    }
    alias_sources_.emplace(output.ref, outputs_[step][*index]);
  }
  return {};
}

std::unexpected<Error> Scope::Unknown(std::string_view ref) const {
  std::vector<std::string> known;
  for (const Source& source : sources_) {
    known.push_back(source.step == UINT32_MAX
                        ? source.spec.name
                        : spec_->steps[source.step].name + "." + source.spec.name);
  }
  for (const auto& alias : aliases_) known.push_back(alias.first);
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::string list;
  for (std::size_t i = 0; i < known.size() && i < 20; ++i) {
    list.append(i > 0 ? ", " : "").append(Quoted(known[i]));
  }
  return Refuse("nothing is called " + Quoted(ref) + DidYouMean(ref, names) + "; there are " +
                (list.empty() ? "no names yet" : list));
}

Result<Source*> Scope::Resolve(std::string_view ref) {
  if (Source* input = FindInput(ref); declares_ && input != nullptr) return input;
  if (const auto alias = alias_sources_.find(ref); alias != alias_sources_.end()) {
    return alias->second;
  }
  const auto step = StepOf(ref);
  if (!step) return declares_ ? Result<Source*>(Unknown(ref)) : InputFoundOut(ref);
  const auto& outputs = outputs_[*step];
  const std::string& name = spec_->steps[*step].name;
  if (outputs.empty()) return Refuse("step '" + name + "' gives nothing yet");
  if (ref == name) {
    if (outputs.size() == 1) return outputs.front();
    return Refuse("step '" + name + "' has " + std::to_string(outputs.size()) +
                  " outputs; say which, as '" + name + "." + outputs.front()->spec.name + "'");
  }
  const std::string_view port = ref.substr(name.size() + 1);
  for (Source* output : outputs) {
    if (output->spec.name == port) return output;
  }
  return Unknown(ref);
}

}  // namespace plinth::pipeline
