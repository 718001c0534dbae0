#include "python/model.h"

#include "python/embedded/embedded_program.h"
#include "python/keeper.h"

namespace plinth::python {

kit::Result<std::unique_ptr<Model>> Model::Load(const plinth_load_request& request) {
  auto settings = Settings::Read(request);
  if (!settings) return kit::Fail(std::move(settings.error()));
  auto program =
      settings->embedded ? EmbeddedProgram::Load(*settings) : Keeper::Start(*std::move(settings));
  if (!program) return kit::Fail(std::move(program.error()));
  return std::unique_ptr<Model>(new Model(*std::move(program)));
}

Model::Model(std::unique_ptr<Program> program)
    : program_(std::move(program)),
      signature_(program_->loaded().inputs, program_->loaded().outputs,
                 {.stateful = program_->loaded().stateful,
                  .waits = true,
                  .decoupled = program_->loaded().decoupled,
                  .uses_parameters = true}) {}

kit::Status Model::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  return program_->Execute(request, signature_, outputs);
}

}  // namespace plinth::python
