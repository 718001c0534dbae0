#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "base/utf8.h"

namespace plinth {
namespace {

// Room for any number: "-2.2250738585072014e-308", "-9223372036854775808".
constexpr std::size_t kNumberSize = 32;

// Writes the number at `at`, which has room for kNumberSize characters, and returns the end.
template <typename T>
char* WriteNumber(char* at, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      constexpr std::string_view kNull = "null";
      return at + kNull.copy(at, kNull.size());
    }
    // Whole numbers are common (labels, counts, pixels) and cheap to write as integers. Those below
    // a million have the same digits either way; zero is left out for the sake of -0.
    if (value != 0 && std::abs(value) < T{1'000'000}) {
      const auto whole = static_cast<std::int32_t>(value);
      if (static_cast<T>(whole) == value) return std::to_chars(at, at + kNumberSize, whole).ptr;
    }
    // "-0" would be read back as an integer, which has no sign to keep.
    if (value == 0) {
      const std::string_view zero = std::signbit(value) ? "-0.0" : "0";
      return at + zero.copy(at, zero.size());
    }
  }
  return std::to_chars(at, at + kNumberSize, value).ptr;
}

// The same, never as an integer.
template <typename T>
char* WriteMarked(char* at, T value) {
  if (!std::isfinite(value)) {
    const std::string_view name = std::isnan(value)     ? "NaN"
                                  : std::signbit(value) ? "-Infinity"
                                                        : "Infinity";
    return at + name.copy(at, name.size());
  }
  char* const end = std::to_chars(at, at + kNumberSize, value).ptr;
  if (std::string_view(at, end).find_first_of(".e") != std::string_view::npos) return end;
  constexpr std::string_view kFraction = ".0";
  return end + kFraction.copy(end, kFraction.size());
}

// For each byte: 0 if it may stand in a JSON string as it is, 1 if it must be escaped, 2 if it
// begins or continues a sequence.
constexpr std::array<std::uint8_t, 256> MakeClasses() {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t i = 0; i < 256; ++i) {
    classes[i] = i >= 0x80 ? 2 : (i < 0x20 || i == '"' || i == '\\') ? 1 : 0;
  }
  return classes;
}
constexpr auto kClasses = MakeClasses();

void AppendEscaped(std::string& text, char c) {
  switch (c) {
    case '"':
      text += "\\\"";
      return;
    case '\\':
      text += "\\\\";
      return;
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      constexpr std::string_view kHex = "0123456789abcdef";
      text += "\\u00";
      text += kHex[static_cast<unsigned char>(c) >> 4];
      text += kHex[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void JsonWriter::Separate() {
  if (comma_) text_ += ',';
  comma_ = true;
}

void JsonWriter::Open(char bracket) {
  Separate();
  text_ += bracket;
  comma_ = false;
}

void JsonWriter::Close(char bracket) {
  text_ += bracket;
  comma_ = true;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Separate();
  Quote(key);
  text_ += ':';
  comma_ = false;
  return *this;
}

void JsonWriter::Value(std::string_view text) {
  Separate();
  Quote(text);
}

void JsonWriter::Value(bool value) { Raw(value ? "true" : "false"); }
void JsonWriter::Value(float value) { WriteElements(std::span<const float>(&value, 1)); }
void JsonWriter::Value(double value) { WriteElements(std::span<const double>(&value, 1)); }
void JsonWriter::Value(std::int64_t value) {
  WriteElements(std::span<const std::int64_t>(&value, 1));
}
void JsonWriter::Value(std::uint64_t value) {
  WriteElements(std::span<const std::uint64_t>(&value, 1));
}
void JsonWriter::Null() { Raw("null"); }

void JsonWriter::Fixed(double value, int decimals) {
  if (!std::isfinite(value)) return Null();
  std::array<char, 336> digits;  // 309 digits before the point, 9 behind it
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 std::chars_format::fixed, decimals);
  Raw({digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

void JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
}

template <typename T>
void JsonWriter::WriteElements(std::span<const T> values) {
  std::array<char, 1024> chunk;
  char* at = chunk.data();
  char* const full = chunk.data() + chunk.size() - kNumberSize - 1;
  for (const T value : values) {
    if (comma_) *at++ = ',';
    comma_ = true;
    if constexpr (std::is_floating_point_v<T>) {
      at = floats_ == FloatStyle::kMarked ? WriteMarked(at, value) : WriteNumber(at, value);
    } else {
      at = WriteNumber(at, value);
    }
    if (at >= full) {
      text_.append(chunk.data(), at);
      at = chunk.data();
    }
  }
  text_.append(chunk.data(), at);
}

template void JsonWriter::WriteElements(std::span<const float>);
template void JsonWriter::WriteElements(std::span<const double>);
template void JsonWriter::WriteElements(std::span<const std::int8_t>);
template void JsonWriter::WriteElements(std::span<const std::int16_t>);
template void JsonWriter::WriteElements(std::span<const std::int32_t>);
template void JsonWriter::WriteElements(std::span<const std::int64_t>);
template void JsonWriter::WriteElements(std::span<const std::uint8_t>);
template void JsonWriter::WriteElements(std::span<const std::uint16_t>);
template void JsonWriter::WriteElements(std::span<const std::uint32_t>);
template void JsonWriter::WriteElements(std::span<const std::uint64_t>);

void JsonWriter::Quote(std::string_view text) {
  text_ += '"';
  std::size_t done = 0;  // what is before it has been written
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t kind = kClasses[static_cast<unsigned char>(text[i])];
    if (kind == 0) {
      ++i;
      continue;
    }
    const std::size_t size = kind == 2 ? Utf8SequenceSize(text, i) : 0;
    if (size > 0) {
      i += size;
      continue;
    }
    text_.append(text, done, i - done);
    if (kind == 1) {
      AppendEscaped(text_, text[i]);
    } else {
      text_ += "\xEF\xBF\xBD";  // U+FFFD
    }
    done = ++i;
  }
  text_.append(text, done, text.size() - done);
  text_ += '"';
}

}  // namespace plinth
