#include "model/backend.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <memory_resource>
#include <set>
#include <utility>

#include "base/log.h"
#include "model/compiled_settings.h"

namespace plinth {
namespace {

constexpr std::string_view kFilePrefix = "libplinth_";
constexpr std::string_view kFileSuffix = ".so";

void LogFromBackend(plinth_log_level level, const char* message) {
  Log(static_cast<LogLevel>(std::clamp<int>(level, PLINTH_LOG_DEBUG, PLINTH_LOG_ERROR)),
      message ? message : "");
}

constexpr plinth_host kHost = {sizeof(plinth_host), PLINTH_ABI_VERSION, LogFromBackend, nullptr};

Code CodeOf(plinth_status status) {
  switch (status) {
    case PLINTH_INVALID_ARGUMENT:
      return Code::kInvalidArgument;
    case PLINTH_NOT_FOUND:
      return Code::kNotFound;
    case PLINTH_INVALID_MODEL:
      return Code::kInvalidModel;
    case PLINTH_UNSUPPORTED:
      return Code::kUnimplemented;
    case PLINTH_RESOURCE_EXHAUSTED:
      return Code::kOutOfMemory;
    case PLINTH_CANCELLED:
      return Code::kCancelled;
    case PLINTH_DEADLINE_EXCEEDED:
      return Code::kDeadlineExceeded;
    case PLINTH_UNAVAILABLE:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

bool IsElementType(plinth_dtype type) { return type >= PLINTH_BOOL && type <= PLINTH_BYTES; }

// A backend may come from anyone: its description is checked before it is believed.
Result<TensorSpec> ReadSpec(const plinth_tensor_spec& spec, std::string_view what) {
  const std::string where = std::string(what) + " '" + (spec.name ? spec.name : "") + "'";
  if (spec.name == nullptr || *spec.name == '\0') {
    return Fail(Code::kInternal,
                "the backend describes an " + std::string(what) + " without a name");
  }
  if (spec.dtype != PLINTH_DTYPE_ANY && !IsElementType(spec.dtype)) {
    return Fail(Code::kInternal, "the backend gives " + where + " an unknown type");
  }
  TensorSpec read{spec.name,          static_cast<DType>(spec.dtype),
                  std::nullopt,       spec.batch_axis,
                  spec.optional != 0, false};
  if (spec.rank != PLINTH_RANK_UNKNOWN) {
    if (spec.rank < 0 || spec.rank > static_cast<int>(Shape::kMaxRank)) {
      return Fail(Code::kInvalidModel,
                  where + " has more than " + std::to_string(Shape::kMaxRank) + " dimensions");
    }
    read.shape.emplace(std::span(spec.shape, static_cast<std::size_t>(spec.rank)));
  }
  const bool has_axis = read.batch_axis >= 0 && read.shape &&
                        static_cast<std::size_t>(read.batch_axis) < read.shape->rank();
  if (!has_axis) read.batch_axis = -1;
  return read;
}

Status ReadSpecs(const plinth_tensor_spec* specs, std::size_t count, std::string_view what,
                 std::vector<TensorSpec>& into) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < count; ++i) {
    auto spec = ReadSpec(specs[i], what);
    if (!spec) return Fail(spec.error());
    if (!names.insert(specs[i].name).second) {
      return Fail(Code::kInvalidModel,
                  "the model has two " + std::string(what) + "s named '" + spec->name + "'");
    }
    into.push_back(std::move(*spec));
  }
  return {};
}

// For a model that is declared to have no batch dimension.
void ForgetBatch(Signature& signature) {
  for (TensorSpec& spec : signature.inputs) spec.batch_axis = -1;
  for (TensorSpec& spec : signature.outputs) spec.batch_axis = -1;
}

Result<Signature> ReadSignature(const plinth_signature* described) {
  if (described == nullptr) return Fail(Code::kInternal, "the backend describes no signature");
  Signature signature;
  signature.concurrent = described->concurrent != 0;
  signature.stateful = described->stateful != 0;
  if (auto s = ReadSpecs(described->inputs, described->input_count, "input", signature.inputs);
      !s) {
    return Fail(s.error());
  }
  const bool says_nullable = described->struct_size > offsetof(plinth_signature, nullable_inputs);
  if (says_nullable && described->nullable_inputs != nullptr) {
    for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
      signature.inputs[i].nullable = described->nullable_inputs[i] != 0;
    }
  }
  if (described->struct_size > offsetof(plinth_signature, waits)) {
    signature.waits = described->waits != 0;
  }
  if (auto s = ReadSpecs(described->outputs, described->output_count, "output", signature.outputs);
      !s) {
    return Fail(s.error());
  }
  if (signature.outputs.empty()) return Fail(Code::kInvalidModel, "the model has no output");
  return signature;
}

// The user's declared tensors as the ABI wants them. Valid while `specs` is unchanged.
std::vector<plinth_tensor_spec> Declare(const std::vector<TensorSpec>& specs) {
  std::vector<plinth_tensor_spec> declared;
  declared.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    declared.push_back(
        {spec.name.c_str(), static_cast<plinth_dtype>(spec.dtype),
         spec.shape ? static_cast<std::int32_t>(spec.shape->rank()) : PLINTH_RANK_UNKNOWN,
         spec.shape ? spec.shape->dims().data() : nullptr, spec.batch_axis, spec.optional ? 1 : 0});
  }
  return declared;
}

