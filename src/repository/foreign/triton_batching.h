// The parts of a config.pbtxt that say when a request runs: dynamic_batching and instance_group.
#pragma once

#include "base/status.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/triton_config.h"

namespace plinth {

Status ReadTritonBatching(const text_proto::Field& field, TritonConfig& config, Notes& notes);
// One group; the instances of several add up.
Status ReadTritonInstances(const text_proto::Field& field, TritonConfig& config, Notes& notes);

}  // namespace plinth
