// A model whose program runs in this process: on the threads that execute it, under Python's lock.
#pragma once

#include <memory>
#include <vector>

#include "common/failure.h"
#include "common/outputs.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/embedded/call_context.h"
#include "python/embedded/runtime.h"
#include "python/embedded/working_folder.h"
#include "python/program.h"
#include "python/settings.h"

namespace plinth::python {

class EmbeddedProgram : public Program {
 public:
  static kit::Result<std::unique_ptr<Program>> Load(const Settings& settings);
  EmbeddedProgram(const EmbeddedProgram&) = delete;
  EmbeddedProgram& operator=(const EmbeddedProgram&) = delete;
  ~EmbeddedProgram() override;

  const Loaded& loaded() const override { return loaded_; }
  kit::Status Execute(const plinth_execute_request& request, const kit::Signature& signature,
                      kit::OutputWriter& outputs) override;

  // What the thread that loads it makes, under the lock.
  struct Parts;

 private:
  EmbeddedProgram(Runtime& runtime, const Settings& settings, std::shared_ptr<CallContext> context,
                  Parts parts);

  kit::Status Run(const plinth_execute_request& request, const kit::Signature& signature,
                  kit::OutputWriter& outputs, Watch& watch);

  Runtime& runtime_;
  const ModelFolder folder_;
  const std::shared_ptr<CallContext> context_;
  Loaded loaded_;
  Ref execute_;  // these end under the lock
  Ref wake_;
  Ref close_;
  std::uint64_t calls_ = 0;
};

}  // namespace plinth::python
