// A parser for the JSON of one request.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <simdjson.h>

#include "base/status.h"

namespace plinth::api {

// A parser holds about six bytes for each byte of the largest text that it has seen. Each thread
// keeps one for short texts; a longer one gets one of its own, so that the memory comes back. So a
// thread has no more than one of these at a time.
class JsonParser {
 public:
  // Parsers may read so many bytes past the end of a text.
  static constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;

  // `text` has kPadding readable bytes behind it, and like the parser outlives the document.
  // INVALID_ARGUMENT, OUT_OF_MEMORY.
  Result<simdjson::ondemand::document> Iterate(std::string_view text);

 private:
  std::unique_ptr<simdjson::ondemand::parser> own_;
};

}  // namespace plinth::api
