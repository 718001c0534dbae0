// What REST shows of models: GET /v2/models/:model and below.
#pragma once

#include "api/openinference/rest.h"

namespace plinth::api::openinference {

void DescribeModel(RestContext& context, RestCall call);
void DescribeConfig(RestContext& context, RestCall call);

// 200 if requests may be sent to the model, or the version, else 400.
net::HttpResponse ModelReady(RestContext& context, const RestCall& call);

// Of one version, of all of a model, or of all models.
net::HttpResponse DescribeStatistics(RestContext& context, const RestCall& call);

}  // namespace plinth::api::openinference
