#include "api/openinference/settings.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json_writer.h"
#include "base/log.h"
#include "model/json_fields.h"

namespace plinth::api::openinference {
namespace {

// Models that have trace settings of their own.
constexpr std::size_t kMostModels = 1024;
constexpr std::size_t kLongestValue = 4096;

struct LevelSetting {
  std::string_view name;
  LogLevel level;
};
constexpr LevelSetting kLevels[] = {{"log_info", LogLevel::kInfo},
                                    {"log_warning", LogLevel::kWarning},
                                    {"log_error", LogLevel::kError}};
constexpr std::string_view kFormats[] = {"default", "ISO8601"};

std::unexpected<Error> Expect(std::string_view what, std::string_view name) {
  return Fail(Code::kInvalidArgument,
              "expect " + std::string(what) + " for '" + std::string(name) + "'");
}

Status CheckLogSetting(std::string_view name, const SettingValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return {};
  if (name == "log_file") {
    return Fail(Code::kUnimplemented,
                "log file location can not be updated through network protocol");
  }
  if (name == "log_verbose_level") {
    if (std::holds_alternative<std::uint64_t>(value)) return {};
    return Expect("unsigned integer", name);
  }
  if (name == "log_format") {
    const auto* format = std::get_if<std::string>(&value);
    if (format == nullptr) return Expect("string", name);
    if (std::ranges::count(kFormats, *format) > 0) return {};
    return Fail(Code::kInvalidArgument,
                "invalid log_format '" + *format + "', expected 'default' or 'ISO8601'");
  }
  if (std::ranges::find(kLevels, name, &LevelSetting::name) == std::end(kLevels)) {
    return Fail(Code::kInvalidArgument,
                "unknown log setting '" + std::string(name) +
                    "', expected log_info, log_warning, log_error, log_verbose_level or "
                    "log_format");
  }
  if (std::holds_alternative<bool>(value)) return {};
  return Expect("boolean", name);
}

// ---- Traces

struct TraceSetting {
  std::string_view name;
  std::string_view initial;
  std::int64_t least = 0;  // of the numbers
  bool number = false;
};
constexpr TraceSetting kTraceSettings[] = {{"log_frequency", "0", 0, true},
                                           {"trace_count", "-1", -1, true},
                                           {"trace_file", ""},
                                           {"trace_level", "OFF"},
                                           {"trace_mode", "triton"},
                                           {"trace_rate", "1000", 0, true}};
constexpr std::string_view kTraceLevels[] = {"OFF", "TIMESTAMPS", "TENSORS"};

TraceState InitialTrace() {
  TraceState state;
  for (const TraceSetting& setting : kTraceSettings) {
    state[std::string(setting.name)] = {std::string(setting.initial)};
  }
  return state;
}

bool IsNumber(const std::string& text, std::int64_t least) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= least;
}

Status CheckTraceSetting(std::string_view name, const TraceValues& values) {
  const auto setting = std::ranges::find(kTraceSettings, name, &TraceSetting::name);
  if (setting == std::end(kTraceSettings)) {
    return Fail(Code::kInvalidArgument, "unknown trace setting '" + std::string(name) + "'");
  }
  if (values.empty()) return {};
  const auto refuse = [&](std::string_view expected) {
    return Fail(Code::kInvalidArgument, "invalid value '" + values.front().substr(0, 100) +
                                            "' for trace setting '" + std::string(name) +
                                            "', expected " + std::string(expected));
  };
  if (name == "trace_level") {
    const bool known = std::ranges::all_of(values, [](const std::string& level) {
      return std::ranges::count(kTraceLevels, level) > 0;
    });
    if (!known) return refuse("OFF, TIMESTAMPS or TENSORS");
    if (values.size() > 1 && std::ranges::count(values, "OFF") > 0)
      return refuse("OFF alone, or others without it");
    return {};
  }
  if (values.size() != 1) return refuse("one value");
  if (setting->number && !IsNumber(values.front(), setting->least)) return refuse("a number");
  if (values.front().size() > kLongestValue) return refuse("at most 4096 characters");
  if (name == "trace_mode" && values.front() != "triton") return refuse("'triton'");
  if (name == "trace_file") {
    return Fail(Code::kUnimplemented,
                "trace file location can not be updated through network protocol");
  }
  return {};
}

Result<std::string> ScalarText(const json::Field& field, simdjson::dom::element value) {
  std::string_view text;
  std::int64_t number = 0;
  if (value.get(text) == simdjson::SUCCESS) return std::string(text);
  if (value.get(number) == simdjson::SUCCESS) return std::to_string(number);
  return field.Refuse("a string, a number, an array of strings or null");
}

Result<TraceValues> TraceValuesOf(const json::Field& field) {
  TraceValues values;
  if (field.value.is_null()) return values;
  simdjson::dom::array array;
  if (field.value.get(array) != simdjson::SUCCESS) {
    auto value = ScalarText(field, field.value);
    if (!value) return Fail(std::move(value.error()));
    values.push_back(*std::move(value));
    return values;
  }
  for (const simdjson::dom::element element : array) {
    auto value = ScalarText(field, element);
    if (!value) return Fail(std::move(value.error()));
    values.push_back(*std::move(value));
  }
  return values;
}

Result<SettingValue> LogValueOf(const json::Field& field) {
  bool truth = false;
  std::uint64_t number = 0;
  std::string_view text;
  if (field.value.is_null()) return SettingValue();
  if (field.value.get(truth) == simdjson::SUCCESS) return SettingValue(truth);
  if (field.value.get(number) == simdjson::SUCCESS) return SettingValue(number);
  if (field.value.get(text) == simdjson::SUCCESS) return SettingValue(std::string(text));
  return field.Refuse("a boolean, a number or a string");
}

// The members of a JSON object, each read by `read`.
template <typename Values, typename Read>
Result<Values> DecodeMembers(std::string_view json, std::string_view what, Read read) {
  Values values;
  if (json.empty()) return values;
  const auto document = json::Document::ParseObject(json, what);
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), what);
  if (!fields) return Fail(fields.error());
  for (const json::Field& field : *fields) {
    auto value = read(field);
    if (!value) return Fail(std::move(value.error()));
    values.emplace(std::string(field.key), *std::move(value));
  }
  return values;
}

}  // namespace

