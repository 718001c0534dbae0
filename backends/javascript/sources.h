// The backend's own scripts, joined by bundle.py.
#pragma once

#include <string_view>

namespace plinth::javascript {

// Each is an expression whose value is a function: see transformer.js and prelude/.
std::string_view TransformerSource();
std::string_view PreludeSource();

}  // namespace plinth::javascript
