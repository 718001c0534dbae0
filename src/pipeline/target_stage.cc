#include "pipeline/target_stage.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/nearest.h"
#include "pipeline/branch.h"
#include "pipeline/builtin.h"
#include "pipeline/model_stage.h"
#include "pipeline/switch_stage.h"

namespace plinth::pipeline {
namespace {

constexpr std::string_view kImage = "image";
constexpr std::string_view kTokenize = "tokenize";
constexpr std::string_view kTokenizer = "tokenizer";

Result<StagePtr> DeployedStage(const TargetSpec& target, const CompileContext& context) {
  if (target.model == context.name) {
    return Fail(Code::kInvalidArgument, "the pipeline cannot be a step of itself");
  }
  context.state.members.emplace(target.model, target.version);
  auto signature = context.host.SignatureOf(target.model, target.version);
  if (!signature) return Fail(std::move(signature.error()));
  if (auto ends = context.host.CheckChain(context.name, target.model, target.version); !ends) {
    return Fail(std::move(ends.error()));
  }
  return std::make_shared<ModelStage>(*std::move(signature), target.model, target.version);
}

// A model that only the pipeline knows: in the metrics it is "pipeline/step", of the first step
// that it is for.
Result<StagePtr> OwnStage(DeploySpec spec, const std::string& step, const CompileContext& context) {
  const std::string key = fmt::format("{}\n{}\n{}\n{}", spec.path, spec.framework, spec.engine,
                                      EncodeModelConfig(spec.config));
  auto& own = context.state.own;
  if (const auto known = own.find(key); known != own.end()) return known->second;
  if (own.size() == kMaxOwn) {
    return Fail(Code::kInvalidArgument, "a pipeline may have at most " + std::to_string(kMaxOwn) +
                                            " models of its own; deploy some by themselves");
  }
  spec.name = context.name + "/" + context.path + step;
  spec.version = context.version;
  auto version = context.host.LoadOwn(std::move(spec), context.state.members);
  if (!version) return Fail(std::move(version.error()));
  StagePtr stage = std::make_shared<OwnModelStage>(*std::move(version), context.host);
  own.emplace(key, stage);
  return stage;
}

Result<StagePtr> FileStage(const TargetSpec& target, const std::string& step,
                           const CompileContext& context) {
  DeploySpec spec;
  spec.framework = target.framework;
  spec.engine = target.engine;
  spec.path = std::filesystem::path(context.folder) / target.file;
  spec.config = target.config;
  return OwnStage(std::move(spec), step, context);
}

// A built-in step that is an engine of its own.
Result<StagePtr> EngineStage(const TargetSpec& target, const std::string& step,
                             const CompileContext& context) {
  auto config = ParseModelConfig(R"({"options":)" + target.options + "}");
  if (!config) return Fail(config.error());
  DeploySpec spec;
  if (target.builtin == kTokenize) {
    const auto vocabulary = config->options.extract("vocab");
    if (vocabulary.empty()) {
      return Fail(Code::kInvalidArgument,
                  "the option 'vocab' is missing: the name of a vocab.txt beside the pipeline");
    }
    spec.path = std::filesystem::path(context.folder) / vocabulary.mapped();
  }
  spec.framework = target.builtin == kTokenize ? kTokenizer : kImage;
  spec.engine = spec.framework;
  spec.config = *std::move(config);
  return OwnStage(std::move(spec), step, context);
}

Result<StagePtr> BuiltinStageOf(const TargetSpec& target, const std::vector<TensorSpec>& flows,
                                const std::string& step, const CompileContext& context) {
  if (target.builtin == kImage || target.builtin == kTokenize) {
    return EngineStage(target, step, context);
  }
  const BuiltinKind* kind = FindBuiltin(target.builtin);
  if (kind != nullptr) return MakeBuiltin(*kind, target.options, flows, context.host);
  std::string known;
  for (const std::string_view name : BuiltinNames()) {
    known += known.empty() ? "" : ", ";
    known += name;
  }
  return Fail(Code::kInvalidArgument, "there is no built-in step '" + target.builtin + "'" +
                                          DidYouMean(target.builtin, BuiltinNames()) +
                                          "; there are " + known);
}

Result<StagePtr> ChoiceStage(const SwitchSpec& choice, const std::vector<TensorSpec>& flows,
                             const std::string& step, const CompileContext& context) {
  std::vector<SwitchStage::Case> cases;
  std::vector<StagePtr> stages;
  std::vector<std::string> titles;
  for (const auto& [value, target] : choice.cases) {
    titles.push_back(choice.is_if ? "\"then\"" : "case '" + value + "'");
    auto stage = StageOf(target, flows, step + "." + value, context);
    if (!stage) return Fail(stage.error().Annotate(titles.back()));
    stages.push_back(*stage);
    cases.push_back({value, *std::move(stage)});
  }
  StagePtr otherwise;
  if (choice.otherwise != nullptr) {
    titles.emplace_back(choice.is_if ? "\"else\"" : "\"default\"");
    auto stage = StageOf(*choice.otherwise, flows, step + ".else", context);
    if (!stage) return Fail(stage.error().Annotate(titles.back()));
    otherwise = *std::move(stage);
    stages.push_back(otherwise);
  }
  auto signature = CommonSignature(stages, titles);
  if (!signature) return Fail(std::move(signature.error()));
  TensorSpec chooser;
  chooser.name = ChooserPort(choice.ref);
  if (signature->FindInput(chooser.name) == nullptr) signature->inputs.push_back(chooser);
  return std::make_shared<SwitchStage>(*std::move(signature), chooser.name, choice.is_if,
                                       std::move(cases), std::move(otherwise));
}

void AddChoosers(const TargetSpec& target, std::vector<std::string>& refs) {
  if (target.choice == nullptr) return;
  refs.push_back(target.choice->ref);
  for (const auto& [value, branch] : target.choice->cases) AddChoosers(branch, refs);
  if (target.choice->otherwise != nullptr) AddChoosers(*target.choice->otherwise, refs);
}

}  // namespace

std::string ChooserPort(const std::string& ref) { return std::string(1, '\0') + ref; }

std::vector<std::string> ChoosersOf(const TargetSpec& target) {
  std::vector<std::string> refs;
  AddChoosers(target, refs);
  std::ranges::sort(refs);
  const auto repeated = std::ranges::unique(refs);
  refs.erase(repeated.begin(), repeated.end());
  return refs;
}

std::string BuiltinPort(const TargetSpec& target) {
  const BuiltinKind* kind = FindBuiltin(target.builtin);
  return kind == nullptr ? "" : std::string(kind->input);
}

Result<StagePtr> StageOf(const TargetSpec& target, const std::vector<TensorSpec>& flows,
                         const std::string& step, const CompileContext& context) {
  if (++context.state.targets > kMaxTargets) {
    return Fail(Code::kInvalidArgument,
                "the pipeline has more than " + std::to_string(kMaxTargets) + " targets");
  }
  if (!target.model.empty()) return DeployedStage(target, context);
  if (!target.file.empty()) return FileStage(target, step, context);
  if (!target.builtin.empty()) return BuiltinStageOf(target, flows, step, context);
  if (target.choice != nullptr) return ChoiceStage(*target.choice, flows, step, context);
  CompileContext inner = context;
  inner.path += step + ".";
  return Compile(*target.graph, flows, inner);
}

}  // namespace plinth::pipeline