Settings LogSettings::Get() const {
  // Debug lines may have been asked for at the start.
  const std::uint64_t verbose =
      IsLogged(LogLevel::kDebug) ? std::max<std::uint64_t>(verbose_level_, 1) : 0;
  Settings settings{
      {"log_file", std::string()}, {"log_verbose_level", verbose}, {"log_format", format_}};
  for (const LevelSetting& level : kLevels) {
    settings.emplace(std::string(level.name), IsLogged(level.level));
  }
  return settings;
}

Result<Settings> LogSettings::Update(const Settings& changes) {
  for (const auto& [name, value] : changes) {
    if (auto fits = CheckLogSetting(name, value); !fits) return Fail(std::move(fits.error()));
  }
  const std::lock_guard lock(mutex_);
  for (const LevelSetting& level : kLevels) {
    const auto change = changes.find(level.name);
    if (change == changes.end()) continue;
    if (const bool* logged = std::get_if<bool>(&change->second)) SetLogged(level.level, *logged);
  }
  if (const auto change = changes.find("log_format"); change != changes.end()) {
    if (const auto* format = std::get_if<std::string>(&change->second)) format_ = *format;
  }
  if (const auto change = changes.find("log_verbose_level"); change != changes.end()) {
    if (const auto* verbose = std::get_if<std::uint64_t>(&change->second)) {
      verbose_level_ = *verbose;
      SetLogged(LogLevel::kDebug, verbose_level_ > 0);
    }
  }
  return Get();
}

Result<TraceState> TraceSettings::Update(std::string_view model, const TraceChanges& changes) {
  for (const auto& [name, values] : changes) {
    if (auto fits = CheckTraceSetting(name, values); !fits) return Fail(std::move(fits.error()));
  }
  const std::lock_guard lock(mutex_);
  auto own = models_.find(model);
  if (!model.empty() && !changes.empty() && own == models_.end()) {
    if (models_.size() >= kMostModels) {
      return Fail(Code::kResourceExhausted, "too many models have trace settings of their own");
    }
    own = models_.emplace(model, TraceState()).first;
  }
  TraceState* const changed = model.empty()          ? &server_
                              : own == models_.end() ? nullptr
                                                     : &own->second;
  for (const auto& [name, values] : changes) {
    if (values.empty()) {
      changed->erase(name);
    } else {
      (*changed)[name] = values;
    }
  }
  TraceState state = InitialTrace();
  for (const auto& [name, values] : server_) state[name] = values;
  if (!model.empty() && changed != nullptr) {
    for (const auto& [name, values] : *changed) state[name] = values;
    if (changed->empty()) models_.erase(own);
  }
  return state;
}

Result<Settings> DecodeLogSettings(std::string_view json) {
  return DecodeMembers<Settings>(json, "log settings", LogValueOf);
}

std::string EncodeLogSettings(const Settings& settings) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, value] : settings) {
    json.Key(name);
    if (const bool* truth = std::get_if<bool>(&value)) {
      json.Value(*truth);
    } else if (const auto* number = std::get_if<std::uint64_t>(&value)) {
      json.Value(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      json.Value(*text);
    } else {
      json.Null();
    }
  }
  json.EndObject();
  return std::move(json).Take();
}

Result<TraceChanges> DecodeTraceSettings(std::string_view json) {
  return DecodeMembers<TraceChanges>(json, "trace settings", TraceValuesOf);
}

// Of trace_level an array, as there may be several; of all others the value.
std::string EncodeTraceSettings(const TraceState& settings) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, values] : settings) {
    json.Key(name);
    if (name != "trace_level") {
      json.Value(values.front());
      continue;
    }
    json.BeginArray();
    for (const std::string& value : values) json.Value(value);
    json.EndArray();
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::openinference
