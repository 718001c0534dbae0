#include "api/tfserving/signature_def.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/tfserving/data_type.h"
#include "api/tfserving/model_outputs.h"
#include "base/json_writer.h"

namespace plinth::api::tfserving {
namespace {

std::vector<TensorInfo> InfosOf(const std::vector<TensorSpec>& specs) {
  std::vector<TensorInfo> infos;
  infos.reserve(specs.size());
  for (const TensorSpec& spec : specs) infos.push_back({spec.name, &spec});
  return infos;
}

std::vector<TensorInfo> OutputsFor(const Signature& signature, std::string_view method) {
  if (method == kPredictMethod) return InfosOf(signature.outputs);
  std::vector<TensorInfo> infos;
  const auto add = [&](std::string key, std::optional<std::size_t> index) {
    if (index) infos.push_back({std::move(key), &signature.outputs[*index]});
  };
  if (method == kClassifyMethod) {
    const auto found = ClassOutputsOf(signature);
    if (!found) return {};
    add("classes", found->classes);
    add("scores", found->scores);
  } else {
    add("outputs", RegressionOutputOf(signature));
  }
  return infos;
}

void WriteInfos(JsonWriter& json, std::string_view key, const std::vector<TensorInfo>& infos) {
  json.Key(key).BeginObject();
  for (const TensorInfo& info : infos) {
    json.Key(info.key).BeginObject();
    json.Key("dtype").Value(DataTypeName(info.spec->dtype));
    json.Key("tensor_shape").BeginObject();
    json.Key("dim").BeginArray();
    if (info.spec->shape) {
      for (const std::int64_t dim : info.spec->shape->dims()) {
        json.BeginObject();
        json.Key("size").Value(std::to_string(dim));
        json.Key("name").Value("");
        json.EndObject();
      }
    }
    json.EndArray();
    json.Key("unknown_rank").Value(!info.spec->shape.has_value());
    json.EndObject();
    json.Key("name").Value(GraphName(*info.spec));
    json.EndObject();
  }
  json.EndObject();
}

}  // namespace

std::string GraphName(const TensorSpec& spec) { return spec.name + ":0"; }

std::string MainSignature(const ModelConfig& config) {
  const auto it = config.options.find("signature");
  return it == config.options.end() ? std::string(kDefaultSignature) : it->second;
}

bool HasSignature(const ModelConfig& config, std::string_view method, std::string_view name) {
  if (name.empty() || name == kDefaultSignature || name == MainSignature(config)) return true;
  return (method == kClassifyMethod && name == kClassification) ||
         (method == kRegressMethod && name == kRegression);
}

ModelSpec Answered(ModelSpec spec) {
  if (spec.signature_name.empty()) spec.signature_name = kDefaultSignature;
  return spec;
}

std::vector<SignatureDef> SignaturesOf(const VersionInfo& version) {
  const Signature& signature = version.signature;
  std::vector<SignatureDef> signatures;
  const auto add = [&](std::string name, std::string_view method) {
    auto outputs = OutputsFor(signature, method);
    if (outputs.empty() && method != kPredictMethod) return;
    signatures.push_back({std::move(name), method, InfosOf(signature.inputs), std::move(outputs)});
  };
  add(std::string(kDefaultSignature), kPredictMethod);
  if (const std::string main = MainSignature(version.config); main != kDefaultSignature)
    add(main, kPredictMethod);
  add(std::string(kClassification), kClassifyMethod);
  add(std::string(kRegression), kRegressMethod);
  return signatures;
}

std::string EncodeMetadata(const VersionInfo& version) {
  JsonWriter json;
  json.BeginObject();
  json.Key("model_spec").BeginObject();
  json.Key("name").Value(version.name);
  json.Key("signature_name").Value("");
  const auto number = VersionNumber(version.version);
  json.Key("version").Value(number ? std::to_string(*number) : version.version);
  json.EndObject();
  json.Key("metadata").BeginObject();
  json.Key("signature_def").BeginObject();
  json.Key("signature_def").BeginObject();
  for (const SignatureDef& signature : SignaturesOf(version)) {
    json.Key(signature.name).BeginObject();
    WriteInfos(json, "inputs", signature.inputs);
    WriteInfos(json, "outputs", signature.outputs);
    json.Key("method_name").Value(signature.method);
    json.EndObject();
  }
  for (int depth = 0; depth < 4; ++depth) json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::tfserving
