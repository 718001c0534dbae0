// A request of TF Serving's protocols for a model, from its spec to the model's answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/infer/inference.h"
#include "api/tfserving/model_spec.h"
#include "base/status.h"
#include "serving/infer.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

struct DecodedCall {
  std::vector<NamedTensor> inputs;
  std::vector<std::string> outputs;  // the wanted ones; empty: all
};

class ModelCall : public Inference {
 public:
  explicit ModelCall(ModelSpec spec) : Inference(spec.name), spec_(std::move(spec)) {}

  Result<InferRequest> Decode(RequestedVersion& version) final;
  void Answer(Result<InferResponse> response) final;

 protected:
  const ModelSpec& spec() const { return spec_; }

  // Reads the inputs by the version that will answer.
  virtual Result<DecodedCall> DecodeInputs(const ModelVersion& version) = 0;
  // By when the caller wants the answer, if it says so.
  virtual std::optional<Clock::time_point> deadline() const { return std::nullopt; }
  virtual bool bypass_cache() const { return false; }
  // The model's answer, with as many dimensions as the inputs were given; or what went wrong, as TF
  // Serving words it. Must not throw.
  virtual void Respond(Result<InferResponse> response) = 0;

 private:
  Result<const Signature*> Choose(RequestedVersion& version) const;
  Error Reworded(Error error) const;

  const ModelSpec spec_;
  bool no_version_ = false;     // it failed before there was a version
  std::size_t added_dims_ = 0;  // that the inputs lacked
};

}  // namespace plinth::api::tfserving
