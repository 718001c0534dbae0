// How refusals speak of the elements of an input.
#pragma once

#include <string>
#include <string_view>

#include "tensor/dtype.h"

namespace plinth::api {

// What stands in an element's place: "an array", "an object", or the token itself, shortened.
std::string ShownToken(std::string_view token);

// What an element of that type looks like: "a whole number from 0 to 255 (UINT8)".
std::string ExpectedElement(DType type);

// For the end of a message about a token that other languages have and JSON has not; or "".
std::string_view HintFor(std::string_view token);

}  // namespace plinth::api