plinth_tensor ViewOf(const NamedTensor& named) {
  const Tensor& tensor = named.tensor;
  const bool strings = tensor.dtype() == DType::kBytes;
  return {named.name.c_str(),
          static_cast<plinth_dtype>(tensor.dtype()),
          static_cast<std::uint32_t>(tensor.shape().rank()),
          tensor.shape().dims().data(),
          tensor.data().data(),
          tensor.data().size(),
          strings ? tensor.offsets().data() : nullptr};
}

// plinth_execute_request.on_cancel over a Cancellation.
void OnCancel(void* cancel_context, void (*stop)(void*), void* stop_context) {
  auto* cancellation = static_cast<Cancellation*>(cancel_context);
  if (stop == nullptr) return cancellation->Unsubscribe();
  cancellation->Subscribe(stop, stop_context);
}

// Gives a backend's output back when the last tensor over it is gone.
struct OutputOwner {
  plinth_output output;
  std::shared_ptr<const void> keep_alive;  // outlives the release

  OutputOwner(const plinth_output& o, std::shared_ptr<const void> k)
      : output(o), keep_alive(std::move(k)) {}
  OutputOwner(const OutputOwner&) = delete;
  OutputOwner& operator=(const OutputOwner&) = delete;
  ~OutputOwner() {
    if (output.release != nullptr) output.release(output.release_context);
  }
};

Result<Tensor> AdoptOutput(const std::shared_ptr<OutputOwner>& owner) {
  const plinth_tensor& raw = owner->output.tensor;
  if (!IsElementType(raw.dtype) || raw.rank > Shape::kMaxRank) {
    return Fail(Code::kInternal, "the backend gave a tensor of unknown type or too high a rank");
  }
  const Shape shape(std::span(raw.shape, raw.rank));
  Buffer data = Buffer::Share(owner, raw.data, raw.byte_size);
  if (raw.dtype != PLINTH_BYTES) {
    return Tensor::FromBuffer(static_cast<DType>(raw.dtype), shape, std::move(data));
  }
  const auto count = shape.ElementCount();
  if (!count || raw.offsets == nullptr) {
    return Fail(Code::kInternal, "the backend gave strings without offsets");
  }
  const std::size_t bytes = (static_cast<std::size_t>(*count) + 1) * sizeof(std::uint64_t);
  return Tensor::FromStrings(shape, std::move(data), Buffer::Share(owner, raw.offsets, bytes));
}

}  // namespace

// ---- LoadedModel

LoadedModel::LoadedModel(std::shared_ptr<Backend> backend, plinth_model* model)
    : backend_(std::move(backend)), model_(model) {}

