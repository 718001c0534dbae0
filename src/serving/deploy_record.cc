#include "serving/deploy_record.h"

#include <utility>

#include "base/json_writer.h"
#include "model/config.h"
#include "model/json_fields.h"

namespace plinth {
namespace {

constexpr std::string_view kKeys[] = {"path", "framework", "engine", "config"};

}  // namespace

std::string EncodeDeployment(const DeploySpec& spec) {
  JsonWriter json;
  json.BeginObject();
  json.Key("path").Value(spec.path);
  if (!spec.framework.empty()) json.Key("framework").Value(spec.framework);
  if (!spec.engine.empty()) json.Key("engine").Value(spec.engine);
  json.Key("config").Raw(EncodeModelConfig(spec.config));
  json.EndObject();
  return std::move(json).Take();
}

Result<DeploySpec> ParseDeployment(std::string_view text) {
  const auto document = json::Document::ParseObject(text, "a deployment");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "a deployment's");
  if (!fields) return Fail(fields.error());
  DeploySpec spec;
  for (const json::Field& field : *fields) {
    if (field.key == "config") {
      auto config = ParseModelConfig(simdjson::minify(field.value));
      if (!config) return Fail(std::move(config.error()));
      spec.config = *std::move(config);
      continue;
    }
    std::string* const to = field.key == "path"        ? &spec.path
                            : field.key == "framework" ? &spec.framework
                            : field.key == "engine"    ? &spec.engine
                                                       : nullptr;
    if (to == nullptr) return field.Unknown(kKeys);
    auto value = field.Text();
    if (!value) return Fail(std::move(value.error()));
    *to = *std::move(value);
  }
  return spec;
}

}  // namespace plinth
