#include "api/openinference/metadata.h"

#include <utility>

#include "base/json_writer.h"
#include "model/triton_description.h"

namespace plinth::api::openinference {
namespace {

// Where not even the rank is known a vector of any size is the least that clients understand.
std::vector<std::int64_t> ShapeOf(const TensorSpec& spec) {
  if (!spec.shape) return {-1};
  const auto dims = spec.shape->dims();
  return {dims.begin(), dims.end()};
}

std::vector<TensorMetadata> Tensors(const std::vector<TensorSpec>& specs) {
  std::vector<TensorMetadata> tensors;
  tensors.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    tensors.push_back({spec.name, NameOf(spec.dtype), ShapeOf(spec)});
  }
  return tensors;
}

void Write(JsonWriter& json, std::string_view key, const std::vector<TensorMetadata>& tensors) {
  json.Key(key).BeginArray();
  for (const TensorMetadata& tensor : tensors) {
    json.BeginObject();
    json.Key("name").Value(tensor.name);
    json.Key("datatype").Value(tensor.datatype);
    json.Key("shape").BeginArray();
    json.Elements(tensor.shape);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string_view PlatformOf(const VersionInfo& version) {
  if (version.triton != nullptr && !version.triton->ensemble.empty()) return "ensemble";
  if (version.engine == "onnxruntime") return "onnxruntime_onnx";
  if (version.engine == "pytorch") return "pytorch_libtorch";
  if (version.engine == "tensorflow") return "tensorflow_savedmodel";
  return {};
}

ModelMetadata MetadataOf(const FoundVersion& found, bool names_version) {
  const VersionInfo& version = found.version();
  const std::string_view platform = PlatformOf(version);
  ModelMetadata metadata{.name = found.model.name,
                         .versions = {},
                         .platform = platform.empty() ? std::string_view(version.engine) : platform,
                         .inputs = Tensors(version.signature.inputs),
                         .outputs = Tensors(version.signature.outputs)};
  for (const VersionInfo& other : found.model.versions) {
    if (names_version ? &other == &version : IsServable(other)) {
      metadata.versions.push_back(other.version);
    }
  }
  return metadata;
}

std::string EncodeMetadata(const ModelMetadata& metadata) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(metadata.name);
  json.Key("versions").BeginArray();
  for (const std::string_view version : metadata.versions) json.Value(version);
  json.EndArray();
  json.Key("platform").Value(metadata.platform);
  Write(json, "inputs", metadata.inputs);
  Write(json, "outputs", metadata.outputs);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::openinference
