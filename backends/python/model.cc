#include "python/model.h"

namespace plinth::python {

kit::Result<std::unique_ptr<Model>> Model::Load(const plinth_load_request& request) {
  auto settings = Settings::Read(request);
  if (!settings) return kit::Fail(std::move(settings.error()));
  auto keeper = Keeper::Start(*std::move(settings));
  if (!keeper) return kit::Fail(std::move(keeper.error()));
  return std::unique_ptr<Model>(new Model(*std::move(keeper)));
}

Model::Model(std::unique_ptr<Keeper> keeper)
    : keeper_(std::move(keeper)),
      signature_(keeper_->loaded().inputs, keeper_->loaded().outputs, /*concurrent=*/false,
                 keeper_->loaded().stateful, /*waits=*/true, keeper_->loaded().decoupled) {}

kit::Status Model::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  const auto worker = keeper_->Get();
  if (!worker) return kit::Fail(worker.error());
  kit::Status status = (*worker)->Execute(request, signature_, outputs);
  const bool ended =
      !status && status.error().status == PLINTH_UNAVAILABLE && status.error().message.empty();
  return ended ? kit::Fail(keeper_->WhyEnded(*worker)) : status;
}

}  // namespace plinth::python
