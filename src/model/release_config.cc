#include "model/release_config.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/name.h"
#include "base/natural_order.h"
#include "traffic/sticky_map.h"

namespace plinth {
namespace {

using json::Field;
using Labels = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kReleaseKeys[] = {"versions", "sticky", "labels", "rollout"};
constexpr std::string_view kVersionKeys[] = {"traffic", "shadow"};
constexpr std::string_view kRolloutKeys[] = {"to", "steps", "every_s", "abort_if"};
constexpr std::string_view kLimitKeys[] = {"error_rate", "p99_ms", "disagreement"};
constexpr std::string_view kStateKeys[] = {"versions", "sticky", "labels", "ranges", "rollout"};
constexpr std::string_view kRolloutStateKeys[] = {"plan", "before", "state", "step", "reason"};
// What predictions have already, so that none of them can be a sticky field.
constexpr std::string_view kPredictKeys[] = {"inputs", "version", "outputs", "priority",
                                             "timeout_ms"};

constexpr std::size_t kMostVersions = 100;
constexpr std::size_t kMostLabels = 100;
constexpr std::size_t kMostSteps = 100;
constexpr std::size_t kLongestStickyName = 128;
constexpr double kSumTolerance = 1e-6;
constexpr double kDayS = 86'400;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// Keeps the value, or hands on the error.
template <typename T, typename To>
Status Keep(Result<T> value, To& to) {
  if (!value) return Fail(std::move(value.error()));
  to = *std::move(value);
  return {};
}

// The members of an object; none for null.
Result<std::vector<Field>> MembersOf(const Field& field, std::string_view what) {
  if (field.value.is_null()) return std::vector<Field>();
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  return json::FieldsOf(*object, what);
}

Status CheckNamed(std::string_view what, std::string_view name) {
  if (IsName(name)) return {};
  return Invalid(
      fmt::format("{} '{}' is not allowed: use 1 to 128 letters, digits, '_', '-' and "
                  "'.', and no '.' at the beginning",
                  what, name.substr(0, 128)));
}

Result<std::string> ReadName(const Field& field) {
  auto name = field.Text();
  if (!name) return name;
  if (auto named =
          CheckNamed(std::string(field.what) + " key '" + std::string(field.key) + "'", *name);
      !named) {
    return Fail(std::move(named.error()));
  }
  return name;
}

Result<VersionTraffic> ReadVersion(const Field& field) {
  if (auto named = CheckNamed("versions: version", field.key); !named)
    return Fail(std::move(named.error()));
  if (!field.value.is_object()) return field.Refuse("an object such as {\"traffic\": 0.9}");
  const std::string what = "version '" + std::string(field.key) + "'";
  const auto members = MembersOf(field, what);
  if (!members) return Fail(members.error());
  VersionTraffic entry{.version = std::string(field.key)};
  for (const Field& member : *members) {
    if (std::ranges::find(kVersionKeys, member.key) == std::end(kVersionKeys))
      return member.Unknown(kVersionKeys);
    double& to = member.key == "traffic" ? entry.traffic : entry.shadow;
    if (auto kept = Keep(member.Number(0, 1), to); !kept) return Fail(std::move(kept.error()));
  }
  return entry;
}

// What a user's versions must be together. In a policy that a rollout has made there may be one
// with both traffic and shadow, and one more.
Status CheckTogether(const std::vector<VersionTraffic>& versions) {
  if (versions.size() > kMostVersions) {
    return Invalid(fmt::format("versions names {}, expected at most {} versions", versions.size(),
                               kMostVersions));
  }
  double traffic = 0;
  double shadow = 0;
  for (const VersionTraffic& entry : versions) {
    if (entry.traffic > 0 && entry.shadow > 0) {
      return Invalid("version '" + entry.version +
                     "' has both traffic and shadow; one that answers requests needs no copies of "
                     "them");
    }
    traffic += entry.traffic;
    shadow += entry.shadow;
  }
  if (shadow > 1 + kSumTolerance) {
    return Invalid(
        fmt::format("the shadow shares of the versions sum to {:.9g}, expected at most "
                    "1: of a request one copy is made",
                    shadow));
  }
  const bool only_shadows = traffic == 0 && shadow > 0;
  if (versions.empty() || only_shadows || std::abs(traffic - 1) <= kSumTolerance) return {};
  return Invalid(fmt::format("the traffic of the versions sums to {:.9g}, expected 1", traffic));
}

Result<std::vector<VersionTraffic>> ReadVersions(const Field& field) {
  const auto members = MembersOf(field, "versions");
  if (!members) return Fail(members.error());
  std::vector<VersionTraffic> versions;
  for (const Field& member : *members) {
    auto entry = ReadVersion(member);
    if (!entry) return Fail(std::move(entry.error()));
    versions.push_back(*std::move(entry));
  }
  std::ranges::sort(versions, NaturalLess, &VersionTraffic::version);
  return versions;
}

// A header's name, as HTTP has it (RFC 9110, "token").
bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

Result<StickyKey> ReadSticky(const Field& field) {
  if (field.value.is_null()) return StickyKey{};
  constexpr std::string_view kExpected =
      "\"header:NAME\", \"field:NAME\" of the request's body, or null";
  std::string_view text;
  if (field.value.get(text) != simdjson::SUCCESS) return field.Refuse(kExpected);
  const std::size_t colon = text.find(':');
  const std::string_view source = text.substr(0, colon);
  const std::string_view name = text.substr(std::min(colon, text.size() - 1) + 1);
  if (name.empty() || name.size() > kLongestStickyName ||
      name.find('\0') != std::string_view::npos) {
    return field.Refuse(kExpected);
  }
  if (source == "header" && IsHeaderName(name))
    return StickyKey{StickyKey::Source::kHeader, std::string(name)};
  if (source != "field") return field.Refuse(kExpected);
  if (std::ranges::find(kPredictKeys, name) != std::end(kPredictKeys))
    return field.Refuse("a field that predictions do not have already");
  return StickyKey{StickyKey::Source::kField, std::string(name)};
}

Result<Labels> ReadLabels(const Field& field) {
  const auto members = MembersOf(field, "labels");
  if (!members) return Fail(members.error());
  if (members->size() > kMostLabels)
    return field.Refuse("at most " + std::to_string(kMostLabels) + " labels");
  Labels labels;
  for (const Field& member : *members) {
    if (auto named = CheckNamed("labels: label", member.key); !named)
      return Fail(std::move(named.error()));
    auto version = ReadName(member);
    if (!version) return Fail(std::move(version.error()));
    labels.emplace(member.key, *std::move(version));
  }
  return labels;
}

Result<std::vector<double>> ReadSteps(const Field& field) {
  const std::string expected =
      fmt::format("an array of 1 to {} rising numbers above 0 and at most 1", kMostSteps);
  const auto array = field.Array();
  if (!array || array->size() == 0 || array->size() > kMostSteps) return field.Refuse(expected);
  std::vector<double> steps;
  for (const simdjson::dom::element element : *array) {
    const auto step = Field{field.what, field.key, element}.Number(0, 1);
    if (!step || *step <= (steps.empty() ? 0 : steps.back())) {
      return Field{field.what, field.key, element}.Refuse(expected);
    }
    steps.push_back(*step);
  }
  return steps;
}

Result<RolloutLimits> ReadLimits(const Field& field) {
  const auto members = MembersOf(field, "abort_if");
  if (!members) return Fail(members.error());
  RolloutLimits limits;
  for (const Field& member : *members) {
    if (std::ranges::find(kLimitKeys, member.key) == std::end(kLimitKeys))
      return member.Unknown(kLimitKeys);
    auto& to = member.key == "error_rate" ? limits.error_rate
               : member.key == "p99_ms"   ? limits.p99_ms
                                          : limits.disagreement;
    const double most = member.key == "p99_ms" ? kDayS * 1e3 : 1;
    if (auto kept = Keep(member.Number(0, most), to); !kept) return Fail(std::move(kept.error()));
  }
  return limits;
}

Result<RolloutPlan> ReadRollout(const Field& field) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const auto members = json::FieldsOf(*object, "rollout");
  if (!members) return Fail(members.error());
  RolloutPlan plan;
  for (const Field& member : *members) {
    Status read;
    if (member.key == "to") {
      read = Keep(ReadName(member), plan.to);
    } else if (member.key == "steps") {
      read = Keep(ReadSteps(member), plan.steps);
    } else if (member.key == "every_s") {
      read = Keep(member.Number(0.05, kDayS), plan.every_s);
    } else if (member.key == "abort_if") {
      read = Keep(ReadLimits(member), plan.abort_if);
    } else {
      return member.Unknown(kRolloutKeys);
    }
    if (!read) return Fail(std::move(read.error()));
  }
  if (plan.to.empty()) return Invalid("rollout has no \"to\", the version that is to take over");
  if (plan.steps.empty()) {
    return Invalid(
        "rollout has no \"steps\", the shares that it gets, such as [0.01, 0.1, 0.5, 1]");
  }
  return plan;
}

Result<StickyRanges> ReadRanges(const Field& field) {
  const auto array = field.Array();
  if (!array) return Fail(array.error());
  if (array->size() > kMaxStickyRanges) return field.Refuse("fewer ranges");
  StickyRanges ranges;
  for (const simdjson::dom::element element : *array) {
    const Field range{field.what, field.key, element};
    const auto pair = range.Array();
    if (!pair || pair->size() != 2) return range.Refuse("arrays of an end and a version");
    const auto end = Field{field.what, field.key, pair->at(0)}.Number(0, 1);
    auto version = ReadName({field.what, field.key, pair->at(1)});
    if (!end) return Fail(end.error());
    if (!version) return Fail(std::move(version.error()));
    if (!ranges.empty() && *end <= ranges.back().end) return field.Refuse("ends that rise");
    ranges.push_back({*end, *std::move(version)});
  }
  return ranges;
}

Result<Rollout::State> ReadState(const Field& field) {
  const auto name = field.Text();
  if (!name) return Fail(name.error());
  for (const auto state : {Rollout::State::kRunning, Rollout::State::kCompleted,
                           Rollout::State::kRolledBack, Rollout::State::kCancelled}) {
    if (*name == NameOf(state)) return state;
  }
  return field.Refuse("the state of a rollout");
}

// A rollout that was begun, as WriteRollout() writes it.
Result<Rollout> ReadBegunRollout(const Field& field) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const auto members = json::FieldsOf(*object, "rollout");
  if (!members) return Fail(members.error());
  Rollout rollout;
  std::int64_t step = 0;
  for (const Field& member : *members) {
    Status read;
    if (member.key == "plan") {
      read = Keep(ReadRollout(member), rollout.plan);
    } else if (member.key == "before") {
      read = Keep(ReadVersions(member), rollout.before);
    } else if (member.key == "state") {
      read = Keep(ReadState(member), rollout.state);
    } else if (member.key == "step") {
      read = Keep(member.Integer(0, kMostSteps - 1), step);
    } else if (member.key == "reason") {
      std::string_view reason;  // may hold anything that a model said
      if (member.value.get(reason) != simdjson::SUCCESS) return member.Refuse("a string");
      rollout.reason = reason;
    } else {
      return member.Unknown(kRolloutStateKeys);
    }
    if (!read) return Fail(std::move(read.error()));
  }
  rollout.step = static_cast<std::size_t>(step);
  if (rollout.step >= rollout.plan.steps.size()) return field.Refuse("a step that the plan has");
  if (rollout.before.empty()) return field.Refuse("the versions before it");
  return rollout;
}

