#include "api/native/deploy_codec.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "api/http/names.h"
#include "api/native/release_codec.h"
#include "base/utc_time.h"
#include "model/config.h"
#include "model/json_fields.h"
#include "model/release_config.h"
#include "model/signature_text.h"

namespace plinth::api {
namespace {

constexpr std::string_view kKeys[] = {"name",    "path",   "framework", "engine",
                                      "version", "config", "replace"};

// Reads one member into `spec`.
Status ReadField(const json::Field& field, DeploySpec& spec) {
  if (field.key == "replace") {
    const auto replace = field.Boolean();
    if (!replace) return Fail(replace.error());
    spec.replace = *replace;
    return {};
  }
  if (field.key == "config") {
    if (const auto object = field.Object(); !object) return Fail(object.error());
    auto config = ParseModelConfig(simdjson::minify(field.value));
    if (!config) return Fail(std::move(config.error()));
    spec.config = *std::move(config);
    return {};
  }
  std::string* const to = field.key == "name"        ? &spec.name
                          : field.key == "path"      ? &spec.path
                          : field.key == "framework" ? &spec.framework
                          : field.key == "engine"    ? &spec.engine
                          : field.key == "version"   ? &spec.version
                                                     : nullptr;
  if (to == nullptr) return field.Unknown(kKeys);
  auto text = field.Text();
  if (!text) return Fail(std::move(text.error()));
  // The request's path may have named it already.
  if (!to->empty() && *to != *text) {
    return Fail(Code::kInvalidArgument, "the body's " + std::string(field.key) + " '" +
                                            text->substr(0, 128) + "' is not the path's '" + *to +
                                            "'; leave one of them out");
  }
  *to = *std::move(text);
  return {};
}

// `columns`: what those of the only one are called, if they have names.
void WriteSpecs(JsonWriter& json, std::string_view key, const std::vector<TensorSpec>& specs,
                std::span<const TensorSpec> columns = {}) {
  json.Key(key).BeginArray();
  for (const TensorSpec& spec : specs) {
    json.BeginObject();
    WriteSpecMembers(json, spec);
    if (!columns.empty()) {
      json.Key("columns").BeginArray();
      for (const TensorSpec& column : columns) json.Value(column.name);
      json.EndArray();
    }
    json.EndObject();
  }
  json.EndArray();
}

void WriteState(JsonWriter& json, const VersionInfo& info) {
  json.Key("version").Value(info.version);
  json.Key("framework").Value(info.framework);
  json.Key("engine").Value(info.engine);
  json.Key("state").Value(NameOf(info.state));
  if (!info.error.empty()) json.Key("error").Value(info.error);
  json.Key("load_ms").Fixed(info.load_ms, 3);
  if (info.compiled != CompiledUse::kNone) {
    json.Key("compiled_cache").Value(NameOf(info.compiled));
  }
  if (info.failed_reload) {
    json.Key("failed_reload").BeginObject();
    json.Key("time").Value(UtcTime(info.failed_reload->time_ms));
    json.Key("error").Value(info.failed_reload->message);
    json.EndObject();
  }
}

void WriteSignature(JsonWriter& json, const VersionInfo& info) {
  WriteSpecs(json, "inputs", info.signature.inputs, info.signature.columns);
  WriteSpecs(json, "outputs", info.signature.outputs);
  if (info.warnings.empty()) return;
  json.Key("warnings").BeginArray();
  for (const std::string& warning : info.warnings) json.Value(warning);
  json.EndArray();
}

// The members of a version with all that is known of it.
void WriteEverything(JsonWriter& json, const VersionInfo& info, const VersionFigures& figures) {
  WriteState(json, info);
  json.Key("path").Value(info.path);
  WriteSignature(json, info);
  json.Key("config").Raw(EncodeModelConfig(info.config));
  WriteFigures(json, figures);
}

}  // namespace

Result<DeploySpec> DecodeDeploy(std::string_view body, const std::string& name,
                                const std::string& version) {
  const auto document = json::Document::ParseObject(body, "the body");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "the body's");
  if (!fields) return Fail(fields.error());
  DeploySpec spec;
  spec.name = name;
  spec.version = version;
  for (const json::Field& field : *fields) {
    if (auto read = ReadField(field, spec); !read) return Fail(std::move(read.error()));
  }
  if (spec.name.empty())
    return Fail(Code::kInvalidArgument, "the body has no \"name\" for the model");
  if (spec.path.empty()) {
    return Fail(Code::kInvalidArgument, "the body has no \"path\" to the model's file or folder");
  }
  if (spec.version.empty()) spec.version = DeploySpec().version;
  if (auto allowed = CheckName("model name", spec.name); !allowed) return Fail(allowed.error());
  if (auto allowed = CheckName("version", spec.version); !allowed) return Fail(allowed.error());
  return spec;
}

Result<std::string> DecodeReload(std::string_view body) {
  std::string version;
  if (body.empty()) return version;
  const auto document = json::Document::ParseObject(body, "the body");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "the body's");
  if (!fields) return Fail(fields.error());
  constexpr std::string_view kKnown[] = {"version"};
  for (const json::Field& field : *fields) {
    if (field.key != "version") return field.Unknown(kKnown);
    auto text = field.Text();
    if (!text) return Fail(std::move(text.error()));
    if (auto allowed = CheckName("version", *text); !allowed) return Fail(allowed.error());
    version = *std::move(text);
  }
  return version;
}

std::string EncodeReloaded(std::string_view name, std::span<const VersionInfo> reloaded) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(name);
  json.Key("reloaded").BeginArray();
  for (const VersionInfo& info : reloaded) {
    json.BeginObject();
    WriteState(json, info);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeRemoved(std::string_view name, std::string_view version) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(name);
  if (!version.empty()) json.Key("version").Value(version);
  json.Key("removed").Value(true);
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeDeployed(const VersionInfo& info) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(info.name);
  WriteState(json, info);
  WriteSignature(json, info);
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeVersion(const VersionInfo& info, const VersionFigures& figures) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(info.name);
  WriteEverything(json, info, figures);
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeModel(const ModelInfo& model, std::span<const VersionFigures> figures) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(model.name);
  json.Key("versions").BeginArray();
  for (std::size_t i = 0; i < model.versions.size(); ++i) {
    json.BeginObject();
    WriteEverything(json, model.versions[i], figures[i]);
    json.EndObject();
  }
  json.EndArray();
  if (model.traffic != nullptr) {
    json.Key("traffic").BeginObject();
    WriteTraffic(json, *model.traffic);
    json.EndObject();
  }
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeModels(std::span<const ModelInfo> models) {
  JsonWriter json;
  json.BeginObject();
  json.Key("models").BeginArray();
  for (const ModelInfo& model : models) {
    json.BeginObject();
    json.Key("name").Value(model.name);
    json.Key("versions").BeginArray();
    for (const VersionInfo& info : model.versions) {
      json.BeginObject();
      WriteState(json, info);
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api
