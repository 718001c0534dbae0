// TypeScript and ES modules turned into what the engine runs.
#pragma once

#include <string>
#include <string_view>

#include "common/failure.h"
#include "javascript/js_value.h"

namespace plinth::javascript {

struct Transformed {
  JsString code;
  JsString map;  // pairs of offsets "code,source,code,source,..."
};

// Any thread. INVALID_MODEL says where a mistake in the source is. `name` is the file's as users
// know it.
kit::Result<Transformed> Transform(std::string_view source, std::string_view name, bool typescript);

}  // namespace plinth::javascript
