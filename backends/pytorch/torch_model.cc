#include "pytorch/torch_model.h"

#include <ATen/Parallel.h>
#include <sched.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "pytorch/torch_error.h"
#include "pytorch/torch_file.h"
#include "pytorch/torch_graph.h"
#include "pytorch/torch_probe.h"

namespace plinth::pytorch {
namespace {

// Files smaller than this compute on one thread: to wake others costs more than they do.
constexpr std::uintmax_t kSmallModelBytes = 1 << 20;

int ProcessorCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

// How many threads the next operations of this thread use. libtorch keeps the number per thread.
void UseThreads(int threads) {
  thread_local int current = 0;
  if (current == threads) return;
  at::set_num_threads(threads);
  current = threads;
}

std::string Listed(const std::vector<kit::Spec>& specs) {
  std::string text;
  for (const kit::Spec& spec : specs) text += (text.empty() ? "'" : ", '") + spec.name + "'";
  return text.empty() ? "none" : text;
}

bool SameNames(const std::vector<kit::Spec>& declared, const std::vector<kit::Spec>& known) {
  return std::ranges::all_of(declared, [&known](const kit::Spec& spec) {
    return std::ranges::find(known, spec.name, &kit::Spec::name) != known.end();
  });
}

// What was declared goes over what was found out. Names that the model knows say which is meant;
// other names are new ones, in order.
kit::Status MergeDeclared(const std::vector<kit::Spec>& declared, std::string_view what,
                          std::vector<kit::Spec>& specs) {
  const bool by_name = SameNames(declared, specs);
  if (!by_name && declared.size() != specs.size()) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     std::to_string(declared.size()) + " " + std::string(what) +
                         "s are declared, but the model has " + std::to_string(specs.size()) +
                         ": " + Listed(specs));
  }
  for (std::size_t i = 0; i < declared.size(); ++i) {
    kit::Spec& spec =
        by_name ? *std::ranges::find(specs, declared[i].name, &kit::Spec::name) : specs[i];
    spec.name = declared[i].name;
    if (declared[i].dtype != PLINTH_DTYPE_ANY) spec.dtype = declared[i].dtype;
    if (declared[i].shape) {
      spec.shape = declared[i].shape;
      spec.batch_axis = declared[i].batch_axis;
    }
  }
  return {};
}

// Whether calls may be joined, and along which axis. `tried`: what trying the model said about
// dimension 0; a declaration can forbid it, but not make dependent rows independent. A model that
// was not tried is believed what is declared of all its tensors.
void SettleBatchAxis(const plinth_load_request& request, std::optional<bool> tried,
                     std::vector<kit::Spec>& inputs, std::vector<kit::Spec>& outputs) {
  const auto forbids = [](const plinth_tensor_spec& spec) {
    return spec.rank >= 0 && spec.batch_axis < 0;
  };
  const auto joins = [](const kit::Spec& spec) { return spec.batch_axis >= 0; };
  const bool forbidden = std::ranges::any_of(
      std::span(request.declared_inputs, request.declared_input_count), forbids);
  if (tried.value_or(false) && !forbidden) {
    kit::OpenBatchAxis(inputs, outputs);
  } else if (tried || !std::ranges::all_of(inputs, joins) || !std::ranges::all_of(outputs, joins)) {
    for (auto* specs : {&inputs, &outputs}) {
      for (kit::Spec& spec : *specs) spec.batch_axis = -1;
    }
  }
}

bool IsKnown(const kit::Spec& spec) {
  return spec.dtype != PLINTH_DTYPE_ANY && spec.shape.has_value();
}

}  // namespace

void OpenRuntime() {
  // The profiling executor compiles anew for every shape that it has not seen, in the middle of a
  // request.
  torch::jit::getProfilingMode() = false;
  at::set_num_interop_threads(1);
}

