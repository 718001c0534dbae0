// An ONNX model: one session, shared by all calls. Options: threads, optimization, memory_arena,
// profile.
#pragma once

#include <memory>
#include <vector>

#include "common/backend_kit.h"
#include "onnxruntime/ort_runtime.h"
#include "onnxruntime/ort_signature.h"

namespace plinth::onnx {

class Model {
 public:
  static kit::Result<std::unique_ptr<Model>> Load(const plinth_load_request& request);

  // `parking` is nullptr if the session has threads of its own.
  Model(SessionHandle session, OrtSignature signature, HelperParking* parking);

  const plinth_signature* signature() const { return signature_.signature->view(); }
  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  SessionHandle session_;
  OrtSignature signature_;
  HelperParking* parking_;
};

}  // namespace plinth::onnx
