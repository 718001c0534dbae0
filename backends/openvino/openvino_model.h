// A model compiled by OpenVINO. Options: threads, precision, signature.
#pragma once

#include <memory>
#include <mutex>
#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/infer_request.hpp>
#include <vector>

#include "common/backend_kit.h"

namespace plinth::openvino {

// Opens OpenVINO's core. Called once, before anything else here; throws what OpenVINO throws.
void OpenRuntime();

class Model {
 public:
  static kit::Result<std::unique_ptr<Model>> Load(const plinth_load_request& request);

  Model(ov::CompiledModel compiled, std::unique_ptr<kit::Signature> signature);

  const plinth_signature* signature() const { return signature_->view(); }
  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  kit::Status Infer(ov::InferRequest& infer, const plinth_execute_request& request,
                    kit::OutputWriter& outputs);
  ov::InferRequest Take();
  void GiveBack(ov::InferRequest infer);

  ov::CompiledModel compiled_;
  std::unique_ptr<kit::Signature> signature_;
  std::mutex mutex_;
  std::vector<ov::InferRequest> idle_;  // as many as there were calls at once
};

}  // namespace plinth::openvino
