// JSON of a request that is passed on as it is meant, whatever its spaces and escapes.
#pragma once

#include <simdjson.h>

#include "api/json/body_document.h"
#include "base/json_writer.h"
#include "base/status.h"

namespace plinth::api {

// How deep arrays and objects may lie in what is copied.
inline constexpr int kMostCopiedDepth = 32;

// Appends the value, every part of it checked. INVALID_ARGUMENT for what is no JSON or too deep.
Status CopyJson(const JsonBody& json, simdjson::ondemand::value value, JsonWriter& to);

}  // namespace plinth::api
