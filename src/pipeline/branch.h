// One of several stages that do the same: told apart by what they take and give under the names of
// the whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

// What all of them have in common: every input of any, and the outputs that all have; each type and
// dimension that is not the same in all is left open. INVALID_ARGUMENT if they have no output in
// common, or differ in the rank of one. `titles` name them in messages.
Result<Signature> CommonSignature(const std::vector<StagePtr>& stages,
                                  const std::vector<std::string>& titles);

// Starts `branch` for `whole`: with those inputs that it knows, and its outputs of the same names.
void StartBranch(const Stage& branch, const Signature& whole, std::vector<NamedTensor> inputs,
                 const std::vector<std::uint32_t>& wanted, const StageContext& context,
                 ModelCallDone done);

}  // namespace plinth::pipeline
