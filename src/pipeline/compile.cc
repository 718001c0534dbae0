#include "pipeline/compile.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/nearest.h"
#include "model/signature_text.h"
#include "pipeline/branch.h"
#include "pipeline/builtin.h"
#include "pipeline/fallback_stage.h"
#include "pipeline/flow_check.h"
#include "pipeline/for_each_stage.h"
#include "pipeline/graph_stage.h"
#include "pipeline/scope.h"
#include "pipeline/target_stage.h"
#include "pipeline/timed_stage.h"

namespace plinth::pipeline {
namespace {

// What flows into a step's input.
struct Flow {
  std::string port;
  Source* source;
};

std::unexpected<Error> Refuse(std::string why) {
  return Fail(Code::kInvalidArgument, std::move(why));
}

// What it is chosen by is no input that anybody writes.
bool IsChooser(const TensorSpec& spec) { return spec.name.starts_with('\0'); }

// The signature as those know it who write steps.
Signature Written(Signature signature) {
  std::erase_if(signature.inputs, IsChooser);
  return signature;
}

// As Signature::FindSoleInput().
const TensorSpec* SoleInput(const Signature& signature) {
  const Signature written = Written(signature);
  const TensorSpec* sole = written.FindSoleInput();
  return sole == nullptr ? nullptr : signature.FindInput(sole->name);
}

std::string InputNames(const Signature& signature) { return NamesOf(Written(signature).inputs); }

// What is chosen by is one value, as far as its shape is known.
Status CheckChooser(const Source& source, const TensorSpec& input) {
  if (!IsChooser(input) || !source.spec.shape) return {};
  for (const std::int64_t dim : source.spec.shape->dims()) {
    if (dim == 1 || dim == -1) continue;
    return Refuse("it is chosen by " + source.title + ", which is of shape " +
                  source.spec.shape->ToString() + "; expected one value");
  }
  return {};
}

// One graph on its way.
class Compiler {
 public:
  Compiler(const GraphSpec& spec, Scope scope, const CompileContext& context)
      : spec_(spec), scope_(std::move(scope)), context_(context) {}

  Result<StagePtr> Run();

 private:
  Result<std::vector<std::size_t>> Order() const;
  std::vector<std::size_t> NeedsOf(std::size_t step) const;
  Status AddStep(std::size_t index);
  Result<std::vector<Flow>> FlowsInto(std::size_t index);
  Result<StagePtr> MakeStage(const StepSpec& step, std::vector<Flow>& flows);
  Status Connect(std::size_t index, std::vector<Flow> flows, GraphStep& step);
  Result<Flow*> FlowFor(const TensorSpec& input, const StepSpec& step, const Signature& signature,
                        std::vector<Flow>& flows);
  Status CheckPorts(const StepSpec& step, const Signature& signature,
                    std::vector<Flow>& flows) const;
  Status AddOutputs();
  Status CheckUse() const;
  void ChooseWanted();
  void OrderSlots();

