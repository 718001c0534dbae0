#include "api/native/predict_options.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "api/http/names.h"
#include "api/http/query.h"
#include "base/nearest.h"

namespace plinth::api {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kShown = 100;  // of a text that is refused
constexpr std::string_view kParameters[] = {"version", "outputs", "priority", "timeout_ms"};

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

Result<std::vector<std::string>> ParseOutputs(std::string_view list) {
  std::vector<std::string> outputs;
  for (std::string_view rest = list;;) {
    const std::string_view name = rest.substr(0, rest.find(','));
    if (name.empty()) return Invalid("outputs has an empty name; expected outputs=label,score");
    if (outputs.size() == PredictOptions::kMaxOutputs) {
      return Invalid("outputs has more than " + std::to_string(PredictOptions::kMaxOutputs) +
                     " names");
    }
    outputs.push_back(DecodedValue(name));
    if (name.size() == rest.size()) return outputs;
    rest.remove_prefix(name.size() + 1);
  }
}

Result<std::chrono::milliseconds> ParseTimeout(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (failed != std::errc() || end != text.data() + text.size()) return NotATimeout();
  return CheckTimeout(ms);
}

// Keeps the value, or hands on the error.
template <typename T, typename To>
Status Keep(Result<T> value, To& to) {
  if (!value) return Fail(std::move(value.error()));
  to = *std::move(value);
  return {};
}

Status ReadParameter(const QueryParameter& parameter, PredictOptions& options) {
  if (parameter.name == "outputs") return Keep(ParseOutputs(parameter.value), options.outputs);
  std::string value = DecodedValue(parameter.value);
  if (parameter.name == "priority") return Keep(ParsePriority(value), options.priority);
  if (parameter.name == "timeout_ms") return Keep(ParseTimeout(value), options.timeout);
  if (auto named = CheckName("version", value); !named) return named;
  options.version = std::move(value);
  return {};
}

}  // namespace

Result<Priority> ParsePriority(std::string_view text) {
  if (const auto priority = PriorityFromName(text)) return *priority;
  return Invalid("priority is '" + std::string(text.substr(0, kShown)) +
                 "', expected one of high, normal, low" + DidYouMean(text, kPriorityNames));
}

std::unexpected<Error> NotATimeout() {
  return Invalid("timeout_ms must be a whole number from 1 to " + std::to_string(kDayMs));
}

Result<std::chrono::milliseconds> CheckTimeout(std::int64_t ms) {
  if (ms < 1 || ms > kDayMs) return NotATimeout();
  return std::chrono::milliseconds(ms);
}

Result<PredictOptions> ParsePredictQuery(std::string_view query, std::string_view sticky_field) {
  auto parameters = ParseQuery(query);
  if (!parameters) return Fail(std::move(parameters.error()));
  PredictOptions options;
  bool seen[std::size(kParameters)] = {};
  const auto twice = [](const QueryParameter& parameter) {
    return Invalid("query parameter '" + parameter.name + "' is given twice");
  };
  for (const QueryParameter& parameter : *parameters) {
    if (!sticky_field.empty() && parameter.name == sticky_field) {
      if (options.sticky_key) return twice(parameter);
      options.sticky_key = DecodedValue(parameter.value);
      continue;
    }
    const auto known = std::ranges::find(kParameters, parameter.name);
    if (known == std::end(kParameters)) {
      return Invalid("query parameter '" + parameter.name.substr(0, kShown) + "' is unknown" +
                     DidYouMean(parameter.name, kParameters) +
                     " (known ones are version, outputs, priority, timeout_ms)");
    }
    if (std::exchange(seen[known - std::begin(kParameters)], true)) return twice(parameter);
    if (auto read = ReadParameter(parameter, options); !read) {
      return Fail(std::move(read.error()));
    }
  }
  return options;
}

}  // namespace plinth::api
