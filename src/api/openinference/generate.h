// POST /v2/models/:model/generate and /generate_stream: plain JSON in and out, for models of text.
//
//   {"text_input": "Hello", "parameters": {"temperature": 0.5}}  ->
//   {"model_name": "m", "model_version": "1", "text_output": "Hi"}
//
// A member that has the name of an input is that input, "id" is the request's, all others are
// parameters; those within "parameters" count as if they stood outside.
#pragma once

#include "api/openinference/rest.h"

namespace plinth::api::openinference {

void HandleGenerate(RestContext& context, RestCall call);

// The same, answered as a stream of events. Our models give one answer, so there is one.
void HandleGenerateStream(RestContext& context, RestCall call);

}  // namespace plinth::api::openinference