void WriteVersions(JsonWriter& json, const std::vector<VersionTraffic>& versions) {
  json.BeginObject();
  for (const VersionTraffic& entry : versions) {
    json.Key(entry.version).BeginObject();
    if (entry.traffic > 0 || entry.shadow == 0) json.Key("traffic").Value(entry.traffic);
    if (entry.shadow > 0) json.Key("shadow").Value(entry.shadow);
    json.EndObject();
  }
  json.EndObject();
}

void WriteRollout(JsonWriter& json, const Rollout& rollout) {
  json.BeginObject();
  json.Key("plan").BeginObject();
  WriteRolloutPlan(json, rollout.plan);
  json.EndObject();
  WriteVersions(json.Key("before"), rollout.before);
  json.Key("state").Value(NameOf(rollout.state));
  json.Key("step").Value(rollout.step);
  if (!rollout.reason.empty()) json.Key("reason").Value(rollout.reason);
  json.EndObject();
}

void WriteSticky(JsonWriter& json, const StickyKey& sticky) {
  json.Key("sticky");
  switch (sticky.source) {
    case StickyKey::Source::kNone:
      return json.Null();
    case StickyKey::Source::kHeader:
      return json.Value("header:" + sticky.name);
    case StickyKey::Source::kField:
      return json.Value("field:" + sticky.name);
  }
}

