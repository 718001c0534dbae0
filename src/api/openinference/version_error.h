// Models and versions that are not found, in Triton's words.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "serving/service.h"

namespace plinth::api::openinference {

// Why there is no `version` of `model`, or with an empty `version` none that answers, as
// `error`, NOT_FOUND or UNAVAILABLE of Service, says it. Other errors stay as they are.
Error VersionError(const Service& service, const std::string& model, std::string_view version,
                   Error error);

}  // namespace plinth::api::openinference
