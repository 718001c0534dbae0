#include "api/openinference/lookup.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "api/openinference/errors.h"

namespace plinth::api::openinference {
namespace {

std::optional<std::size_t> IndexOf(const ModelInfo& model, std::string_view version) {
  const auto found = std::ranges::find(model.versions, version, &VersionInfo::version);
  if (found == model.versions.end()) return std::nullopt;
  return static_cast<std::size_t>(found - model.versions.begin());
}

std::optional<std::size_t> IndexOfLabel(const ModelInfo& model, std::string_view label) {
  if (model.traffic == nullptr) return std::nullopt;
  const auto labelled = model.traffic->labels.find(label);
  if (labelled == model.traffic->labels.end()) return std::nullopt;
  return IndexOf(model, labelled->second);
}

std::optional<std::size_t> NewestServable(const ModelInfo& model) {
  for (std::size_t i = model.versions.size(); i-- > 0;) {
    if (IsServable(model.versions[i])) return i;
  }
  return std::nullopt;
}

}  // namespace

bool IsServable(const VersionInfo& version) {
  return version.state == VersionState::kReady || version.state == VersionState::kUnloaded;
}

Result<FoundVersion> FindVersion(const Service& service, std::string_view model,
                                 std::string_view version) {
  auto info = service.Describe(model);
  if (!info) return Fail(Code::kNotFound, UnknownModel(model));
  std::optional<std::size_t> index;
  if (version.empty()) {
    index = NewestServable(*info);
    if (!index) return Fail(Code::kNotFound, NoVersionAvailable(model));
  } else {
    index = IndexOf(*info, version);
    if (!index) index = IndexOfLabel(*info, version);
    // Clients whose versions are numbers mean "v3" by 3.
    if (!index) index = IndexOf(*info, std::string("v").append(version));
    if (!index) return Fail(Code::kNotFound, UnknownVersion(model, version));
    if (!IsServable(info->versions[*index]))
      return Fail(Code::kUnavailable, VersionNotReady(model, version));
  }
  return FoundVersion{*std::move(info), *index};
}

void FindLoaded(Service& service, const std::string& model, const std::string& version,
                FoundCallback done) {
  auto found = FindVersion(service, model, version);
  // What was loaded once is known while it rests.
  if (!found || found->version().state == VersionState::kReady ||
      found->version().signature != Signature()) {
    return done(std::move(found));
  }
  service.Wake(model, version, Clock::now(),
               [&service, model, version, done = std::move(done)](const Status& loaded) mutable {
                 if (!loaded) return done(Fail(loaded.error()));
                 done(FindVersion(service, model, version));
               });
}

}  // namespace plinth::api::openinference
