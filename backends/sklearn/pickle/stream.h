// A bounded view of a stream of bytes, read from front to back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plinth::sklearn {

class Stream {
 public:
  explicit Stream(std::string_view bytes) : bytes_(bytes) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }

  // The next `size` bytes, or nothing if fewer are left.
  std::optional<std::string_view> Take(std::uint64_t size) {
    if (size > left()) return std::nullopt;
    const std::string_view taken = bytes_.substr(position_, static_cast<std::size_t>(size));
    position_ += static_cast<std::size_t>(size);
    return taken;
  }

  // An unsigned little-endian number of `width` <= 8 bytes.
  std::optional<std::uint64_t> TakeNumber(std::size_t width) {
    const auto bytes = Take(width);
    if (!bytes) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = width; i-- > 0;) {
      number = number << 8 | static_cast<unsigned char>((*bytes)[i]);
    }
    return number;
  }

  // Up to the next newline, which is taken too but not part of the line.
  std::optional<std::string_view> TakeLine() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
};

}  // namespace plinth::sklearn
