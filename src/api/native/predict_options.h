// What a prediction is asked for beside its inputs: the keys of a JSON body, or the query of a raw
// request.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/config.h"

namespace plinth::api {

struct PredictOptions {
  static constexpr std::size_t kMaxOutputs = 4'096;

  std::string version;                               // empty: the default one
  std::vector<std::string> outputs;                  // empty: all
  std::optional<Priority> priority;                  // else the model's
  std::optional<std::chrono::milliseconds> timeout;  // from arrival; only shortens the model's
  bool trace = false;                                // tell what the steps of a pipeline took
  std::optional<std::string> sticky_key{};           // of a query; a body's is decided on at once
};

// These read one value. INVALID_ARGUMENT says what was expected.
Result<Priority> ParsePriority(std::string_view text);
Result<std::chrono::milliseconds> CheckTimeout(std::int64_t ms);

// For a "timeout_ms" that is no whole number at all.
std::unexpected<Error> NotATimeout();

// The options in a query: "version=v2&outputs=a,b&priority=high&timeout_ms=50", and the parameter
// `sticky_field`, if that is not empty. INVALID_ARGUMENT also for a parameter that is unknown, or
// given twice.
Result<PredictOptions> ParsePredictQuery(std::string_view query, std::string_view sticky_field);

}  // namespace plinth::api
