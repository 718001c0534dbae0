// A TorchScript module. Options: threads, optimize.
#pragma once

#include <torch/script.h>

#include <memory>
#include <string>
#include <vector>

#include "common/backend_kit.h"
#include "pytorch/torch_arguments.h"
#include "pytorch/torch_outputs.h"

namespace plinth::pytorch {

// Sets what holds for the whole process. Called once, before anything else here.
void OpenRuntime();

class Model {
 public:
  static kit::Result<std::unique_ptr<Model>> Load(const plinth_load_request& request);

  const plinth_signature* signature() const { return signature_->view(); }
  kit::Status Warm();
  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  Model(torch::jit::Module module, int threads) : module_(std::move(module)), threads_(threads) {}

  // Finds out what the model takes and gives: from its program, from what the user declared, and by
  // trying it.
  kit::Status Describe(const plinth_load_request& request);
  kit::Result<std::vector<kit::Spec>> DescribeInputs(const plinth_load_request& request);

  kit::Result<c10::IValue> Gather(const Argument& argument, const std::string& name,
                                  const plinth_execute_request& request);
  kit::Result<std::vector<NamedValue>> Forward(std::vector<c10::IValue> values);
  // Forward() on tensors for the required arguments.
  kit::Result<std::vector<NamedValue>> Try(const std::vector<at::Tensor>& tensors);
  kit::Status Give(const std::vector<NamedValue>& answer, const plinth_execute_request& request,
                   kit::OutputWriter& outputs) const;

  torch::jit::Module module_;
  int threads_;
  std::vector<Argument> arguments_;
  std::vector<std::string>
      output_parts_;  // for each output of the signature, its name as in torch_outputs.h
  std::unique_ptr<kit::Signature> signature_;
  bool writes_memory_ = false;  // inputs are copied before it may write to them
  bool keeps_state_ = false;    // outputs are copied before it may write to them
  plinth_status run_failure_ = PLINTH_INVALID_ARGUMENT;  // whose fault a failed run is
};

}  // namespace plinth::pytorch
