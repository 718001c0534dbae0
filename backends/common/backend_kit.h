// A backend in C++ as one class, and the ABI's table of functions made from it.
//
//   class Model {
//    public:
//     static kit::Result<std::unique_ptr<Model>> Load(const plinth_load_request& request);
//     const plinth_signature* signature() const;
//     kit::Status Warm();                                            // may be left out
//     kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);
//   };
//
//   const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
//     static const plinth_backend table = kit::TableOf<Model>("name", "1.0", "Runtime 2.0",
//     "framework", Probe); return &table;
//   }
#pragma once

#include <memory>

#include "common/answers.h"
#include "common/compiled.h"
#include "common/failure.h"
#include "common/options.h"
#include "common/outputs.h"
#include "common/signature.h"
#include "common/stopper.h"
#include "common/tensors.h"
#include "plinth/backend.h"

namespace plinth::kit {

// The ABI's functions over a Model. Execute() adds the wanted outputs in their order; they are
// committed if it succeeds.
template <typename Model>
struct Functions {
  static Model* Of(plinth_model* model) { return reinterpret_cast<Model*>(model); }

  static plinth_status Load(const plinth_load_request* request, plinth_model** model) {
    return Guard([&]() -> Status {
      Result<std::unique_ptr<Model>> loaded = Model::Load(*request);
      if (!loaded) return Fail(std::move(loaded.error()));
      *model = reinterpret_cast<plinth_model*>(loaded->release());
      return {};
    });
  }

  static const plinth_signature* Describe(const plinth_model* model) {
    return reinterpret_cast<const Model*>(model)->signature();
  }

  static plinth_status Warm(plinth_model* model) {
    return Guard([&]() -> Status { return Of(model)->Warm(); });
  }

  static plinth_status Execute(plinth_model* model, const plinth_execute_request* request,
                               plinth_execute_response* response) {
    return Guard([&]() -> Status {
      OutputWriter outputs(response);
      Status status = Of(model)->Execute(*request, outputs);
      if (status) outputs.Commit();
      return status;
    });
  }

  static void Unload(plinth_model* model) {
    // A destructor that throws ends the process; runtimes' destructors do not.
    delete Of(model);
  }
};

// All texts must live as long as the process.
template <typename Model>
plinth_backend TableOf(const char* name, const char* version, const char* runtime,
                       const char* frameworks, int32_t (*probe)(const char* path),
                       bool runs_code = false) {
  using F = Functions<Model>;
  plinth_status (*warm)(plinth_model*) = nullptr;
  if constexpr (requires(Model& model) { model.Warm(); }) warm = F::Warm;
  return {sizeof(plinth_backend),
          PLINTH_ABI_VERSION,
          name,
          version,
          runtime,
          frameworks,
          probe,
          F::Load,
          F::Describe,
          warm,
          F::Execute,
          F::Unload,
          LastError,
          runs_code ? 1 : 0};
}

}  // namespace plinth::kit
