// A TypeScript or JavaScript file as a model: one virtual machine, one call at a time.
#pragma once

#include <memory>
#include <optional>

#include "common/backend_kit.h"
#include "javascript/modules.h"
#include "javascript/script.h"

namespace plinth::javascript {

class Model {
 public:
  static kit::Result<std::unique_ptr<Model>> Load(const plinth_load_request& request);

  const plinth_signature* signature() const { return signature_->view(); }
  // Zeros may be nothing that the code can take; it warms itself up in its load().
  kit::Status Warm() { return {}; }
  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  Model(Modules modules, Setup setup) : modules_(std::move(modules)), setup_(std::move(setup)) {}

  // Runs the code from its beginning, in a new virtual machine.
  kit::Result<ScriptSignature> Start();

  Modules modules_;
  Setup setup_;
  std::unique_ptr<Script> script_;  // nullptr: the code could not be started again
  std::optional<kit::Signature> signature_;
};

// Before the first load. `host` lives as long as the process.
void SetHost(const plinth_host* host);

}  // namespace plinth::javascript
