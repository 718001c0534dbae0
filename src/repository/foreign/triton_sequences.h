// The part of a config.pbtxt that makes a model one of sequences: sequence_batching.
#pragma once

#include "base/status.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/triton_config.h"

namespace plinth {

// Python models do what it says by themselves (backends/python/worker/plinth_worker/triton); for
// those of other engines it is a warning.
Status ReadTritonSequences(const text_proto::Field& field, TritonConfig& config, Notes& notes);

}  // namespace plinth
