// NumPy's own file format for one array.
#pragma once

#include <string_view>

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// The array in a .npy file; `bytes` must lie in the document. INVALID_MODEL if it is none, or one
// of Python objects.
Result<Array> ReadNpy(Document& document, std::string_view bytes);

}  // namespace plinth::sklearn
