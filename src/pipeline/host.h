// What pipelines need of the server that they are loaded into.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "model/model_version.h"
#include "model/signature.h"

namespace plinth::pipeline {

class Host {
 public:
  virtual ~Host() = default;

  // What a deployed model takes and gives; an empty version: that of the one that answers. Loads it
  // first if it rests. FAILED_PRECONDITION: it is not there, or not ready.
  virtual Result<Signature> SignatureOf(const std::string& model, const std::string& version) = 0;

  // Loads a version that only the caller knows, to be given back by Retire(). As of a deployment.
  virtual Result<std::shared_ptr<ModelVersion>> LoadOwn(DeploySpec spec) = 0;
  virtual void Retire(ModelVersion& version) = 0;

  // Runs what may take long.
  virtual void Post(std::move_only_function<void()> task) = 0;
  // The same at or soon after `when`.
  virtual void At(std::chrono::steady_clock::time_point when,
                  std::move_only_function<void()> task) = 0;
};

}  // namespace plinth::pipeline
