// A Python model: what the backend's table of functions is made from.
#pragma once

#include <memory>
#include <utility>

#include "common/failure.h"
#include "common/outputs.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/program.h"

namespace plinth::python {

class Model {
 public:
  static kit::Result<std::unique_ptr<Model>> Load(const plinth_load_request& request);

  const plinth_signature* signature() const { return signature_.view(); }

  // A program is not run on values that nobody has sent.
  kit::Status Warm() { return {}; }

  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  explicit Model(std::unique_ptr<Program> program);

  const std::unique_ptr<Program> program_;
  const kit::Signature signature_;
};

}  // namespace plinth::python
