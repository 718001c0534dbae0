// tensorflow.serving.ModelService/HandleReloadConfigRequest: what is served from now on, in place
// of all that was.
#pragma once

#include <functional>

#include <protozero/data_view.hpp>

#include "base/status.h"
#include "net/grpc.h"
#include "repository/foreign/tfserving_config.h"

namespace plinth::api::tfserving {

// As of TfServingSync::Reload().
using ReloadConfig = std::function<void(TfServingConfig, std::move_only_function<void(Status)>)>;

// Reads a ReloadConfigRequest. INVALID_ARGUMENT if it holds no list of models. Throws
// protozero::exception.
Result<TfServingConfig> DecodeReloadConfig(protozero::data_view message);

// Answers once the models are ready, or cannot be.
net::GrpcMethod ReloadConfigMethod(ReloadConfig reload);

}  // namespace plinth::api::tfserving