void WriteLabels(JsonWriter& json, const Labels& labels) {
  json.Key("labels").BeginObject();
  for (const auto& [label, version] : labels) json.Key(label).Value(version);
  json.EndObject();
}

}  // namespace

std::span<const std::string_view> ReleaseKeys() { return kReleaseKeys; }

Status ReadReleaseField(const Field& field, ReleaseChange& change) {
  if (field.key == "versions") {
    auto versions = ReadVersions(field);
    if (!versions) return Fail(std::move(versions.error()));
    if (auto fit = CheckTogether(*versions); !fit) return fit;
    change.versions = *std::move(versions);
    return {};
  }
  if (field.key == "sticky") return Keep(ReadSticky(field), change.sticky);
  if (field.key == "labels") return Keep(ReadLabels(field), change.labels);
  if (field.key == "rollout") return Keep(ReadRollout(field), change.rollout);
  return field.Unknown(kReleaseKeys);
}

Result<ReleaseChange> ParseReleaseChange(std::string_view json) {
  const auto document = json::Document::ParseObject(json, "the body");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "the body's");
  if (!fields) return Fail(fields.error());
  ReleaseChange change;
  for (const Field& field : *fields) {
    if (auto read = ReadReleaseField(field, change); !read) return Fail(std::move(read.error()));
  }
  if (change.empty()) {
    return Invalid("the body changes nothing, expected versions, sticky, labels or rollout");
  }
  return change;
}

