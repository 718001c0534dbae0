// Telling text from bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace plinth {

// How many bytes the well-formed UTF-8 sequence at `text[at]` takes, 1 to 4; 0 if there is none (a
// stray or truncated byte, an overlong form, a surrogate, beyond U+10FFFF). Requires at <
// text.size().
std::size_t Utf8SequenceSize(std::string_view text, std::size_t at);

// Whether all of it is well-formed UTF-8.
bool IsUtf8(std::string_view text);

}  // namespace plinth
