// Python literals, as NumPy's file headers are written in them.
#pragma once

#include <string_view>

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// Reads one dict, tuple, list, string, whole number, True, False or None, nested at most eight
// deep. `text` must lie in the document. INVALID_MODEL for anything else.
Result<Value*> ReadLiteral(Document& document, std::string_view text);

}  // namespace plinth::sklearn
