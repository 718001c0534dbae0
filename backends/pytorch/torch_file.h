// What kind of PyTorch file lies at a path.
#pragma once

#include <string>

#include "common/failure.h"

namespace plinth::pytorch {

// OK for a TorchScript archive. For the other files that PyTorch writes, and for what is none,
// INVALID_MODEL says what it is and how to save the model instead. NOT_FOUND if there is no file.
kit::Status CheckFile(const std::string& path);

}  // namespace plinth::pytorch
