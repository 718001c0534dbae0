#include "model/abi_model.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <utility>

#include "base/log.h"
#include "model/abi_answers.h"
#include "model/abi_signature.h"
#include "model/abi_tensors.h"
#include "model/compiled_settings.h"

namespace plinth {
namespace {

// For a model that is declared to have no batch dimension.
void ForgetBatch(Signature& signature) {
  for (TensorSpec& spec : signature.inputs) spec.batch_axis = -1;
  for (TensorSpec& spec : signature.outputs) spec.batch_axis = -1;
}

// plinth_execute_request.on_cancel over a Cancellation.
void OnCancel(void* cancel_context, void (*stop)(void*), void* stop_context) {
  auto* cancellation = static_cast<Cancellation*>(cancel_context);
  if (stop == nullptr) return cancellation->Unsubscribe();
  cancellation->Subscribe(stop, stop_context);
}

}  // namespace

// ---- Loading

AbiModel::AbiModel(std::shared_ptr<AbiBackend> backend, plinth_model* model)
    : backend_(std::move(backend)), model_(model) {}

AbiModel::~AbiModel() { backend_->table().unload(model_); }

Result<std::unique_ptr<AbiModel>> AbiModel::Load(const std::shared_ptr<AbiBackend>& backend,
                                                 const std::string& path, const ModelConfig& config,
                                                 const std::string& name, CompiledCache* cache) {
  const std::string threads = std::to_string(config.threads);
  std::vector<plinth_option> options;
  options.reserve(config.options.size() + 1);
  for (const auto& [key, value] : config.options) options.push_back({key.c_str(), value.c_str()});
  if (config.threads > 0) options.push_back({"threads", threads.c_str()});
  const auto inputs = Declare(config.inputs);
  const auto outputs = Declare(config.outputs);
  plinth_load_request request{sizeof(request), path.c_str(),  options.size(), options.data(),
                              inputs.size(),   inputs.data(), outputs.size(), outputs.data(),
                              nullptr,         name.c_str()};
  auto model =
      cache == nullptr ? LoadOnce(backend, request) : LoadCompiled(backend, request, *cache);
  if (model && config.batch_size == 0) ForgetBatch((*model)->signature_);
  return model;
}

Result<std::unique_ptr<AbiModel>> AbiModel::LoadOnce(const std::shared_ptr<AbiBackend>& backend,
                                                     const plinth_load_request& request) {
  plinth_model* raw = nullptr;
  const plinth_status status = backend->table().load(&request, &raw);
  if (status != PLINTH_OK) return Fail(backend->LastError(status));
  if (raw == nullptr) return Fail(Code::kInternal, "the backend loaded a model but gave none");

  std::unique_ptr<AbiModel> model(new AbiModel(backend, raw));
  auto signature = ReadSignature(backend->table().describe(raw));
  if (!signature) return Fail(signature.error());
  model->signature_ = std::move(*signature);
  return model;
}

Result<std::unique_ptr<AbiModel>> AbiModel::LoadCompiled(const std::shared_ptr<AbiBackend>& backend,
                                                         plinth_load_request& request,
                                                         CompiledCache& cache) {
  CompiledLoad compiled(cache, CompiledSettings(*backend, request), request.path);
  request.compiled = compiled.view();
  auto model = LoadOnce(backend, request);
  if (compiled.ToBlame(model ? &(*model)->signature() : nullptr)) {
    if (model) model->reset();  // before the memory that it may compute with
    compiled.Discard();
    request.compiled = nullptr;
    return LoadOnce(backend, request);
  }
  if (!model) return model;
  (*model)->compiled_ = compiled.found();
  (*model)->compiled_use_ = compiled.Finish((*model)->signature());
  return model;
}

// ---- Running

Status AbiModel::Warm() {
  if (backend_->table().warm != nullptr) {
    const plinth_status status = backend_->table().warm(model_);
    if (status != PLINTH_OK) return Fail(backend_->LastError(status));
    return {};
  }
  std::vector<NamedTensor> zeros;
  for (const TensorSpec& input : signature_.inputs) {
    if (input.optional) continue;
    if (SizeOf(input.dtype) == 0 || !input.shape) return {};  // nothing sensible can be made up
    Shape shape = *input.shape;
    for (std::size_t i = 0; i < shape.rank(); ++i) {
      if (shape[i] < 0) shape[i] = 1;
    }
    auto tensor = Tensor::Allocate(input.dtype, shape, std::size_t{256} << 20);
    if (!tensor) return {};
    std::ranges::fill(tensor->mutable_bytes(), std::byte{});
    zeros.push_back({input.name, std::move(*tensor)});
  }
  // Zeros may be outside what the model accepts (an open dimension that must not be 1, say): that
  // is no reason to refuse the model.
  const auto ran = Execute(zeros, {}, nullptr, {});
  if (!ran) LogDebug("warm-up with zeros failed: " + ran.error().message);
  return {};
}

Result<std::vector<NamedTensor>> AbiModel::Execute(std::span<const NamedTensor> inputs,
                                                   std::span<const std::uint32_t> wanted,
                                                   const std::shared_ptr<const void>& keep_alive,
                                                   const ExecuteOptions& options) {
  Cancellation* const cancellation = options.cancellation;
  const bool stoppable = cancellation != nullptr;
  if (stoppable && cancellation->cancelled()) {
    return Fail(Code::kCancelled, "the call was cancelled before it began");
  }
  // Small calls stay off the heap.
  std::array<std::byte, 1024> stack;
  std::pmr::monotonic_buffer_resource memory(stack.data(), stack.size());
  std::pmr::vector<plinth_tensor> views(&memory);
  views.reserve(inputs.size());
  for (const NamedTensor& input : inputs) views.push_back(ViewOf(input));

  std::pmr::vector<std::uint32_t> all(&memory);
  if (wanted.empty()) {
    all.resize(signature_.outputs.size());
    std::ranges::generate(all, [next = 0u]() mutable { return next++; });
    wanted = all;
  }
  std::pmr::vector<plinth_output> outputs(wanted.size(), &memory);
  AbiAnswers answers(signature_, wanted, keep_alive, options.answers);
  const RequestContext* const context = options.context;
  const plinth_execute_request request{
      sizeof(request),
      views.size(),
      views.data(),
      wanted.size(),
      wanted.data(),
      stoppable ? OnCancel : nullptr,
      cancellation,
      options.deadline.count(),
      options.caller,
      signature_.decoupled ? AbiAnswers::Respond : nullptr,
      &answers,
      context == nullptr || context->id.empty() ? nullptr : context->id.c_str(),
      context == nullptr || context->parameters.empty() ? nullptr : context->parameters.c_str()};
  plinth_execute_response response{sizeof(response), outputs.data()};
  const plinth_status status = backend_->table().execute(model_, &request, &response);
  // Whatever the backend forgot: what it gave is gone now.
  if (stoppable) cancellation->Unsubscribe();
  if (answers.failure()) return Fail(*answers.failure());
  if (status != PLINTH_OK) {
    Error error = backend_->LastError(status);
    const bool asked = stoppable && cancellation->cancelled();
    if (error.code == Code::kCancelled && !asked) error.code = Code::kInternal;
    return Fail(std::move(error));
  }
  if (signature_.decoupled) return {};
  return AdoptOutputs(outputs, signature_, wanted, keep_alive);
}

}  // namespace plinth
