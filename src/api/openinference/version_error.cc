#include "api/openinference/version_error.h"

#include "api/openinference/errors.h"

namespace plinth::api::openinference {
namespace {

Error WithoutReason(const Service& service, const std::string& model, std::string_view version,
                    Code code) {
  if (!service.Describe(model)) return {Code::kNotFound, UnknownModel(model)};
  if (version.empty()) return {Code::kNotFound, NoVersionAvailable(model)};
  if (code == Code::kNotFound) return {code, UnknownVersion(model, version)};
  return {code, VersionNotReady(model, version)};
}

}  // namespace

Error VersionError(const Service& service, const std::string& model, std::string_view version,
                   Error error) {
  if (error.code != Code::kNotFound && error.code != Code::kUnavailable) return error;
  Error shown = WithoutReason(service, model, version, error.code);
  shown.message += " (" + error.message + ")";
  return shown;
}

}  // namespace plinth::api::openinference
