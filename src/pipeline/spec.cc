#include "pipeline/spec.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/name.h"
#include "model/json_fields.h"
#include "pipeline/spec_reader.h"

namespace plinth::pipeline {
namespace {

using json::Field;
using simdjson::dom::element;

constexpr std::int64_t kMostTimeoutMs = 86'400'000;
constexpr std::array<std::string_view, 3> kGraphKeys = {"inputs", "steps", "outputs"};
constexpr std::array<std::string_view, 6> kStepKeys = {"name",     "inputs",   "outputs",
                                                       "for_each", "fallback", "timeout_ms"};

Result<std::vector<std::string>> ReadTexts(const Field& field) {
  std::vector<std::string> texts;
  const auto add = [&texts](const Field& item) -> Status {
    auto text = item.Text();
    if (!text) return Fail(text.error());
    texts.push_back(*std::move(text));
    return {};
  };
  if (!field.value.is_array()) {
    if (auto added = add(field); !added) return Fail(added.error());
    return texts;
  }
  const auto list = field.Array();
  if (!list) return Fail(list.error());
  for (const element item : *list) {
    if (auto added = add({field.what, field.key, item}); !added) return Fail(added.error());
  }
  return texts;
}

// An object {"name": "reference"}, a list of references or one of them.
Result<std::vector<Binding>> ReadGraphOutputs(const Field& field) {
  if (!field.value.is_array()) return ReadBindings(field);
  const auto refs = ReadTexts(field);
  if (!refs) return Fail(refs.error());
  std::vector<Binding> bindings;
  for (const std::string& ref : *refs) bindings.push_back({"", ref});
  return bindings;
}

Result<std::vector<TensorSpec>> ReadInputs(const Field& field) {
  ModelConfig config;
  const std::string text = R"({"inputs":)" + std::string(simdjson::minify(field.value)) + "}";
  if (auto read = ParseDeclaredSignature(text, config); !read) {
    return Fail(read.error().Annotate(field.what));
  }
  return std::move(config.inputs);
}

template <typename T>
Status Keep(Result<T> read, auto& to) {
  if (!read) return Fail(std::move(read.error()));
  to = *std::move(read);
  return {};
}

// Keys of what the step runs are left to ReadTarget().
Status ReadStepKey(const Field& field, StepSpec& step, std::size_t depth) {
  if (field.key == "inputs") return Keep(ReadBindings(field), step.inputs);
  if (field.key == "for_each") return Keep(ReadTexts(field), step.for_each);
  if (field.key == "outputs") {
    if (!field.value.is_object()) return field.Refuse("an object {\"output\": \"name\"}");
    return Keep(ReadBindings(field), step.outputs);
  }
  if (field.key == "fallback") {
    auto target = ReadTarget(field, std::string(field.what) + ", fallback", false, depth + 1);
    if (!target) return Fail(std::move(target.error()));
    step.fallback = std::make_unique<TargetSpec>(*std::move(target));
  }
  if (field.key == "timeout_ms") {
    const auto timeout = field.Integer(1, kMostTimeoutMs);
    if (!timeout) return Fail(timeout.error());
    step.timeout = std::chrono::milliseconds(*timeout);
  }
  return {};
}

// Its own name, or else what it runs.
std::string_view NameOf(simdjson::dom::object step) {
  for (const std::string_view key : {"name", "model", "builtin", "function"}) {
    std::string_view name;
    if (step[key].get(name) == simdjson::SUCCESS) return name;
  }
  return "";
}

Result<StepSpec> ReadStep(const Field& field, const std::string& where, std::size_t at,
                          std::size_t depth) {
  StepSpec step;
  if (field.value.is_string()) {  // a model's name is a step of that name
    if (auto kept = Keep(field.Text(), step.target.model); !kept) return Fail(kept.error());
    step.name = step.target.model;
    return step;
  }
  const auto from = field.Object();
  if (!from) return field.Refuse("a list of objects and of models' names");
  step.name = NameOf(*from);
  if (!IsName(step.name)) {
    return Wrong(where, "step " + std::to_string(at) +
                            (step.name.empty() ? " has no \"name\""
                                               : " is called '" + step.name.substr(0, 60) + "'") +
                            "; expected 1 to 128 letters, digits, '_', '-' and '.'");
  }
  const std::string title = where + ", step '" + step.name + "'";
  const auto fields = json::FieldsOf(*from, title);
  if (!fields) return Fail(fields.error());
  for (const Field& member : *fields) {
    if (auto read = ReadStepKey(member, step, depth); !read) return Fail(read.error());
  }
  auto target = ReadTarget({title, "step", field.value}, title, true, depth);
  if (!target) return Fail(target.error());
  step.target = *std::move(target);
  return step;
}

Result<std::vector<StepSpec>> ReadSteps(const Field& field, const std::string& where,
                                        std::size_t depth) {
  const auto list = field.Array();
  if (!list) return Fail(list.error());
  if (list->size() == 0 || list->size() > kMaxSteps) {
    return field.Refuse("1 to " + std::to_string(kMaxSteps) + " steps");
  }
  std::vector<StepSpec> steps;
  for (const element item : *list) {
    auto step = ReadStep({field.what, field.key, item}, where, steps.size() + 1, depth);
    if (!step) return Fail(step.error());
    if (std::ranges::find(steps, step->name, &StepSpec::name) != steps.end()) {
      return Wrong(where, "two steps are called '" + step->name + "'");
    }
    steps.push_back(*std::move(step));
  }
  return steps;
}

}  // namespace

bool IsStepKey(std::string_view key) {
  return std::ranges::find(kStepKeys, key) != kStepKeys.end();
}

std::unexpected<Error> Wrong(const std::string& where, const std::string& why) {
  return Fail(Code::kInvalidArgument, where + ": " + why);
}

Result<std::vector<Binding>> ReadBindings(const Field& field) {
  std::vector<Binding> bindings;
  if (field.value.is_string()) {
    auto ref = field.Text();
    if (!ref) return Fail(ref.error());
    bindings.push_back({"", *std::move(ref)});
    return bindings;
  }
  const auto object = field.Object();
  if (!object) return field.Refuse("an object {\"name\": \"reference\"}, or one reference");
  const auto fields = json::FieldsOf(*object, field.what);
  if (!fields) return Fail(fields.error());
  for (const Field& member : *fields) {
    auto ref = member.Text();
    if (!ref) return Fail(ref.error());
    if (member.key.empty()) return field.Refuse("names that are not empty");
    bindings.push_back({std::string(member.key), *std::move(ref)});
  }
  return bindings;
}

Result<GraphSpec> ReadGraph(simdjson::dom::object from, const std::string& where,
                            std::size_t depth) {
  const auto fields = json::FieldsOf(from, where);
  if (!fields) return Fail(fields.error());
  GraphSpec graph;
  for (const Field& field : *fields) {
    Status read;
    if (field.key == "inputs") {
      read = Keep(ReadInputs(field), graph.inputs);
    } else if (field.key == "outputs") {
      read = Keep(ReadGraphOutputs(field), graph.outputs);
    } else if (field.key == "steps") {
      read = Keep(ReadSteps(field, where, depth), graph.steps);
    } else {
      read = field.Unknown(kGraphKeys);
    }
    if (!read) return Fail(read.error());
  }
  if (graph.steps.empty()) return Wrong(where, "it has no \"steps\"");
  return graph;
}

Result<GraphSpec> ParsePipeline(std::string_view json) {
  const auto document = json::Document::ParseObject(json, "the pipeline");
  if (!document) return Fail(document.error());
  return ReadGraph(document->root(), "the pipeline", 0);
}

}  // namespace plinth::pipeline
