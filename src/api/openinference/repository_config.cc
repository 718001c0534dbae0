#include "api/openinference/repository_config.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "base/base64.h"
#include "model/config.h"
#include "model/json_fields.h"

namespace plinth::api::openinference {
namespace {

using json::Field;
using json::FieldsOf;

constexpr std::string_view kFilePrefix = "file:";
constexpr std::int64_t kMicrosecondsPerMs = 1000;
constexpr std::int64_t kCacheSize = 1000;  // answers, where a cache is asked for by "enable" only
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Our engine for one of Triton's backends or platforms; empty: chosen by the files.
struct EngineName {
  std::string_view triton;
  std::string_view engine;
};
constexpr EngineName kEngines[] = {
    {"onnxruntime", "onnxruntime"},  {"onnxruntime_onnx", "onnxruntime"},
    {"openvino", "openvino"},        {"pytorch", "pytorch"},
    {"pytorch_libtorch", "pytorch"}, {"tensorflow", ""},
    {"tensorflow_savedmodel", ""},   {"tensorflow_graphdef", ""},
    {"sklearn", "sklearn"},          {"", ""},
};

Status ReadEngine(const Field& field, DeploySpec& spec) {
  std::string_view name;
  if (field.value.get(name) != simdjson::SUCCESS) return field.Refuse("a string");
  const auto known = std::ranges::find(kEngines, name, &EngineName::triton);
  if (known == std::end(kEngines)) {
    return field.Refuse("onnxruntime, openvino, pytorch, tensorflow or sklearn");
  }
  if (!known->engine.empty()) spec.engine = std::string(known->engine);
  return {};
}

// `read` gets each member of an object.
template <typename Read>
Status ForEach(const Field& field, Read read) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const auto members = FieldsOf(*object, field.key);
  if (!members) return Fail(members.error());
  for (const Field& member : *members) {
    if (Status done = read(member); !done) return done;
  }
  return {};
}

// Integers may be strings, as protobuf writes those of 64 bits.
Result<std::int64_t> Integer(const Field& field, std::int64_t least, std::int64_t most) {
  std::string_view text;
  if (field.value.get(text) != simdjson::SUCCESS) return field.Integer(least, most);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
    return field.Refuse("a number");
  return number;
}

Status ReadInto(const Field& field, std::int64_t least, std::int64_t most, std::int64_t& to) {
  const auto number = Integer(field, least, most);
  if (!number) return Fail(number.error());
  to = *number;
  return {};
}

std::int64_t Milliseconds(std::int64_t microseconds) {
  return microseconds / kMicrosecondsPerMs + (microseconds % kMicrosecondsPerMs > 0 ? 1 : 0);
}

Status ReadQueuePolicy(const Field& field, ModelConfig& config) {
  std::int64_t number = 0;
  if (field.key == "max_queue_size") {
    if (auto read = ReadInto(field, 0, kMost, number); !read) return read;
    if (number > 0) config.max_queue = number;
  } else if (field.key == "default_timeout_microseconds") {
    if (auto read = ReadInto(field, 0, kMost, number); !read) return read;
    if (number > 0) config.timeout_ms = Milliseconds(number);
  }
  return {};
}

Status ReadBatching(const Field& field, ModelConfig& config) {
  if (field.key == "max_queue_delay_microseconds") {
    std::int64_t number = 0;
    if (auto read = ReadInto(field, 0, kMost, number); !read) return read;
    config.batch_timeout_ms = Milliseconds(number);
  } else if (field.key == "preferred_batch_size") {
    const auto sizes = field.Array();
    if (!sizes) return Fail(sizes.error());
    config.preferred_batch_sizes.clear();
    for (const simdjson::dom::element size : *sizes) {
      auto& added = config.preferred_batch_sizes.emplace_back();
      if (auto read = ReadInto({field.what, field.key, size}, 1, kMost, added); !read) return read;
    }
    std::ranges::sort(config.preferred_batch_sizes);
  } else if (field.key == "default_queue_policy") {
    return ForEach(field, [&](const Field& member) { return ReadQueuePolicy(member, config); });
  }
  return {};
}

Status ReadInstances(const Field& field, ModelConfig& config) {
  const auto groups = field.Array();
  if (!groups) return Fail(groups.error());
  std::int64_t instances = 0;
  for (const simdjson::dom::element group : *groups) {
    const Field element{field.what, field.key, group};
    auto read = ForEach(element, [&](const Field& member) -> Status {
      std::int64_t count = 0;
      if (member.key != "count") return {};
      if (auto counted = ReadInto(member, 0, ModelVersion::kMaxCopies, count); !counted)
        return counted;
      instances += count;
      return {};
    });
    if (!read) return read;
  }
  if (instances > 0) config.instances = {instances, instances};
  return {};
}

Status ReadParameter(const Field& parameter, ModelConfig& config) {
  return ForEach(parameter, [&](const Field& value) -> Status {
    std::string_view text;
    if (value.key != "string_value" || value.value.get(text) != simdjson::SUCCESS)
      return value.Refuse("{\"string_value\": \"...\"}");
    config.options[std::string(parameter.key)] = std::string(text);
    return {};
  });
}

Status ReadConfig(const Field& field, DeploySpec& spec) {
  ModelConfig& config = spec.config;
  if (field.key == "backend" || field.key == "platform") return ReadEngine(field, spec);
  if (field.key == "name") {
    std::string_view name;
    if (field.value.get(name) == simdjson::SUCCESS && (name.empty() || name == spec.name))
      return {};
    return field.Refuse("'" + spec.name + "', the model's name, or nothing");
  }
  if (field.key == "max_batch_size") {
    return ReadInto(field, 0, kMost, config.batch_size);
  }
  if (field.key == "dynamic_batching")
    return ForEach(field, [&](const Field& member) { return ReadBatching(member, config); });
  if (field.key == "instance_group") return ReadInstances(field, config);
  if (field.key == "response_cache") {
    return ForEach(field, [&](const Field& member) -> Status {
      const auto enable = member.Boolean();
      if (!enable) return Fail(enable.error());
      if (*enable != (config.cache_size > 0)) config.cache_size = *enable ? kCacheSize : 0;
      return {};
    });
  }
  if (field.key == "parameters")
    return ForEach(field, [&](const Field& member) { return ReadParameter(member, config); });
  return {};
}

}  // namespace