LoadedModel::~LoadedModel() { backend_->table_->unload(model_); }

Status LoadedModel::Warm() {
  if (backend_->table_->warm != nullptr) {
    const plinth_status status = backend_->table_->warm(model_);
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
  const auto ran = Execute(zeros, {}, nullptr);
  if (!ran) LogDebug("warm-up with zeros failed: " + ran.error().message);
  return {};
}

Result<std::vector<NamedTensor>> LoadedModel::Execute(std::span<const NamedTensor> inputs,
                                                      std::span<const std::uint32_t> wanted,
                                                      const std::shared_ptr<const void>& keep_alive,
                                                      Cancellation* cancellation,
                                                      std::chrono::nanoseconds deadline) {
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
  const plinth_execute_request request{
      sizeof(request), views.size(),     views.data(),
      wanted.size(),   wanted.data(),    stoppable ? OnCancel : nullptr,
      cancellation,    deadline.count(), nullptr};
  plinth_execute_response response{sizeof(response), outputs.data()};
  const plinth_status status = backend_->table_->execute(model_, &request, &response);
  // Whatever the backend forgot: what it gave is gone now.
  if (stoppable) cancellation->Unsubscribe();
  if (status != PLINTH_OK) {
    Error error = backend_->LastError(status);
    const bool asked = stoppable && cancellation->cancelled();
    if (error.code == Code::kCancelled && !asked) error.code = Code::kInternal;
    return Fail(std::move(error));
  }

  // Every output gets its owner before any is looked at: a bad one must not leak the others.
  std::pmr::vector<std::shared_ptr<OutputOwner>> owners(&memory);
  owners.reserve(outputs.size());
  for (const plinth_output& output : outputs) {
    owners.push_back(std::make_shared<OutputOwner>(output, keep_alive));
  }
  std::vector<NamedTensor> tensors;
  tensors.reserve(outputs.size());
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const std::string& name = signature_.outputs[wanted[i]].name;
    auto tensor = AdoptOutput(owners[i]);
    // Whatever is wrong with it, the client is not to blame.
    if (!tensor) {
      return Fail(Code::kInternal,
                  "the backend's output '" + name + "': " + tensor.error().message);
    }
    tensors.push_back({name, std::move(*tensor)});
  }
  return tensors;
}

// ---- Backend

Result<std::shared_ptr<Backend>> Backend::Open(const std::string& path) {
  const auto refuse = [&path](std::string_view reason) {
    return Fail(Code::kUnavailable, "backend " + path +
                                        " cannot be opened: " + std::string(reason) +
                                        " (`plinth doctor` says what is missing)");
  };
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return refuse(dlerror());
  const auto entry =
      reinterpret_cast<plinth_backend_entry_fn>(dlsym(library, "plinth_backend_entry"));
  if (entry == nullptr) return refuse("it exports no plinth_backend_entry()");
  const char* reason = nullptr;
  const plinth_backend* table = entry(&kHost, &reason);
  if (table == nullptr) return refuse(reason ? reason : "it gives no reason");
  if (table->abi_version != PLINTH_ABI_VERSION) {
    return refuse("it speaks ABI version " + std::to_string(table->abi_version) +
                  ", this server speaks " + std::to_string(PLINTH_ABI_VERSION));
  }
  const bool complete = table->struct_size >= offsetof(plinth_backend, runs_code) && table->name &&
                        table->version && table->frameworks && table->probe && table->load &&
                        table->describe && table->execute && table->unload && table->last_error;
  if (!complete) return refuse("its table of functions is incomplete");
  return std::shared_ptr<Backend>(new Backend(path, table));
}

bool Backend::runs_code() const {
  return table_->struct_size > offsetof(plinth_backend, runs_code) && table_->runs_code != 0;
}

Error Backend::LastError(plinth_status status) const {
  const char* message = table_->last_error();
  std::string text = message != nullptr && *message != '\0'
                         ? message
                         : "backend " + std::string(name()) + " failed and gives no reason";
  return Error{CodeOf(status), std::move(text)};
}