kit::Result<std::unique_ptr<Model>> Model::Load(const plinth_load_request& request) {
  const auto options = kit::Options::Read(request, {"threads", "optimize"});
  if (!options) return kit::Fail(options.error());
  const auto optimize = options->Choice("optimize", {"none", "freeze", "inference"}, "none");
  if (!optimize) return kit::Fail(optimize.error());
  const std::string path = request.path;
  std::error_code error;
  const bool small = std::filesystem::file_size(path, error) < kSmallModelBytes;
  const auto threads =
      options->Number("threads", 1, kit::kMaxThreads, small ? 1 : ProcessorCount());
  if (!threads) return kit::Fail(threads.error());
  if (auto s = CheckFile(path); !s) return kit::Fail(s.error());

  UseThreads(static_cast<int>(*threads));
  return Catching(PLINTH_INVALID_MODEL, [&]() -> kit::Result<std::unique_ptr<Model>> {
    torch::jit::Module module = torch::jit::load(path, c10::kCPU);
    module.eval();
    if (!module.find_method("forward")) {
      return kit::Fail(PLINTH_INVALID_MODEL,
                       "the module has no forward(): only that can be served");
    }
    std::unique_ptr<Model> model(new Model(std::move(module), static_cast<int>(*threads)));
    if (auto s = model->Describe(request); !s) return kit::Fail(s.error());
    // Last, because an optimised program tells less about itself.
    if (*optimize == "freeze") model->module_ = torch::jit::freeze(model->module_);
    if (*optimize == "inference")
      model->module_ = torch::jit::optimize_for_inference(model->module_);
    return model;
  });
}

kit::Result<std::vector<kit::Spec>> Model::DescribeInputs(const plinth_load_request& request) {
  std::vector<kit::Spec> inputs;
  inputs.reserve(arguments_.size());
  for (const Argument& argument : arguments_) inputs.push_back(SpecOf(argument));
  InferInputs(module_, arguments_, inputs);
  const auto declared = kit::CopySpecs(request.declared_inputs, request.declared_input_count);
  if (auto s = MergeDeclared(declared, "input", inputs); !s) return kit::Fail(s.error());
  return inputs;
}

kit::Status Model::Describe(const plinth_load_request& request) {
  auto facts = ReadGraph(module_);
  if (!facts) return kit::Fail(facts.error());
  writes_memory_ = facts->writes_memory;
  keeps_state_ = facts->keeps_state;
  auto arguments = ReadArguments(module_.get_method("forward").function().getSchema());
  if (!arguments) return kit::Fail(arguments.error());
  arguments_ = std::move(*arguments);
  auto inputs = DescribeInputs(request);
  if (!inputs) return kit::Fail(inputs.error());

  std::vector<kit::Spec> required;
  std::ranges::copy_if(*inputs, std::back_inserter(required),
                       [](const kit::Spec& spec) { return !spec.optional; });
  const bool all_tensors = std::ranges::none_of(arguments_, [](const Argument& argument) {
    return argument.kind != ArgumentKind::kTensor && !argument.fallback;
  });
  std::optional<ProbeResult> probed;
  // A model that keeps state must not be tried: its first real answer would be another.
  if (all_tensors && !keeps_state_)
    probed = Probe(required, [this](const auto& tensors) { return Try(tensors); });

  std::vector<kit::Spec> outputs;
  if (probed) {
    outputs = std::move(probed->outputs);
  } else if (facts->outputs) {
    outputs.reserve(facts->outputs->size());
    for (const std::string& name : *facts->outputs) outputs.push_back({.name = name});
  }
  const auto declared = kit::CopySpecs(request.declared_outputs, request.declared_output_count);
  if (!probed && !facts->outputs) outputs = declared;
  if (outputs.empty()) {
    return kit::Fail(
        PLINTH_INVALID_MODEL,
        "what the model returns cannot be told from its program; declare its \"outputs\" (or its "
        "\"inputs\" with "
        "datatype and shape, so that it can be tried) in its configuration or in model.json");
  }
  output_parts_.reserve(outputs.size());
  for (const kit::Spec& output : outputs) output_parts_.push_back(output.name);
  if (auto s = MergeDeclared(declared, "output", outputs); !s) return s;

  const bool every_call_has_all = inputs->size() == required.size();
  SettleBatchAxis(request,
                  probed ? std::optional(probed->batches && every_call_has_all) : std::nullopt,
                  *inputs, outputs);
  if (std::ranges::all_of(*inputs, IsKnown)) run_failure_ = PLINTH_INTERNAL;
  signature_ = std::make_unique<kit::Signature>(
      std::move(*inputs), std::move(outputs),
      kit::Traits{.concurrent = !keeps_state_, .stateful = facts->stateful});
  return {};
}

