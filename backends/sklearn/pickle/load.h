// From a file to a Document.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// A file's bytes. NOT_FOUND if it cannot be read, RESOURCE_EXHAUSTED if it is larger than 16 GiB.
Result<std::string> ReadWholeFile(const std::string& path);

// Reads the bytes of a pickle or joblib file, compressed or not, or of a skops file. INVALID_MODEL
// if it is not a pickle of known data.
Result<std::unique_ptr<Document>> ParseDocument(std::string bytes);

}  // namespace plinth::sklearn