void WriteTraffic(JsonWriter& json, const TrafficPolicy& policy) {
  WriteVersions(json.Key("versions"), policy.versions);
  WriteSticky(json, policy.sticky);
  WriteLabels(json, policy.labels);
}

void WriteRolloutPlan(JsonWriter& json, const RolloutPlan& plan) {
  json.Key("to").Value(plan.to);
  json.Key("steps").BeginArray();
  for (const double share : plan.steps) json.Value(share);
  json.EndArray();
  json.Key("every_s").Value(plan.every_s);
  json.Key("abort_if").BeginObject();
  const auto limit = [&json](std::string_view key, const std::optional<double>& value) {
    if (value) json.Key(key).Value(*value);
  };
  limit("error_rate", plan.abort_if.error_rate);
  limit("p99_ms", plan.abort_if.p99_ms);
  limit("disagreement", plan.abort_if.disagreement);
  json.EndObject();
}

std::string EncodeRelease(const TrafficPolicy& policy) {
  JsonWriter json;
  json.BeginObject();
  WriteTraffic(json, policy);
  json.Key("ranges").BeginArray();
  for (const StickyRange& range : policy.ranges) {
    json.BeginArray();
    json.Value(range.end);
    json.Value(range.version);
    json.EndArray();
  }
  json.EndArray();
  if (policy.rollout) WriteRollout(json.Key("rollout"), *policy.rollout);
  json.EndObject();
  return std::move(json).Take();
}

Result<TrafficPolicy> ParseRelease(std::string_view json) {
  const auto document = json::Document::ParseObject(json, "the release");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "the release's");
  if (!fields) return Fail(fields.error());
  TrafficPolicy policy;
  for (const Field& field : *fields) {
    Status read;
    if (field.key == "versions") {
      read = Keep(ReadVersions(field), policy.versions);
    } else if (field.key == "sticky") {
      read = Keep(ReadSticky(field), policy.sticky);
    } else if (field.key == "labels") {
      read = Keep(ReadLabels(field), policy.labels);
    } else if (field.key == "ranges") {
      read = Keep(ReadRanges(field), policy.ranges);
    } else if (field.key == "rollout") {
      read = Keep(ReadBegunRollout(field), policy.rollout);
    } else {
      return field.Unknown(kStateKeys);
    }
    if (!read) return Fail(std::move(read.error()));
  }
  return policy;
}

}  // namespace plinth
