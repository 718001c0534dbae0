// What clients may set of the log and of traces while the server runs.
//
// The log's settings take effect: log_info, log_warning and log_error for lines of these levels,
// log_verbose_level above 0 for debug lines. Traces are not recorded yet: their settings are kept,
// checked and given back, for the whole server and for single models.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace plinth::api::openinference {

// A setting as a client gives it; monostate where JSON has a null.
using SettingValue = std::variant<std::monostate, bool, std::uint64_t, std::string>;
using Settings = std::map<std::string, SettingValue, std::less<>>;

class LogSettings {
 public:
  // All settings, after the change: those that are not given, or null, stay. INVALID_ARGUMENT;
  // UNIMPLEMENTED for log_file. What is wrong changes nothing.
  Result<Settings> Update(const Settings& changes);

 private:
  Settings Get() const;  // requires mutex_

  std::mutex mutex_;  // guards what follows
  std::uint64_t verbose_level_ = 0;
  std::string format_ = "default";
};

// A trace setting's values: one, or, for trace_level, one or more.
using TraceValues = std::vector<std::string>;
// Without values, or null: back to the default, or for a model to what the server has.
using TraceChanges = std::map<std::string, TraceValues, std::less<>>;
using TraceState = std::map<std::string, TraceValues, std::less<>>;

class TraceSettings {
 public:
  // All settings that hold for the model, or with an empty `model` for those without settings of
  // their own, after the change. INVALID_ARGUMENT, RESOURCE_EXHAUSTED. What is wrong changes
  // nothing.
  Result<TraceState> Update(std::string_view model, const TraceChanges& changes);

 private:
  std::mutex mutex_;  // guards what follows
  TraceState server_;
  std::map<std::string, TraceState, std::less<>> models_;  // what each has of its own
};

// {"log_info": true, ...}; an empty body changes nothing.
Result<Settings> DecodeLogSettings(std::string_view json);
std::string EncodeLogSettings(const Settings& settings);

// {"trace_level": ["OFF"], "trace_rate": "1000", ...}; an empty body changes nothing.
Result<TraceChanges> DecodeTraceSettings(std::string_view json);
std::string EncodeTraceSettings(const TraceState& settings);

}  // namespace plinth::api::openinference
