#include "javascript/model.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace plinth::javascript {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

const plinth_host* g_host = nullptr;

// What went wrong while the code was started, for whoever deploys it.
kit::Failure LoadFailure(kit::Failure failure) {
  if (failure.status == PLINTH_DEADLINE_EXCEEDED) {
    failure.message =
        "the code did not finish loading in time; \"load_timeout_ms\" in \"options\" allows more";
  }
  if (failure.status != PLINTH_INVALID_ARGUMENT) failure.status = PLINTH_INVALID_MODEL;
  return failure;
}

kit::Result<Setup> SetupOf(const plinth_load_request& request) {
  const auto options = kit::Options::Read(request, {"function", "parameters", "memory_mb",
                                                    "load_timeout_ms", "share_inputs", "threads"});
  if (!options) return kit::Fail(options.error());
  const auto memory_mb = options->Number("memory_mb", 16, 65536, 256);
  if (!memory_mb) return kit::Fail(memory_mb.error());
  const auto timeout_ms = options->Number("load_timeout_ms", 1, 3'600'000, 30'000);
  if (!timeout_ms) return kit::Fail(timeout_ms.error());
  const auto threads = options->Number("threads", 0, kit::kMaxThreads, 0);
  if (!threads) return kit::Fail(threads.error());
  const auto share_inputs = options->Flag("share_inputs", false);
  if (!share_inputs) return kit::Fail(share_inputs.error());
  Setup setup;
  setup.host = g_host;
  setup.function = options->Text("function", setup.function);
  setup.parameters = options->Text("parameters", setup.parameters);
  setup.memory_limit = static_cast<std::size_t>(*memory_mb) << 20;
  setup.share_inputs = *share_inputs;
  setup.load_timeout_ns = *timeout_ms * kNsPerMs;
  const std::string_view name = request.name != nullptr ? request.name : "";
  setup.name = name.substr(0, name.find('/'));
  setup.version = name.substr(std::min(name.find('/'), name.size() - 1) + 1);
  setup.declared_inputs = kit::CopySpecs(request.declared_inputs, request.declared_input_count);
  setup.declared_outputs = kit::CopySpecs(request.declared_outputs, request.declared_output_count);
  return setup;
}

}  // namespace

void SetHost(const plinth_host* host) { g_host = host; }

kit::Result<std::unique_ptr<Model>> Model::Load(const plinth_load_request& request) {
  kit::Result<Setup> setup = SetupOf(request);
  if (!setup) return kit::Fail(std::move(setup.error()));
  kit::Result<Modules> modules = Modules::Open(request.path);
  if (!modules) return kit::Fail(std::move(modules.error()));
  std::unique_ptr<Model> model(new Model(std::move(*modules), std::move(*setup)));
  kit::Result<ScriptSignature> signature = model->Start();
  if (!signature) return kit::Fail(std::move(signature.error()));
  model->signature_.emplace(std::move(signature->inputs), std::move(signature->outputs),
                            kit::Traits{.stateful = signature->stateful,
                                        .waits = true,
                                        .decoupled = signature->decoupled,
                                        .uses_parameters = true});
  return model;
}

kit::Result<ScriptSignature> Model::Start() {
  script_.reset();
  auto script = std::make_unique<Script>(modules_, setup_);
  kit::Result<ScriptSignature> signature = script->Load();
  if (!signature) return kit::Fail(LoadFailure(std::move(signature.error())));
  script_ = std::move(script);
  return signature;
}

kit::Status Model::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  if (script_ == nullptr) {
    const auto started = Start();
    if (!started) return kit::Fail(PLINTH_INTERNAL, started.error().message);
  }
  const kit::Status status = script_->Execute(request, *signature_, outputs);
  if (script_->IsSpent()) script_.reset();
  return status;
}

}  // namespace plinth::javascript