  const GraphSpec& spec_;
  Scope scope_;
  const CompileContext& context_;
  Graph graph_;
};

// ---- In which order

// The steps that have to be there before it.
std::vector<std::size_t> Compiler::NeedsOf(std::size_t index) const {
  const StepSpec& step = spec_.steps[index];
  std::vector<std::size_t> needs;
  const auto add = [&](std::string_view ref) {
    if (const auto other = scope_.StepOf(ref)) needs.push_back(*other);
  };
  if (!step.inputs && index > 0) needs.push_back(index - 1);
  if (step.inputs) {
    for (const Binding& input : *step.inputs) add(input.ref);
  }
  for (const std::string& ref : ChoosersOf(step.target)) add(ref);
  if (step.fallback != nullptr) {
    for (const std::string& ref : ChoosersOf(*step.fallback)) add(ref);
  }
  return needs;
}

Result<std::vector<std::size_t>> Compiler::Order() const {
  std::vector<std::vector<std::size_t>> needs;
  for (std::size_t i = 0; i < spec_.steps.size(); ++i) needs.push_back(NeedsOf(i));
  std::vector<std::size_t> order;
  std::vector<bool> placed(spec_.steps.size(), false);
  const auto is_next = [&](std::size_t i) {
    return !placed[i] && std::ranges::all_of(needs[i], [&](std::size_t n) { return placed[n]; });
  };
  while (order.size() < spec_.steps.size()) {
    std::size_t next = 0;
    while (next < spec_.steps.size() && !is_next(next)) ++next;
    if (next == spec_.steps.size()) {
      std::string names;
      for (std::size_t i = 0; i < placed.size(); ++i) {
        if (!placed[i]) names += (names.empty() ? "'" : ", '") + spec_.steps[i].name + "'";
      }
      return Refuse("steps wait for each other: " + names);
    }
    placed[next] = true;
    order.push_back(next);
  }
  return order;
}

// ---- One step

// What is written, or else what the step before it gives, or for the first the inputs.
Result<std::vector<Flow>> Compiler::FlowsInto(std::size_t index) {
  const StepSpec& step = spec_.steps[index];
  std::vector<Flow> flows;
  if (step.inputs) {
    for (const Binding& input : *step.inputs) {
      auto source = scope_.Resolve(input.ref);
      if (!source) return Fail(source.error());
      flows.push_back({input.port, *source});
    }
  } else {
    for (Source* source : index == 0 ? scope_.inputs() : scope_.OutputsOf(index - 1)) {
      flows.push_back({source->spec.name, source});
    }
  }
  const std::string port = BuiltinPort(step.target);
  if (!port.empty() && flows.size() == 1 && (!step.inputs || flows[0].port.empty())) {
    flows[0].port = port;
  }
  std::vector<std::string> choosers = ChoosersOf(step.target);
  if (step.fallback != nullptr)
    std::ranges::move(ChoosersOf(*step.fallback), std::back_inserter(choosers));
  for (const std::string& ref : choosers) {
    auto source = scope_.Resolve(ref);
    if (!source) return Fail(source.error());
    const std::string chooser = ChooserPort(ref);
    if (std::ranges::find(flows, chooser, &Flow::port) == flows.end()) {
      flows.push_back({chooser, *source});
    }
  }
  return flows;
}

// Built-in steps and graphs get to know what flows into them: of rows that are taken one by one,
// one.
Result<StagePtr> Compiler::MakeStage(const StepSpec& step, std::vector<Flow>& flows) {
  std::vector<TensorSpec> specs;
  for (Flow& flow : flows) {
    if (flow.port.starts_with('\0')) continue;
    if (flow.port.empty() && !step.target.builtin.empty()) flow.port = flow.source->spec.name;
    if (flow.port.empty() && step.target.graph != nullptr) {
      const auto& declared = step.target.graph->inputs;
      const bool one = declared && declared->size() == 1;
      flow.port = one ? declared->front().name : flow.source->spec.name;
    }
    TensorSpec spec = flow.source->spec;
    spec.name = flow.port;
    const bool one_by_one = std::ranges::find(step.for_each, flow.port) != step.for_each.end();
    if (one_by_one && spec.shape && spec.shape->rank() > 0) {
      spec.shape = Shape(spec.shape->dims().subspan(1));
    }
    if (one_by_one) spec.batch_axis = -1;
    specs.push_back(std::move(spec));
  }
  auto stage = StageOf(step.target, specs, step.name, context_);
  if (stage && step.timeout.count() > 0) {
    stage = std::make_shared<TimedStage>(*stage, step.timeout, context_.host);
  }
  if (stage && step.fallback != nullptr) {
    auto second = StageOf(*step.fallback, specs, step.name + ".fallback", context_);
    if (!second) return Fail(second.error().Annotate("\"fallback\""));
    auto signature = CommonSignature({*stage, *second}, {"the step", "\"fallback\""});
    if (!signature) return Fail(std::move(signature.error()));
    stage = std::make_shared<FallbackStage>(*std::move(signature), *stage, *std::move(second));
  }
  if (stage && !step.for_each.empty()) {
    // Those that have got to know what a row is.
    const bool plain = step.target.graph != nullptr || FindBuiltin(step.target.builtin) != nullptr;
    stage = ForEachStage::Make(*stage, step.for_each, plain);
  }
  return stage;
}

// Every flow that is written must lead to an input; one without a name, to the only one there is.
Status Compiler::CheckPorts(const StepSpec& step, const Signature& signature,
                            std::vector<Flow>& flows) const {
  if (!step.inputs) return {};
  std::vector<std::string_view> names;
  for (const TensorSpec& input : signature.inputs) names.push_back(input.name);
  for (Flow& flow : flows) {
    if (flow.port.empty()) {
      const TensorSpec* sole = SoleInput(signature);
      if (sole == nullptr) {
        return Refuse("its inputs are " + InputNames(signature) +
                      "; write \"inputs\" as an object that says which gets " + flow.source->title);
      }
      flow.port = sole->name;
    }
    if (std::ranges::find(names, flow.port) == names.end()) {
      return Refuse("it has no input '" + flow.port + "'" + DidYouMean(flow.port, names) +
                    "; its inputs are " + InputNames(signature));
    }
  }
  return {};
}

// nullptr: it gets nothing, and need not.
Result<Flow*> Compiler::FlowFor(const TensorSpec& input, const StepSpec& step,
                                const Signature& signature, std::vector<Flow>& flows) {
  const auto found = std::ranges::find(flows, input.name, &Flow::port);
  if (found != flows.end()) return &*found;
  const bool first = &step == &spec_.steps.front();
  if (!step.inputs && first && !scope_.declares_inputs()) {
    flows.push_back({input.name, scope_.InputFoundOut(input.name)});
    return &flows.back();
  }
  // One output, one input: they need no common name.
  if (!step.inputs && flows.size() == 1 && SoleInput(signature) == &input) {
    return &flows.front();
  }
  if (input.optional) return nullptr;
  std::string message = "its input '" + input.name + "' gets nothing";
  if (!step.inputs) {
    std::vector<TensorSpec> given;
    for (const Flow& flow : flows) {
      if (!flow.port.starts_with('\0')) given.push_back(flow.source->spec);
    }
    message += std::string("; what comes from ") +
               (first ? "the pipeline's inputs" : "the step before it") + " is called " +
               NamesOf(given);
  }
  return Refuse(message + "; write \"inputs\": {\"" + input.name + "\": \"...\"}");
}

Status Compiler::Connect(std::size_t index, std::vector<Flow> flows, GraphStep& step) {
  const StepSpec& spec = spec_.steps[index];
  const Signature& signature = step.stage->signature();
  if (auto checked = CheckPorts(spec, signature, flows); !checked) return checked;
  for (const TensorSpec& input : signature.inputs) {
    auto flow = FlowFor(input, spec, signature, flows);
    if (!flow) return Fail(std::move(flow.error()));
    if (*flow == nullptr) continue;
    Source& source = *(*flow)->source;
    if (source.found_out && !std::exchange(source.consumed, true)) {
      std::string name = source.spec.name;
      source.spec = input;
      source.spec.name = std::move(name);
    }
    source.consumed = true;
    step.takes_request = step.takes_request || source.of_request;
    if (auto scalar = CheckChooser(source, input); !scalar) return scalar;
    auto cast = CheckFlow(source.spec, source.title, input,
                          "input '" + input.name + "' of step '" + spec.name + "'");
    if (!cast) return Fail(std::move(cast.error()));
    if (source.found_out) NarrowTo(source.spec, input);
    step.edges.push_back({input.name, source.slot, *cast});
  }
  return {};
}

Status Compiler::AddStep(std::size_t index) {
  const StepSpec& spec = spec_.steps[index];
  const std::string title = "step '" + context_.path + spec.name + "'";
  auto flows = FlowsInto(index);
  if (!flows) return Fail(flows.error().Annotate(title));
  auto stage = MakeStage(spec, *flows);
  if (!stage) return Fail(stage.error().Annotate(title));
  GraphStep step;
  step.name = spec.name;
  step.stage = *std::move(stage);
  if (auto connected = Connect(index, *std::move(flows), step); !connected) {
    return Fail(connected.error().Annotate(title));
  }
  if (auto added = scope_.AddStep(index, step.stage->signature()); !added) return added;
  const bool is_builtin = FindBuiltin(spec.target.builtin) != nullptr;
  for (Source* output : scope_.OutputsOf(index)) {
    output->of_request = is_builtin && step.takes_request;
  }
  graph_.signature.stateful = graph_.signature.stateful || step.stage->signature().stateful;
  graph_.steps.push_back(std::move(step));
  return {};
}

// ---- The whole

Status Compiler::AddOutputs() {
  const auto add = [this](Source* source, const std::string& name) -> Status {
    if (graph_.signature.FindOutput(name)) {
      return Refuse("two outputs of the pipeline are called '" + name +
                    "'; write \"outputs\": {\"name\": \"reference\"}");
    }
    if (source->spec.optional && source->step == UINT32_MAX) {
      return Refuse("output '" + name + "' of the pipeline is an input that need not be given");
    }
    source->consumed = true;
    TensorSpec spec = source->spec;
    spec.name = name;
    spec.optional = false;
    spec.nullable = false;
    graph_.signature.outputs.push_back(std::move(spec));
    graph_.outputs.push_back(source->slot);
    return {};
  };
  if (!spec_.outputs) {
    const std::size_t last = spec_.steps.size() - 1;
    for (Source* output : scope_.OutputsOf(last)) {
      std::string name = output->spec.name;
      const auto renamed = std::ranges::find(spec_.steps[last].outputs, name, &Binding::port);
      if (renamed != spec_.steps[last].outputs.end()) name = renamed->ref;
      if (auto added = add(output, name); !added) return added;
    }
    return {};
  }
  for (const Binding& output : *spec_.outputs) {
    auto source = scope_.Resolve(output.ref);
    if (!source) return Fail(source.error().Annotate("\"outputs\""));
    const bool is_alias = (*source)->step != UINT32_MAX &&
                          output.ref.find('.') == std::string::npos &&
                          output.ref != spec_.steps[(*source)->step].name;
    const std::string own = is_alias ? output.ref : (*source)->spec.name;
    if (auto added = add(*source, output.port.empty() ? own : output.port); !added) return added;
  }
  if (graph_.outputs.empty()) return Refuse("\"outputs\" is empty");
  return {};
}

// A step that is never run is a mistake, and so is an input that nothing takes.
Status Compiler::CheckUse() const {
  for (std::size_t i = 0; i < spec_.steps.size(); ++i) {
    const auto& outputs = scope_.OutputsOf(i);
    if (std::ranges::any_of(outputs, [](const Source* output) { return output->consumed; }))
      continue;
    return Refuse(
        "step '" + spec_.steps[i].name +
        "' would never be run: no step and no output of the pipeline takes what it gives");
  }
  for (const Source* input : scope_.inputs()) {
    if (input->consumed) continue;
    if (input->found_out) {
      return Refuse("the type of " + input->title + " does not show; declare it in \"inputs\"");
    }
    // A graph in a graph may be given more than it takes.
    if (spec_.inputs || context_.path.empty()) {
      return Refuse(input->title + " would never be used: no step and no output takes it");
    }
  }
  return {};
}

// Only what somebody takes is asked for.
void Compiler::ChooseWanted() {
  for (GraphStep& step : graph_.steps) {
    const auto at = std::ranges::find(spec_.steps, step.name, &StepSpec::name);
    const auto& outputs = scope_.OutputsOf(static_cast<std::size_t>(at - spec_.steps.begin()));
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i]->consumed) continue;
      step.wanted.push_back(i);
      step.slots.push_back(outputs[i]->slot);
    }
  }
}

