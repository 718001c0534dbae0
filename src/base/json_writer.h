// Writes JSON, fast: appends to one string, with no tree in between.
//
// The writer puts the commas; the caller keeps brackets balanced and gives every member of an
// object its key. What is written is valid JSON whatever the bytes given: invalid UTF-8 becomes
// U+FFFD, NaN and infinities, for which JSON has no word, become null unless FloatStyle says else.
//
//   JsonWriter json;
//   json.BeginObject();
//   json.Key("rows").Value(3);
//   json.EndObject();
//   std::string text = std::move(json).Take();
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace plinth {

// How floating-point numbers are written.
enum class FloatStyle {
  kShortest,  // as JSON has them: 3, 0.5, and null for NaN and infinities
  kMarked,    // never as an integer: 3.0; and as NaN, Infinity, -Infinity, which is no JSON
};

class JsonWriter {
 public:
  JsonWriter() = default;
  explicit JsonWriter(std::size_t expected_size, FloatStyle floats = FloatStyle::kShortest)
      : floats_(floats) {
    text_.reserve(expected_size);
  }

  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }

  JsonWriter& Key(std::string_view key);

  void Value(std::string_view text);
  void Value(const char* text) { Value(std::string_view(text)); }
  void Value(const std::string& text) { Value(std::string_view(text)); }
  void Value(bool value);
  // The shortest text that reads back to the same number of its type.
  void Value(float value);
  void Value(double value);
  void Value(std::int64_t value);
  void Value(std::uint64_t value);
  void Value(std::signed_integral auto value) { Value(static_cast<std::int64_t>(value)); }
  void Value(std::unsigned_integral auto value)
    requires(!std::same_as<decltype(value), bool>)
  {
    Value(static_cast<std::uint64_t>(value));
  }
  void Null();
  // With `decimals` digits behind the point, 0 to 9, and no exponent; for measured times and the
  // like.
  void Fixed(double value, int decimals);

  // Text that is JSON already.
  void Raw(std::string_view json);

  // The elements of an array, without its brackets. Faster than a Value() each.
  void Elements(std::span<const float> values) { WriteElements(values); }
  void Elements(std::span<const double> values) { WriteElements(values); }
  void Elements(std::span<const std::int8_t> values) { WriteElements(values); }
  void Elements(std::span<const std::int16_t> values) { WriteElements(values); }
  void Elements(std::span<const std::int32_t> values) { WriteElements(values); }
  void Elements(std::span<const std::int64_t> values) { WriteElements(values); }
  void Elements(std::span<const std::uint8_t> values) { WriteElements(values); }
  void Elements(std::span<const std::uint16_t> values) { WriteElements(values); }
  void Elements(std::span<const std::uint32_t> values) { WriteElements(values); }
  void Elements(std::span<const std::uint64_t> values) { WriteElements(values); }

  const std::string& text() const { return text_; }
  std::string Take() && { return std::move(text_); }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Separate();
  void Quote(std::string_view text);
  template <typename T>
  void WriteElements(std::span<const T> values);

  std::string text_;
  FloatStyle floats_ = FloatStyle::kShortest;
  bool comma_ = false;  // the next value or key needs a comma before it
};

}  // namespace plinth
