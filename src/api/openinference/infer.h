// POST /v2/models/:model/infer, of a version or of any.
#pragma once

#include "api/openinference/rest.h"

namespace plinth::api::openinference {

void HandleInfer(RestContext& context, RestCall call);

}  // namespace plinth::api::openinference