// Inputs were found between the steps: in a run theirs are the first slots.
void Compiler::OrderSlots() {
  std::vector<std::uint32_t> place(scope_.slots());
  std::uint32_t next = 0;
  for (const Source* input : scope_.inputs()) {
    place[input->slot] = next++;
    graph_.signature.inputs.push_back(input->spec);
  }
  for (const Source& source : scope_.sources()) {
    if (source.step != UINT32_MAX) place[source.slot] = next++;
  }
  graph_.slots = scope_.slots();
  graph_.producer.assign(graph_.slots, Graph::kNoStep);
  for (std::uint32_t& output : graph_.outputs) output = place[output];
  for (std::uint32_t i = 0; i < graph_.steps.size(); ++i) {
    GraphStep& step = graph_.steps[i];
    for (std::uint32_t& slot : step.slots) slot = place[slot];
    for (Edge& edge : step.edges) edge.slot = place[edge.slot];
    for (const std::uint32_t slot : step.slots) graph_.producer[slot] = i;
    for (const Edge& edge : step.edges) {
      const std::uint32_t other = graph_.producer[edge.slot];
      const bool known = std::ranges::find(step.needs, other) != step.needs.end();
      if (other == Graph::kNoStep || known) continue;
      step.needs.push_back(other);
      graph_.steps[other].feeds.push_back(i);
    }
  }
}

Result<StagePtr> Compiler::Run() {
  const auto order = Order();
  if (!order) return Fail(order.error());
  for (const std::size_t index : *order) {
    if (auto added = AddStep(index); !added) return Fail(std::move(added.error()));
  }
  if (auto added = AddOutputs(); !added) return Fail(std::move(added.error()));
  if (auto used = CheckUse(); !used) return Fail(std::move(used.error()));
  ChooseWanted();
  OrderSlots();
  graph_.signature.concurrent = true;
  graph_.signature.waits = true;
  graph_.signature.uses_parameters = true;  // for its steps
  return std::make_shared<GraphStage>(std::move(graph_));
}

}  // namespace

Result<StagePtr> Compile(const GraphSpec& spec, const std::vector<TensorSpec>& inputs,
                         const CompileContext& context) {
  auto scope = Scope::Make(spec, inputs);
  if (!scope) return Fail(std::move(scope.error()));
  return Compiler(spec, *std::move(scope), context).Run();
}

}  // namespace plinth::pipeline
