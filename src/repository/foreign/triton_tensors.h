// The parts of a config.pbtxt that are about tensors: inputs, outputs and requests to warm up with.
#pragma once

#include "base/status.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/triton_config.h"

namespace plinth {

Status ReadTritonInput(const text_proto::Field& field, TritonConfig& config, Notes& notes);
Status ReadTritonOutput(const text_proto::Field& field, TritonConfig& config, Notes& notes);
Status ReadTritonWarmup(const text_proto::Field& field, TritonConfig& config, Notes& notes);

}  // namespace plinth