Status ApplyTritonConfig(std::string_view json, DeploySpec& spec) {
  const auto document = json::Document::ParseObject(json, "config");
  if (!document) return Fail(document.error());
  const auto fields = FieldsOf(document->root(), "config");
  if (!fields) return Fail(fields.error());
  for (const Field& field : *fields) {
    if (Status read = ReadConfig(field, spec); !read) return read;
  }
  // What the values are allowed to be, and together, is one rule for all configurations.
  auto checked = ParseModelConfig(EncodeModelConfig(spec.config));
  if (!checked) return Fail(std::move(checked.error()));
  return {};
}

Status AddLoadParameter(std::string_view name, std::string bytes, LoadRequest& request) {
  if (name == "config") {
    request.config = std::move(bytes);
    return {};
  }
  if (!name.starts_with(kFilePrefix)) {
    return Fail(Code::kInvalidArgument, "unknown parameter '" + std::string(name) +
                                            "', expected 'config' or 'file:<version>/<name>'");
  }
  auto file = UploadOf(name.substr(kFilePrefix.size()));
  if (!file) return Fail(std::move(file.error()));
  file->bytes = std::move(bytes);
  request.files.push_back(*std::move(file));
  return {};
}

Result<LoadRequest> DecodeLoad(std::string_view json) {
  LoadRequest request;
  if (json.empty()) return request;
  const auto document = json::Document::ParseObject(json, "request");
  if (!document) return Fail(document.error());
  simdjson::dom::element parameters;
  if (document->root().at_key("parameters").get(parameters) != simdjson::SUCCESS) return request;
  auto read = ForEach({"request", "parameters", parameters}, [&](const Field& field) -> Status {
    std::string_view text;
    if (field.value.get(text) != simdjson::SUCCESS) return field.Refuse("a string");
    if (!field.key.starts_with(kFilePrefix))
      return AddLoadParameter(field.key, std::string(text), request);
    std::string bytes(Base64DecodedBound(text.size()), '\0');
    const auto size = DecodeBase64(text, bytes.data());
    if (!size) return field.Refuse("base64");
    bytes.resize(*size);
    return AddLoadParameter(field.key, std::move(bytes), request);
  });
  if (!read) return Fail(std::move(read.error()));
  return request;
}

}  // namespace plinth::api::openinference
