#include "api/tfserving/model_status.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/json_writer.h"

namespace plinth::api::tfserving {
namespace {

// A version that rests is loaded by the first request that asks for it, so it is available.
State StateOf(VersionState state) {
  switch (state) {
    case VersionState::kLoading:
    case VersionState::kWarming:
      return State::kLoading;
    case VersionState::kReady:
    case VersionState::kUnloaded:
      return State::kAvailable;
    case VersionState::kDraining:
      return State::kUnloading;
    case VersionState::kFailed:
      break;
  }
  return State::kEnd;
}

// The version that a label names; the label itself if it is a version's name.
std::string Labelled(const ModelInfo& model, const std::string& label) {
  if (model.traffic == nullptr) return label;
  const auto it = model.traffic->labels.find(label);
  return it == model.traffic->labels.end() ? label : it->second;
}

bool HasNumber(const ModelInfo& model, std::int64_t number) {
  return std::ranges::any_of(model.versions, [number](const VersionInfo& info) {
    return VersionNumber(info.version) == number;
  });
}

bool IsWanted(const ModelInfo& model, const ModelSpec& spec, const std::string& version) {
  if (spec.version && (*spec.version != 0 || HasNumber(model, 0))) {
    return VersionNumber(version) == *spec.version;
  }
  return !spec.label || version == *spec.label || version == Labelled(model, *spec.label);
}

Error NoSuchVersion(const ModelSpec& spec) {
  if (spec.label) return UnrecognizedLabel(spec);
  if (spec.version) {
    return {Code::kNotFound,
            "Could not find version " + std::to_string(*spec.version) + " of model " + spec.name};
  }
  return {Code::kNotFound, "Could not find any versions of model " + spec.name};
}

}  // namespace

std::string_view NameOf(State state) {
  switch (state) {
    case State::kLoading:
      return "LOADING";
    case State::kAvailable:
      return "AVAILABLE";
    case State::kUnloading:
      return "UNLOADING";
    case State::kEnd:
      break;
  }
  return "END";
}

Result<std::vector<VersionStatus>> StatusOf(const Service& service, const ModelSpec& spec) {
  std::vector<VersionStatus> versions;
  if (const auto model = service.Describe(spec.name)) {
    for (const VersionInfo& info : model->versions) {
      if (!IsWanted(*model, spec, info.version)) continue;
      versions.push_back(
          {info.version, VersionNumber(info.version), StateOf(info.state), info.error});
    }
  }
  if (versions.empty()) return Fail(NoSuchVersion(spec));
  std::ranges::reverse(versions);
  return versions;
}

Result<VersionInfo> DescribeServable(const Service& service, const ModelSpec& spec) {
  if (auto model = service.Describe(spec.name)) {
    for (VersionInfo& info : std::views::reverse(model->versions)) {
      if (StateOf(info.state) == State::kAvailable && IsWanted(*model, spec, info.version))
        return std::move(info);
    }
  }
  return Fail(spec.label ? UnrecognizedLabel(spec) : ServableNotFound(spec));
}

std::string EncodeStatus(std::span<const VersionStatus> versions) {
  JsonWriter json;
  json.BeginObject();
  json.Key("model_version_status").BeginArray();
  for (const VersionStatus& status : versions) {
    json.BeginObject();
    json.Key("version").Value(status.number ? std::to_string(*status.number) : status.version);
    json.Key("state").Value(NameOf(status.state));
    json.Key("status").BeginObject();
    json.Key("error_code").Value(status.error.empty() ? "OK" : "UNKNOWN");
    json.Key("error_message").Value(status.error);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::tfserving