Result<std::unique_ptr<LoadedModel>> Backend::Load(const std::string& model_path,
                                                   const ModelConfig& config,
                                                   const std::string& name) {
  const std::string threads = std::to_string(config.threads);
  std::vector<plinth_option> options;
  options.reserve(config.options.size() + 1);
  for (const auto& [key, value] : config.options) options.push_back({key.c_str(), value.c_str()});
  if (config.threads > 0) options.push_back({"threads", threads.c_str()});
  const auto inputs = Declare(config.inputs);
  const auto outputs = Declare(config.outputs);
  plinth_load_request request{sizeof(request), model_path.c_str(), options.size(), options.data(),
                              inputs.size(),   inputs.data(),      outputs.size(), outputs.data(),
                              nullptr,         name.c_str()};
  auto model = cache_ == nullptr ? LoadOnce(request) : LoadCompiled(request);
  if (model && config.batch_size == 0) ForgetBatch((*model)->signature_);
  return model;
}

Result<std::unique_ptr<LoadedModel>> Backend::LoadOnce(const plinth_load_request& request) {
  plinth_model* raw = nullptr;
  const plinth_status status = table_->load(&request, &raw);
  if (status != PLINTH_OK) return Fail(LastError(status));
  if (raw == nullptr) return Fail(Code::kInternal, "the backend loaded a model but gave none");

  std::unique_ptr<LoadedModel> model(new LoadedModel(shared_from_this(), raw));
  auto signature = ReadSignature(table_->describe(raw));
  if (!signature) return Fail(signature.error());
  model->signature_ = std::move(*signature);
  return model;
}

Result<std::unique_ptr<LoadedModel>> Backend::LoadCompiled(plinth_load_request& request) {
  CompiledLoad compiled(*cache_, CompiledSettings(*this, request), request.path);
  request.compiled = compiled.view();
  auto model = LoadOnce(request);
  if (compiled.ToBlame(model ? &(*model)->signature() : nullptr)) {
    if (model) model->reset();  // before the memory that it may compute with
    compiled.Discard();
    request.compiled = nullptr;
    return LoadOnce(request);
  }
  if (!model) return model;
  (*model)->compiled_ = compiled.found();
  (*model)->compiled_use_ = compiled.Finish((*model)->signature());
  return model;
}

// ---- BackendSet

std::vector<std::string> BackendSet::Names() const {
  std::set<std::string> names;
  for (const std::string& dir : dirs_) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
      std::string file = entry.path().filename();
      if (file.starts_with(kFilePrefix) && file.ends_with(kFileSuffix) &&
          file.size() > kFilePrefix.size() + kFileSuffix.size()) {
        file.resize(file.size() - kFileSuffix.size());
        names.insert(file.substr(kFilePrefix.size()));
      }
    }
  }
  return {names.begin(), names.end()};
}

Result<std::shared_ptr<Backend>> BackendSet::Get(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (const auto& backend : open_) {
    if (backend->name() == name) return backend;
  }
  const std::vector<std::string> names = Names();
  if (std::ranges::find(names, name) == names.end()) {
    std::string known;
    for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
    return Fail(Code::kNotFound, "there is no engine '" + name +
                                     "'; installed: " + (known.empty() ? "none" : known));
  }
  for (const std::string& dir : dirs_) {
    const std::string path =
        std::filesystem::path(dir) / (std::string(kFilePrefix) + name + std::string(kFileSuffix));
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    auto backend = Backend::Open(path);
    if (!backend) return Fail(backend.error());
    if ((*backend)->name() != name) {
      return Fail(Code::kUnavailable, path + " calls itself '" + std::string((*backend)->name()) +
                                          "'; the file's name must match");
    }
    (*backend)->UseCache(cache_);
    open_.push_back(*backend);
    return *backend;
  }
  return Fail(Code::kNotFound, "engine '" + name + "' is gone");
}

}  // namespace plinth
