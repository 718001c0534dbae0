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

  // Whether `name` may ask that model: INVALID_ARGUMENT if it asks `name` in turn, however many
  // others lie between, or if they are too many.
  virtual Status CheckChain(const std::string& name, const std::string& model,
                            const std::string& version) = 0;

  // Loads a version that only the caller knows, to be given back by Retire(). As of a deployment;
  // what it looks up is added to `members`, whatever comes of it.
  virtual Result<std::shared_ptr<ModelVersion>> LoadOwn(DeploySpec spec, Members& members) = 0;
  virtual void Retire(ModelVersion& version) = 0;

  // Runs what may take long, elsewhere or at once: not to be called with a lock that the task
  // takes.
  virtual void Post(std::move_only_function<void()> task) = 0;
  // The same at or soon after `when`.
  virtual void At(std::chrono::steady_clock::time_point when,
                  std::move_only_function<void()> task) = 0;
};

}  // namespace plinth::pipeline
