// Triton's ensembles, as pipelines.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "model/triton_description.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"

namespace plinth {

// Reads an "ensemble_scheduling". INVALID_ARGUMENT: "LINE:COLUMN: ...".
Status ReadEnsemble(const text_proto::Field& field, std::vector<EnsembleStep>& steps, Notes& notes);

// The steps as the JSON of a pipeline (docs/pipelines.md) that takes and gives these tensors.
std::string EnsembleAsPipeline(const std::vector<EnsembleStep>& steps,
                               const std::vector<TensorSpec>& inputs,
                               const std::vector<TensorSpec>& outputs);

}  // namespace plinth
