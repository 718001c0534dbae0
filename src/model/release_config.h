// Traffic policies and their changes as JSON.
//
//   {"versions": {"v1": {"traffic": 0.9}, "v2": {"traffic": 0.1}, "v3": {"shadow": 0.2}},
//    "sticky": "header:X-User-Id", "labels": {"stable": "v1"},
//    "rollout": {"to": "v2", "steps": [0.01, 0.1, 0.5, 1], "every_s": 60,
//                "abort_if": {"error_rate": 0.01, "p99_ms": 50, "disagreement": 0.2}}}
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "base/status.h"
#include "model/json_fields.h"
#include "traffic/traffic_policy.h"

namespace plinth {

// The keys of a change: "versions", "sticky", "labels", "rollout".
std::span<const std::string_view> ReleaseKeys();

// Reads one of them. {} and null take back what there was. INVALID_ARGUMENT names the key, what it
// was and what is expected. Whether the versions are deployed is not looked at.
Status ReadReleaseField(const json::Field& field, ReleaseChange& change);

// Reads an object of nothing else. INVALID_ARGUMENT, also if there is none of the keys.
Result<ReleaseChange> ParseReleaseChange(std::string_view json);

// The members "versions", "sticky" (null without) and "labels" of an object that has been begun.
void WriteTraffic(JsonWriter& json, const TrafficPolicy& policy);

// The members "to", "steps", "every_s" and "abort_if" likewise.
void WriteRolloutPlan(JsonWriter& json, const RolloutPlan& plan);

// A policy as text to be kept, with the ranges of its sticky keys and the state of its rollout;
// reads back to an equal one.
std::string EncodeRelease(const TrafficPolicy& policy);
Result<TrafficPolicy> ParseRelease(std::string_view json);

}  // namespace plinth
