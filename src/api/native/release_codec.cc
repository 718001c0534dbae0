#include "api/native/release_codec.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "base/utc_time.h"
#include "model/release_config.h"

namespace plinth::api {
namespace {

constexpr int kTimeDecimals = 3;

void WriteTime(JsonWriter& json, std::string_view key, const std::optional<double>& ms) {
  json.Key(key);
  ms ? json.Fixed(*ms, kTimeDecimals) : json.Null();
}

void WriteShare(JsonWriter& json, std::string_view key, std::uint64_t part, std::uint64_t whole) {
  json.Key(key);
  if (whole == 0) return json.Null();
  json.Value(static_cast<double>(part) / static_cast<double>(whole));
}

void WriteShadow(JsonWriter& json, const ShadowFigures& figures) {
  json.Key("shadow").BeginObject();
  json.Key("requests").Value(figures.requests);
  json.Key("errors").Value(figures.errors);
  json.Key("dropped").Value(figures.dropped);
  json.Key("in_flight").Value(figures.in_flight);
  json.Key("compared").Value(figures.compared());
  json.Key("disagreed").Value(figures.disagreed);
  WriteShare(json, "disagreement", figures.disagreed, figures.requests);
  WriteShare(json, "label_agreement", figures.agreeing, figures.outcomes);
  json.Key("max_abs").Value(figures.max_abs);
  json.Key("mean_abs").Value(figures.mean_abs);
  if (!figures.reason.empty()) json.Key("reason").Value(figures.reason);
  json.EndObject();
}

void WriteSeen(JsonWriter& json, const RolloutObservation& seen) {
  json.Key("seen").BeginObject();
  json.Key("requests").Value(seen.requests);
  json.Key("errors").Value(seen.errors);
  WriteShare(json, "error_rate", seen.errors, seen.requests);
  WriteTime(json, "p99_ms", seen.p99_ms);
  json.Key("copies").Value(seen.copies);
  WriteShare(json, "disagreement", seen.disagreed, seen.copies);
  json.EndObject();
}

}  // namespace

void WriteFigures(JsonWriter& json, const VersionFigures& figures) {
  json.Key("requests").Value(figures.requests);
  json.Key("errors").Value(figures.errors);
  WriteTime(json, "p50_ms", figures.p50_ms);
  WriteTime(json, "p95_ms", figures.p95_ms);
  WriteTime(json, "p99_ms", figures.p99_ms);
  json.Key("traffic").BeginObject();
  json.Key("asked").Value(figures.asked);
  json.Key("seen");
  figures.seen ? json.Value(*figures.seen) : json.Null();
  json.EndObject();
  if (figures.shadow) WriteShadow(json, *figures.shadow);
}

std::string EncodeRollout(std::string_view model, const RolloutView& view) {
  JsonWriter json;
  json.BeginObject();
  json.Key("name").Value(model);
  json.Key("state").Value(NameOf(view.rollout.state));
  WriteRolloutPlan(json, view.rollout.plan);
  json.Key("step").Value(view.rollout.step + 1);
  json.Key("share").Value(view.share);
  json.Key("since").Value(UtcTime(view.since_ms));
  if (view.next_in_s) json.Key("next_in_s").Fixed(*view.next_in_s, kTimeDecimals);
  if (!view.rollout.reason.empty()) json.Key("reason").Value(view.rollout.reason);
  WriteSeen(json, view.seen);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api
