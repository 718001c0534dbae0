// From a model's files, or from what an earlier load made of them, to a session. No file is mapped:
// whatever becomes of the files, the session computes with what it was loaded with.
#pragma once

#include <onnxruntime_c_api.h>

#include "common/backend_kit.h"
#include "onnxruntime/ort_runtime.h"

namespace plinth::onnx {

// `options` are those that the request asks for; they are changed on the way. `large`: worth a
// compiled form. The session may use the form's memory, which is valid until the model is unloaded.
kit::Result<SessionHandle> OpenSession(const plinth_load_request& request,
                                       OrtSessionOptions* options, bool large);

}  // namespace plinth::onnx
