// /v2/systemsharedmemory and /v2/cudasharedmemory: which regions clients have registered.
#pragma once

#include "api/openinference/rest.h"

namespace plinth::api::openinference {

net::HttpResponse SystemRegions(RestContext& context, const RestCall& call);
net::HttpResponse RegisterSystemRegion(RestContext& context, const RestCall& call);
// Of all regions where the path names none.
net::HttpResponse UnregisterSystemRegion(RestContext& context, const RestCall& call);

// There are none: this server has no models on GPUs.
net::HttpResponse CudaRegions(RestContext& context, const RestCall& call);
net::HttpResponse RegisterCudaRegion(RestContext& context, const RestCall& call);
net::HttpResponse UnregisterCudaRegion(RestContext& context, const RestCall& call);

}  // namespace plinth::api::openinference
