// The parts of ParsePipeline(): every one names in its errors where in the pipeline it is.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <simdjson.h>

#include "base/status.h"
#include "model/json_fields.h"
#include "pipeline/spec.h"

namespace plinth::pipeline {

// `depth` counts the targets that it lies in.
Result<GraphSpec> ReadGraph(simdjson::dom::object from, const std::string& where,
                            std::size_t depth);

// A model's name, or an object whose keys are a target's; those of a step are passed over where
// `of_step`.
Result<TargetSpec> ReadTarget(const json::Field& field, const std::string& where, bool of_step,
                              std::size_t depth);

// {"port": "reference"}, or one reference.
Result<std::vector<Binding>> ReadBindings(const json::Field& field);

// Whether the key is one of a step itself, not of what it runs.
bool IsStepKey(std::string_view key);

std::unexpected<Error> Wrong(const std::string& where, const std::string& why);

}  // namespace plinth::pipeline
