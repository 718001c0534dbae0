// A model that answers later, because others do its work: a pipeline.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/model_caller.h"
#include "tensor/tensor.h"

namespace plinth {

class AsyncModel {
 public:
  virtual ~AsyncModel() = default;

  // Begins an execution, without waiting for what it asks others; any number of them at once.
  // `inputs`, `wanted` and what comes of it are as of LoadedModel::Execute(). `done` is called
  // once, from any thread, perhaps before this returns; the model may be gone after it.
  virtual void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                     std::shared_ptr<const ModelCaller> caller, ModelCallDone done) = 0;
};

}  // namespace plinth
