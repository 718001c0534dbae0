// A model's program, wherever it runs.
#pragma once

#include "common/failure.h"
#include "common/outputs.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/messages.h"

namespace plinth::python {

class Program {
 public:
  virtual ~Program() = default;

  virtual const Loaded& loaded() const = 0;

  // One call at a time.
  virtual kit::Status Execute(const plinth_execute_request& request,
                              const kit::Signature& signature, kit::OutputWriter& outputs) = 0;
};

}  // namespace plinth::python
