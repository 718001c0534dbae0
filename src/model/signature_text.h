// What a model takes and gives, as JSON and in messages.
#pragma once

#include <string>
#include <vector>

#include "base/json_writer.h"
#include "model/signature.h"

namespace plinth {

// The members "name", "datatype", "shape" (null where any rank will do) and, if it is, "optional"
// of an object that has been begun.
void WriteSpecMembers(JsonWriter& json, const TensorSpec& spec);

// "'a', 'b'": the names, for messages; "none" where there are none.
std::string NamesOf(const std::vector<TensorSpec>& specs);

}  // namespace plinth
