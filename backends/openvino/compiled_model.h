// What OpenVINO has compiled, to and from a compiled form: the blob that it exports, and the ports
// of the model as they were before, whose names compiling may change.
#pragma once

#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/core.hpp>
#include <string>
#include <vector>

#include "common/backend_kit.h"

namespace plinth::openvino {

struct Ports {
  std::vector<kit::Spec> inputs;
  std::vector<kit::Spec> outputs;
};

struct Compiled {
  ov::CompiledModel model;
  Ports ports;  // without batch axes
};

// Everything that a load of the model at `path` reads. INVALID_MODEL if that cannot be told, or is
// outside the model's folder.
kit::Result<std::vector<std::string>> FilesOf(const std::string& path);

// Writes the form into the folder. Where that is not possible it writes nothing.
void WriteForm(const std::string& folder, ov::CompiledModel& model, const Ports& ports);

// The model computes with the form's memory. INVALID_MODEL if it does not fit this OpenVINO.
kit::Result<Compiled> FromForm(const kit::CompiledForm& form, ov::Core& core,
                               const ov::AnyMap& settings);

}  // namespace plinth::openvino
