#include "pipeline/pipeline_backend.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "model/signature_text.h"
#include "pipeline/compile.h"
#include "pipeline/flow_check.h"
#include "pipeline/spec.h"
#include "pipeline/stage.h"
#include "repository/model_files.h"

namespace plinth::pipeline {
namespace {

constexpr std::string_view kOption = "pipeline";

class PipelineModel final : public LoadedModel, public AsyncModel {
 public:
  PipelineModel(StagePtr stage, Host& host) : stage_(std::move(stage)), host_(host) {
    signature_ = stage_->signature();
  }

  AsyncModel* async() override { return this; }
  Status Warm() override { return {}; }  // what it asks was warmed up when it was loaded

  Result<std::vector<NamedTensor>> Execute(std::span<const NamedTensor> inputs,
                                           std::span<const std::uint32_t> wanted,
                                           const std::shared_ptr<const void>& keep_alive,
                                           const ExecuteOptions& options) override;

  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             std::shared_ptr<const ModelCaller> caller, ModelCallDone done) override {
    if (wanted.empty()) {
      wanted.resize(signature_.outputs.size());
      std::iota(wanted.begin(), wanted.end(), 0U);
    }
    StageContext context{std::move(caller)};
    context.host = &host_;
    stage_->Start(std::move(inputs), std::move(wanted), context, std::move(done));
  }

 private:
  const StagePtr stage_;
  Host& host_;
};

// Waits: for rehearsals. The tensors of others keep themselves.
Result<std::vector<NamedTensor>> PipelineModel::Execute(
    std::span<const NamedTensor> inputs, std::span<const std::uint32_t> wanted,
    const std::shared_ptr<const void>& /*keep_alive*/, const ExecuteOptions& options) {
  if (options.caller == nullptr) {
    return Fail(Code::kFailedPrecondition, "a pipeline runs only for a request");
  }
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<ModelAnswer>> answer;
    bool caller_is_free = false;
  };
  const auto waiting = std::make_shared<Waiting>();
  // The caller lives until this returns: steps that another's failure has left alone may hold it
  // longer than until the answer.
  std::shared_ptr<const ModelCaller> caller(options.caller, [waiting](const ModelCaller*) {
    const std::lock_guard lock(waiting->mutex);
    waiting->caller_is_free = true;
    waiting->changed.notify_one();
  });
  Start({inputs.begin(), inputs.end()}, {wanted.begin(), wanted.end()}, std::move(caller),
        [waiting](Result<ModelAnswer> answer) {
          const std::lock_guard lock(waiting->mutex);
          waiting->answer = std::move(answer);
          waiting->changed.notify_one();
        });
  std::unique_lock lock(waiting->mutex);
  waiting->changed.wait(lock, [&] { return waiting->answer && waiting->caller_is_free; });
  if (!*waiting->answer) return Fail(std::move(waiting->answer->error()));
  return std::move((*waiting->answer)->outputs);
}

// What a pipeline.ts says: it is loaded as a model that gives the pipeline that it exports.
Result<std::string> TextOfProgram(const std::string& path, const std::string& name, Host& host,
                                  Members& members) {
  DeploySpec spec;
  spec.name = name.substr(0, name.rfind('/')) + "/pipeline";
  spec.version = name.substr(name.rfind('/') + 1);
  spec.path = path;
  spec.framework = "javascript";
  spec.config.options["function"] = "@pipeline";
  auto program = host.LoadOwn(std::move(spec), members);
  if (!program) return Fail(std::move(program.error()));
  auto text = [&]() -> Result<std::string> {
    const auto answer = (*program)->Execute({}, {});
    if (!answer) return Fail(answer.error());
    return std::string(answer->front().tensor.string_at(0));
  }();
  host.Retire(**program);
  return text;
}

bool IsProgram(const std::string& path) { return path.ends_with(".ts") || path.ends_with(".js"); }

Result<std::string> TextOf(const std::string& path, const ModelConfig& config,
                           const std::string& name, Host& host, Members& members) {
  for (const auto& [key, value] : config.options) {
    if (key == kOption) return value;
    return Fail(Code::kInvalidArgument, "option '" + key + "' is unknown to pipelines; known is '" +
                                            std::string(kOption) + "'");
  }
  if (IsProgram(path)) return TextOfProgram(path, name, host, members);
  auto text = ReadConfigFile(path);
  if (!text) return Fail(Code::kInvalidModel, text.error().message);
  if (!*text) return Fail(Code::kNotFound, "there is no file " + path);
  return **std::move(text);
}

// Whether the pipeline gives what the deployment's configuration says.
Status CheckOutputs(const std::vector<TensorSpec>& declared, const Signature& signature) {
  for (const TensorSpec& spec : declared) {
    const auto index = signature.FindOutput(spec.name);
    if (!index) {
      return Fail(Code::kInvalidArgument, "the configuration declares an output '" + spec.name +
                                              "', and the pipeline gives " +
                                              NamesOf(signature.outputs));
    }
    auto fits = CheckFlow(signature.outputs[*index], "output '" + spec.name + "'", spec,
                          "its declaration in the configuration");
    if (!fits) return Fail(std::move(fits.error()));
    const DType given = signature.outputs[*index].dtype;
    if (*fits != DType::kAny && *fits != given) {
      return Fail(Code::kInvalidArgument, "output '" + spec.name + "' is " +
                                              std::string(NameOf(given)) + ", and declared as " +
                                              std::string(NameOf(spec.dtype)));
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LoadedModel>> PipelineBackend::Load(const std::string& model_path,
                                                           const ModelConfig& config,
                                                           const std::string& name,
                                                           Members& members) {
  if (host_ == nullptr) return Fail(Code::kUnavailable, "pipelines are loaded by servers only");
  const auto text = TextOf(model_path, config, name, *host_, members);
  if (!text) return Fail(text.error());
  const auto spec = ParsePipeline(*text);
  if (!spec) return Fail(Code::kInvalidModel, spec.error().message);
  const std::filesystem::path path(model_path);
  const std::size_t slash = name.rfind('/');
  CompileState state{.members = members};
  const CompileContext context{
      .host = *host_,
      .state = state,
      .folder = std::filesystem::is_directory(path) ? path : path.parent_path(),
      .name = name.substr(0, slash),
      .version = slash == std::string::npos ? "" : name.substr(slash + 1)};
  auto stage = Compile(*spec, config.inputs, context);
  if (stage) {
    if (auto as_said = CheckOutputs(config.outputs, (*stage)->signature()); !as_said)
      stage = Fail(std::move(as_said.error()));
  }
  if (!stage) {
    // What is wrong with the text is wrong with the model.
    const bool of_text = stage.error().code == Code::kInvalidArgument;
    return Fail(of_text ? Code::kInvalidModel : stage.error().code,
                std::move(stage.error().message));
  }
  return std::make_unique<PipelineModel>(*std::move(stage), *host_);
}

}  // namespace plinth::pipeline
