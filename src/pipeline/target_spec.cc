// What a step runs.
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "pipeline/spec_reader.h"

namespace plinth::pipeline {
namespace {

using json::Field;

constexpr std::size_t kMostCases = 1'024;
constexpr std::array<std::string_view, 22> kKeys = {
    "name",   "inputs",    "outputs", "for_each", "fallback", "timeout_ms", "model",   "version",
    "file",   "framework", "engine",  "function", "config",   "options",    "builtin", "graph",
    "switch", "cases",     "default", "if",       "then",     "else"};

Status Keep(const Field& field, std::string& to) {
  auto text = field.Text();
  if (!text) return Fail(text.error());
  to = *std::move(text);
  return {};
}

SwitchSpec& ChoiceOf(TargetSpec& target) {
  if (target.choice == nullptr) target.choice = std::make_unique<SwitchSpec>();
  return *target.choice;
}

Status ReadCases(const Field& field, const std::string& where, SwitchSpec& choice,
                 std::size_t depth) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const std::string title = where + ", cases";  // the fields refer to it
  const auto cases = json::FieldsOf(*object, title);
  if (!cases) return Fail(cases.error());
  if (cases->empty() || cases->size() > kMostCases) {
    return field.Refuse("1 to " + std::to_string(kMostCases) + " cases");
  }
  for (const Field& one : *cases) {
    auto target =
        ReadTarget(one, where + ", case '" + std::string(one.key) + "'", false, depth + 1);
    if (!target) return Fail(target.error());
    choice.cases.push_back({std::string(one.key), *std::move(target)});
  }
  return {};
}

// "switch", "cases", "default", "if", "then" and "else".
Status ReadChoiceKey(const Field& field, const std::string& where, TargetSpec& target,
                     std::size_t depth) {
  SwitchSpec& choice = ChoiceOf(target);
  if (field.key == "switch" || field.key == "if") {
    if (!choice.ref.empty()) return Wrong(where, "give \"if\" or \"switch\", not both");
    choice.is_if = field.key == "if";
    return Keep(field, choice.ref);
  }
  if (field.key == "cases") return ReadCases(field, where, choice, depth);
  auto branch = ReadTarget(field, where + ", " + std::string(field.key), false, depth + 1);
  if (!branch) return Fail(branch.error());
  if (field.key == "then") {
    choice.cases.push_back({"true", *std::move(branch)});
  } else {
    choice.otherwise = std::make_unique<TargetSpec>(*std::move(branch));
  }
  return {};
}

Status ReadKey(const Field& field, const std::string& where, TargetSpec& target,
               std::size_t depth) {
  if (field.key == "model") return Keep(field, target.model);
  if (field.key == "version") return Keep(field, target.version);
  if (field.key == "file") return Keep(field, target.file);
  if (field.key == "framework") return Keep(field, target.framework);
  if (field.key == "engine") return Keep(field, target.engine);
  if (field.key == "builtin") return Keep(field, target.builtin);
  if (field.key == "function") return Keep(field, target.function);
  if (field.key == "config") {
    auto config = ParseModelConfig(std::string(simdjson::minify(field.value)));
    if (!config) return Fail(config.error().Annotate(where));
    target.config = *std::move(config);
    return {};
  }
  if (field.key == "options") {
    if (const auto options = field.Object(); !options) return Fail(options.error());
    target.options = simdjson::minify(field.value);
    return {};
  }
  if (field.key == "graph") {
    const auto from = field.Object();
    if (!from) return Fail(from.error());
    auto graph = ReadGraph(*from, where + ", graph", depth + 1);
    if (!graph) return Fail(graph.error());
    target.graph = std::make_unique<GraphSpec>(*std::move(graph));
    return {};
  }
  constexpr std::array<std::string_view, 6> kChoice = {"switch", "cases", "default",
                                                       "if",     "then",  "else"};
  if (std::ranges::find(kChoice, field.key) == kChoice.end()) return field.Unknown(kKeys);
  return ReadChoiceKey(field, where, target, depth);
}

Status CheckChoice(const SwitchSpec& choice, const std::string& where) {
  const bool has_else = choice.otherwise != nullptr;
  if (choice.ref.empty()) {
    return Wrong(where, "\"then\" and \"else\" need \"if\", \"cases\" and \"default\" \"switch\"");
  }
  if (choice.cases.empty()) {
    return Wrong(where, choice.is_if ? "\"if\" needs \"then\"" : "\"switch\" needs \"cases\"");
  }
  if (choice.is_if && (choice.cases.size() != 1 || choice.cases[0].value != "true" || !has_else)) {
    return Wrong(where,
                 "\"if\" needs \"then\" and \"else\"; {\"builtin\": \"select\"} as one of them "
                 "passes the inputs on");
  }
  return {};
}

// Options are text for a file's engine. What is for a file is refused for other targets.
Status Settle(TargetSpec& target, const std::string& where) {
  const int given = int{!target.model.empty()} + int{!target.file.empty()} +
                    int{!target.builtin.empty()} + int{target.graph != nullptr} +
                    int{target.choice != nullptr};
  if (given != 1) {
    return Wrong(where,
                 "expected one of \"model\", \"file\", \"builtin\", \"graph\", \"switch\" and "
                 "\"if\", " +
                     std::to_string(given) + " are given");
  }
  if (target.choice != nullptr) return CheckChoice(*target.choice, where);
  if (target.model.empty() && !target.version.empty()) {
    return Wrong(where, "\"version\" is of a \"model\"");
  }
  if (!target.file.empty()) {
    auto options = ParseModelConfig(R"({"options":)" + target.options + "}");
    if (!options) return Fail(options.error().Annotate(where));
    target.config.options.merge(options->options);
    if (!target.function.empty()) target.config.options["function"] = target.function;
    return {};
  }
  if (!target.framework.empty() || !target.engine.empty() || !target.function.empty() ||
      target.config != ModelConfig()) {
    return Wrong(where,
                 "\"framework\", \"engine\", \"function\" and \"config\" are for a \"file\"");
  }
  if (target.options != "{}" && target.builtin.empty()) {
    return Wrong(where, "\"options\" are for a \"file\" or a \"builtin\"");
  }
  return {};
}

}  // namespace

Result<TargetSpec> ReadTarget(const Field& field, const std::string& where, bool of_step,
                              std::size_t depth) {
  TargetSpec target;
  if (field.value.is_string()) {
    if (auto kept = Keep(field, target.model); !kept) return Fail(kept.error());
    return target;
  }
  const auto from = field.Object();
  if (!from) return field.Refuse("a model's name or an object");
  if (depth > kMaxNesting) {
    return Wrong(where, "nested deeper than " + std::to_string(kMaxNesting) + " levels");
  }
  const auto fields = json::FieldsOf(*from, where);
  if (!fields) return Fail(fields.error());
  for (const Field& member : *fields) {
    if (of_step && IsStepKey(member.key)) continue;
    if (auto read = ReadKey(member, where, target, depth); !read) return Fail(read.error());
  }
  if (auto settled = Settle(target, where); !settled) return Fail(settled.error());
  return target;
}

}  // namespace plinth::pipeline
