// Which files an ONNX model keeps its weights in.
#pragma once

#include <map>
#include <string>

#include "common/failure.h"

namespace plinth::kit {

// The files with external data, by the names that the model has for them. Only such as lie within
// the model's folder: a model must not be a way to look at other files. INVALID_MODEL for others
// and for what is no ONNX model, NOT_FOUND if it cannot be opened. Reads the model in small pieces
// and skips the weights in it.
Result<std::map<std::string, std::string>> ExternalFiles(const std::string& path);

}  // namespace plinth::kit
