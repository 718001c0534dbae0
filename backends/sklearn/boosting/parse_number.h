// Numbers as the libraries write them into text.
#pragma once

#include <string_view>

namespace plinth::sklearn {

// The whole text as a number: 5E-1, -inf, nan. False if it is not one.
bool ParseNumber(std::string_view text, double& number);

}  // namespace plinth::sklearn
