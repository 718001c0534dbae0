// How versions fare and how far a rollout is, in the bodies of answers.
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "serving/rollouts.h"
#include "serving/version_figures.h"

namespace plinth::api {

// The members "requests", "errors", "p50_ms", "p95_ms", "p99_ms", "traffic" and, of a version that
// was a shadow, "shadow" of an object that has been begun.
void WriteFigures(JsonWriter& json, const VersionFigures& figures);

// {"name", "to", "state", "step", "share", "since", "next_in_s", "seen", ...}.
std::string EncodeRollout(std::string_view model, const RolloutView& view);

}  // namespace plinth::api
