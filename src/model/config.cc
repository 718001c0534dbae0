#include "model/config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include "base/nearest.h"
#include "model/json_fields.h"
#include "model/release_config.h"

namespace plinth {
namespace {

using json::Field;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kMaxTensors = 1'000;
constexpr std::size_t kMaxOptions = 100;

// The settings that are plain whole numbers.
struct NumberKey {
  std::string_view name;
  std::int64_t ModelConfig::*member;
  std::int64_t least;
  std::int64_t most;
};
constexpr NumberKey kNumberKeys[] = {
    {"batch_size", &ModelConfig::batch_size, 0, 65'536},
    {"batch_timeout_ms", &ModelConfig::batch_timeout_ms, 0, 60'000},
    {"timeout_ms", &ModelConfig::timeout_ms, 0, kDayMs},
    {"cache_size", &ModelConfig::cache_size, 0, 10'000'000},
    {"cache_ttl_ms", &ModelConfig::cache_ttl_ms, 0, kDayMs},
    {"threads", &ModelConfig::threads, 0, 1'024},
    {"max_queue", &ModelConfig::max_queue, 1, 1'000'000},
};

constexpr std::int64_t kMostInstances = 1'024;
constexpr std::size_t kMostPreferredSizes = 64;

constexpr std::string_view kConfigKeys[] = {"batch_size",       "preferred_batch_sizes",
                                            "batch_timeout_ms", "timeout_ms",
                                            "cache_size",       "cache_ttl_ms",
                                            "instances",        "threads",
                                            "max_queue",        "priority",
                                            "options",          "inputs",
                                            "outputs",          "lazy",
                                            "versions",         "sticky",
                                            "labels",           "rollout",
                                            "class_labels"};
constexpr std::string_view kInstanceKeys[] = {"min", "max"};
constexpr std::string_view kSignatureKeys[] = {"inputs", "outputs"};
constexpr std::string_view kSpecKeys[] = {"name", "datatype", "shape", "batch_axis", "optional"};
constexpr std::string_view kDTypeNames[] = {"BOOL",  "INT8",   "INT16",  "INT32",  "INT64",
                                            "UINT8", "UINT16", "UINT32", "UINT64", "FP16",
                                            "BF16",  "FP32",   "FP64",   "BYTES",  "ANY"};

Result<DType> ReadDType(const Field& field) {
  auto name = field.Text();
  if (!name) return Fail(name.error());
  if (*name == "ANY") return DType::kAny;
  if (const auto type = DTypeFromName(*name)) return *type;
  return field.Refuse(
      "one of BOOL, INT8 to INT64, UINT8 to UINT64, FP16, BF16, FP32, FP64, BYTES, ANY" +
      DidYouMean(*name, kDTypeNames));
}

// Null where any rank will do.
Result<std::optional<Shape>> ReadShape(const Field& field) {
  if (field.value.is_null()) return std::nullopt;
  const auto dims = field.Array();
  if (!dims) return Fail(dims.error());
  if (dims->size() > Shape::kMaxRank) {
    return field.Refuse("an array of at most " + std::to_string(Shape::kMaxRank) + " numbers");
  }
  Shape shape;
  for (const simdjson::dom::element dim : *dims) {
    const auto size =
        Field{field.what, "shape", dim}.Integer(-1, std::numeric_limits<std::int64_t>::max());
    if (!size) return Fail(size.error().Annotate("a shape holds sizes, or -1 where any will do"));
    shape.Append(*size);
  }
  return shape;
}

// `axis` is what was written down, if anything was.
Status PlaceBatchAxis(TensorSpec& spec, const std::optional<std::int64_t>& axis) {
  const bool open_first = spec.shape && spec.shape->rank() > 0 && (*spec.shape)[0] == -1;
  spec.batch_axis = axis ? static_cast<int>(*axis) : open_first ? 0 : -1;
  if (spec.batch_axis < 0 || !spec.shape) return {};
  const auto at = static_cast<std::size_t>(spec.batch_axis);
  if (at < spec.shape->rank() && (*spec.shape)[at] == -1) return {};
  return Fail(Code::kInvalidArgument, "key 'batch_axis' of '" + spec.name + "' is " +
                                          std::to_string(at) + ", but the shape " +
                                          spec.shape->ToString() +
                                          " has no open dimension (-1) there");
}

Result<TensorSpec> ReadSpec(simdjson::dom::object object, std::string_view what) {
  const auto fields = json::FieldsOf(object, what);
  if (!fields) return Fail(fields.error());
  TensorSpec spec;
  std::optional<std::int64_t> axis;
  for (const Field& field : *fields) {
    Status read;
    const auto keep = [&read](auto&& result, auto& to) {
      if (result) {
        to = *std::forward<decltype(result)>(result);
      } else {
        read = Fail(result.error());
      }
    };
    if (field.key == "name") {
      keep(field.Text(), spec.name);
    } else if (field.key == "datatype") {
      keep(ReadDType(field), spec.dtype);
    } else if (field.key == "shape") {
      keep(ReadShape(field), spec.shape);
    } else if (field.key == "batch_axis") {
      keep(field.Integer(-1, Shape::kMaxRank - 1), axis);
    } else if (field.key == "optional") {
      keep(field.Boolean(), spec.optional);
    } else {
      return field.Unknown(kSpecKeys);
    }
    if (!read) return Fail(read.error());
  }
  if (spec.name.empty()) {
    return Fail(Code::kInvalidArgument, std::string(what) + ": an element has no \"name\"");
  }
  if (auto placed = PlaceBatchAxis(spec, axis); !placed) return Fail(placed.error());
  return spec;
}

Result<std::vector<TensorSpec>> ReadSpecs(const Field& field) {
  const auto elements = field.Array();
  if (!elements) return Fail(elements.error());
  if (elements->size() > kMaxTensors) {
    return field.Refuse("an array of at most " + std::to_string(kMaxTensors) + " tensors");
  }
  std::vector<TensorSpec> specs;
  for (const simdjson::dom::element element : *elements) {
    const auto object = Field{field.what, field.key, element}.Object();
    if (!object) return Fail(object.error());
    auto spec = ReadSpec(*object, field.key);
    if (!spec) return Fail(spec.error());
    if (std::ranges::find(specs, spec->name, &TensorSpec::name) != specs.end()) {
      return Fail(Code::kInvalidArgument,
                  std::string(field.key) + ": the name '" + spec->name + "' is given twice");
    }
    specs.push_back(*std::move(spec));
  }
  return specs;
}

// An engine option: engines take text, users may write numbers and booleans.
Result<std::string> ReadOption(const Field& field) {
  switch (field.value.type()) {
    case simdjson::dom::element_type::STRING:
      return field.Text();
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::BOOL:
      return std::string(simdjson::minify(field.value));
    case simdjson::dom::element_type::DOUBLE: {
      std::array<char, 32> digits;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                     double{field.value.get_double().value_unsafe()});
      return std::string(digits.data(), end.ptr);
    }
    default:
      return field.Refuse("a string, a number or a boolean");
  }
}

Result<std::map<std::string, std::string>> ReadOptions(const Field& field) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const auto fields = json::FieldsOf(*object, "options");
  if (!fields) return Fail(fields.error());
  if (fields->size() > kMaxOptions) {
    return field.Refuse("at most " + std::to_string(kMaxOptions) + " options");
  }
  std::map<std::string, std::string> options;
  for (const Field& option : *fields) {
    if (option.key.empty() || option.key.find('\0') != std::string_view::npos) {
      return field.Refuse("options with names that are not empty and hold no NUL");
    }
    auto value = ReadOption(option);
    if (!value) return Fail(value.error());
    options.emplace(option.key, *std::move(value));
  }
  return options;
}

// Reads "inputs" or "outputs" into the configuration.
Status ReadDeclared(const Field& field, ModelConfig& config) {
  auto specs = ReadSpecs(field);
  if (!specs) return Fail(specs.error());
  (field.key == "inputs" ? config.inputs : config.outputs) = *std::move(specs);
  return {};
}

// A number, or {"min": 1, "max": 4}; what is left out of the object is 1, or `min`.
Result<InstanceLimits> ReadInstances(const Field& field) {
  if (!field.value.is_object()) {
    const auto number = field.Integer(0, kMostInstances);
    if (!number)
      return Fail(number.error().Annotate("an object {\"min\": 1, \"max\": 4} will do, too"));
    return InstanceLimits{*number, *number};
  }
  const auto fields = json::FieldsOf(field.value.get_object().value_unsafe(), "instances");
  if (!fields) return Fail(fields.error());
  InstanceLimits limits{1, 0};
  for (const Field& limit : *fields) {
    if (limit.key != "min" && limit.key != "max") return limit.Unknown(kInstanceKeys);
    const auto number = limit.Integer(1, kMostInstances);
    if (!number) return Fail(number.error());
    (limit.key == "min" ? limits.min : limits.max) = *number;
  }
  if (limits.max == 0) limits.max = limits.min;
  if (limits.min > limits.max) {
    return Fail(Code::kInvalidArgument, "config key 'instances': min is " +
                                            std::to_string(limits.min) + ", more than max, " +
                                            std::to_string(limits.max));
  }
  return limits;
}

Result<std::vector<std::int64_t>> ReadSizes(const Field& field) {
  const auto elements = field.Array();
  if (!elements) return Fail(elements.error());
  if (elements->size() > kMostPreferredSizes) {
    return field.Refuse("an array of at most " + std::to_string(kMostPreferredSizes) + " numbers");
  }
  std::vector<std::int64_t> sizes;
  for (const simdjson::dom::element element : *elements) {
    const auto size = Field{field.what, field.key, element}.Integer(1, 65'536);
    if (!size) return Fail(size.error());
    sizes.push_back(*size);
  }
  std::ranges::sort(sizes);
  const auto repeated = std::ranges::unique(sizes);
  sizes.erase(repeated.begin(), repeated.end());
  return sizes;
}

Status ReadConfigField(const Field& field, ModelConfig& config) {
  const auto number = std::ranges::find(kNumberKeys, field.key, &NumberKey::name);
  if (number != std::end(kNumberKeys)) {
    const auto value = field.Integer(number->least, number->most);
    if (!value) return Fail(value.error());
    config.*number->member = *value;
    return {};
  }
  if (field.key == "options") {
    auto options = ReadOptions(field);
    if (!options) return Fail(options.error());
    config.options = *std::move(options);
    return {};
  }
  if (field.key == "inputs" || field.key == "outputs") return ReadDeclared(field, config);
  if (field.key == "class_labels") {
    auto labels = ReadClassLabels(field);
    if (!labels) return Fail(labels.error());
    config.class_labels = *std::move(labels);
    return {};
  }
  if (field.key == "instances") {
    auto instances = ReadInstances(field);
    if (!instances) return Fail(instances.error());
    config.instances = *instances;
    return {};
  }
  if (field.key == "preferred_batch_sizes") {
    auto sizes = ReadSizes(field);
    if (!sizes) return Fail(sizes.error());
    config.preferred_batch_sizes = *std::move(sizes);
    return {};
  }
  if (field.key == "priority") {
    const auto name = field.Text();
    if (!name) return Fail(name.error());
    const auto priority = PriorityFromName(*name);
    if (!priority)
      return field.Refuse("one of high, normal, low" + DidYouMean(*name, kPriorityNames));
    config.priority = *priority;
    return {};
  }
  if (field.key == "lazy") {
    const auto lazy = field.Boolean();
    if (!lazy) return Fail(lazy.error());
    config.lazy = *lazy;
    return {};
  }
  if (std::ranges::find(ReleaseKeys(), field.key) != ReleaseKeys().end())
    return ReadReleaseField(field, config.release);
  return field.Unknown(kConfigKeys);
}

}  // namespace

std::string_view NameOf(Priority priority) {
  return kPriorityNames[static_cast<std::size_t>(priority)];
}

std::optional<Priority> PriorityFromName(std::string_view name) {
  const auto at = std::ranges::find(kPriorityNames, name);
  if (at == std::end(kPriorityNames)) return std::nullopt;
  return static_cast<Priority>(at - std::begin(kPriorityNames));
}

Result<ModelConfig> ParseModelConfig(std::string_view json) {
  const auto document = json::Document::ParseObject(json, "config");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "config");
  if (!fields) return Fail(fields.error());
  ModelConfig config;
  for (const Field& field : *fields) {
    if (auto read = ReadConfigField(field, config); !read) return Fail(read.error());
  }
  if (!config.preferred_batch_sizes.empty() &&
      config.preferred_batch_sizes.back() > config.batch_size) {
    return Fail(Code::kInvalidArgument, "config key 'preferred_batch_sizes' holds " +
                                            std::to_string(config.preferred_batch_sizes.back()) +
                                            ", more than batch_size, " +
                                            std::to_string(config.batch_size));
  }
  return config;
}

Status ParseDeclaredSignature(std::string_view json, ModelConfig& config) {
  const auto document = json::Document::ParseObject(json, "the signature");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "the signature's");
  if (!fields) return Fail(fields.error());
  for (const Field& field : *fields) {
    if (std::ranges::find(kSignatureKeys, field.key) == std::end(kSignatureKeys)) {
      return field.Unknown(kSignatureKeys);
    }
    if (auto read = ReadDeclared(field, config); !read) return read;
  }
  return {};
}

}  // namespace plinth
