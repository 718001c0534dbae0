// What REST clients change: the repository, and the settings of the log and of traces.
#pragma once

#include "api/openinference/rest.h"

namespace plinth::api::openinference {

void IndexRepository(RestContext& context, RestCall call);
void LoadModel(RestContext& context, RestCall call);
void UnloadModel(RestContext& context, RestCall call);

// GET and POST: what is set, after the change if there is one.
net::HttpResponse TraceSettingsRoute(RestContext& context, const RestCall& call);
net::HttpResponse LogSettingsRoute(RestContext& context, const RestCall& call);

}  // namespace plinth::api::openinference