kit::Status Model::Warm() {
  // Describe() has run it where that was possible; the first run compiles, the second is as fast as
  // all later.
  std::vector<at::Tensor> zeros;
  for (const kit::Spec& input : signature_->inputs()) {
    if (input.optional) continue;
    const auto type = TorchTypeOf(input.dtype);
    if (!type || !input.shape || keeps_state_) return {};
    std::vector<std::int64_t> shape = *input.shape;
    for (std::int64_t& dim : shape) dim = dim < 0 ? 1 : dim;
    const auto count = kit::CountOf(shape);
    if (!count || *count > (std::int64_t{1} << 26)) return {};
    zeros.push_back(at::zeros(shape, *type));
  }
  for (int i = 0; i < 2; ++i) {
    if (!Try(zeros))
      return {};  // zeros of this size are not what it takes: no reason to refuse the model
  }
  return {};
}

kit::Status Model::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  std::vector<c10::IValue> values;
  values.reserve(arguments_.size());
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    auto value = Gather(arguments_[i], signature_->inputs()[i].name, request);
    if (!value) return kit::Fail(value.error());
    values.push_back(std::move(*value));
  }
  const auto answer = Forward(std::move(values));
  if (!answer) return kit::Fail(answer.error());
  return Catching(PLINTH_INTERNAL, [&] { return Give(*answer, request, outputs); });
}

kit::Result<c10::IValue> Model::Gather(const Argument& argument, const std::string& name,
                                       const plinth_execute_request& request) {
  const plinth_tensor* tensor = kit::FindInput(request, name);
  if (tensor == nullptr) {
    if (argument.fallback) return *argument.fallback;
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "input '" + name + "' is missing");
  }
  auto value = ValueOf(argument, *tensor);
  if (!value)
    return kit::Fail(value.error().status, "input '" + name + "': " + value.error().message);
  if (writes_memory_ && value->isTensor()) return c10::IValue(value->toTensor().clone());
  return value;
}

kit::Result<std::vector<NamedValue>> Model::Forward(std::vector<c10::IValue> values) {
  return Catching(run_failure_, [&]() -> kit::Result<std::vector<NamedValue>> {
    UseThreads(threads_);
    const c10::InferenceMode inference;
    return Flatten(module_.forward(std::move(values)));
  });
}

kit::Result<std::vector<NamedValue>> Model::Try(const std::vector<at::Tensor>& tensors) {
  std::vector<c10::IValue> values;
  values.reserve(arguments_.size());
  auto next = tensors.begin();
  for (const Argument& argument : arguments_) {
    if (argument.fallback) {
      values.push_back(*argument.fallback);
    } else {
      values.emplace_back(writes_memory_ ? next->clone() : *next);
      ++next;
    }
  }
  return Forward(std::move(values));
}

kit::Status Model::Give(const std::vector<NamedValue>& answer,
                        const plinth_execute_request& request, kit::OutputWriter& outputs) const {
  const c10::InferenceMode inference;
  for (const std::uint32_t index : std::span(request.outputs, request.output_count)) {
    const std::string& part = output_parts_[index];
    const std::string& name = signature_->outputs()[index].name;
    const auto found = std::ranges::find(answer, part, &NamedValue::name);
    if (found == answer.end()) {
      std::string message = "the model returned no '";
      message.append(part).append("' this time, which is its output '").append(name).append("'");
      return kit::Fail(PLINTH_INTERNAL, message);
    }
    // Memory that a later call changes, or that goes with the request, cannot be handed on.
    const bool copy = keeps_state_ || kit::IsInputMemory(found->tensor.const_data_ptr(), request);
    if (auto s = AddOutput(name.c_str(), found->tensor, copy, outputs); !s) return s;
  }
  return {};
}

}  // namespace plinth::pytorch
