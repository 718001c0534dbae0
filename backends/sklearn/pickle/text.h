// The text encodings of the old pickle protocols.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plinth::sklearn {

// Adds one character. Surrogates are written as they are (Python's "surrogatepass"), numbers beyond
// Unicode as U+FFFD.
void AppendUtf8(std::uint32_t code_point, std::string& out);

// The STRING opcode's argument: a quoted Python literal with backslash escapes. Nothing if it is
// not one.
std::optional<std::string> DecodeStringLiteral(std::string_view quoted);

// The UNICODE opcode's argument: Latin-1 with \uXXXX and \UXXXXXXXX escapes, as UTF-8. Nothing if
// an escape is broken.
std::optional<std::string> DecodeRawUnicodeEscape(std::string_view text);

// UTF-8 text whose characters are all below 256, as one byte each. Nothing if it is not.
std::optional<std::string> Utf8ToLatin1(std::string_view utf8);

}  // namespace plinth::sklearn
