// A config.pbtxt in the JSON form of its message, in which Triton's Python models read it.
#pragma once

#include <span>
#include <string>

#include "repository/foreign/text_proto.h"

namespace plinth {

// As it was written: fields that are left out stay so, and what a field may hold is not checked.
std::string TritonConfigAsJson(std::span<const text_proto::Field> fields);

}  // namespace plinth
