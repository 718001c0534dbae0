// What a model takes and gives, as JSON.
#pragma once

#include "base/json_writer.h"
#include "model/signature.h"

namespace plinth {

// The members "name", "datatype", "shape" (null where any rank will do) and, if it is, "optional"
// of an object that has been begun.
void WriteSpecMembers(JsonWriter& json, const TensorSpec& spec);

}  // namespace plinth
