// Triton's ensembles, as pipelines.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"

namespace plinth {

// A step of an ensemble: the model's tensors, and what they are called in the ensemble.
struct EnsembleStep {
  std::string model;
  std::string version;  // empty: the one that answers
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<std::pair<std::string, std::string>> outputs;
};

// Reads an "ensemble_scheduling". INVALID_ARGUMENT: "LINE:COLUMN: ...".
Status ReadEnsemble(const text_proto::Field& field, std::vector<EnsembleStep>& steps, Notes& notes);

// The steps as the JSON of a pipeline (docs/pipelines.md) that takes and gives these tensors.
std::string EnsembleAsPipeline(const std::vector<EnsembleStep>& steps,
                               const std::vector<TensorSpec>& inputs,
                               const std::vector<TensorSpec>& outputs);

}  // namespace plinth
