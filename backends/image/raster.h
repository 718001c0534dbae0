// An image in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace plinth::image {

// Height and width in pixels.
struct Extent {
  std::int64_t height = 0;
  std::int64_t width = 0;

  std::int64_t pixels() const { return height * width; }
  bool operator==(const Extent&) const = default;
};

// Rows of pixels without gaps, the channels of a pixel side by side. Values are not set by the
// constructor. Extents and channels are checked against a limit before one is made.
template <typename T>
class Raster {
 public:
  Raster() = default;
  Raster(Extent extent, std::int64_t channels)
      : extent_(extent),
        channels_(channels),
        values_(std::make_unique_for_overwrite<T[]>(size() + kSlack)) {}

  Extent extent() const { return extent_; }
  std::int64_t channels() const { return channels_; }
  std::size_t size() const { return static_cast<std::size_t>(extent_.pixels() * channels_); }
  std::size_t row_size() const { return static_cast<std::size_t>(extent_.width * channels_); }

  T* data() { return values_.get(); }
  const T* data() const { return values_.get(); }
  T* row(std::int64_t y) { return data() + static_cast<std::size_t>(y) * row_size(); }
  const T* row(std::int64_t y) const { return data() + static_cast<std::size_t>(y) * row_size(); }

 private:
  // A pixel of three channels is read as four.
  static constexpr std::size_t kSlack = 1;

  Extent extent_;
  std::int64_t channels_ = 0;
  std::unique_ptr<T[]> values_;
};

using Bytes = Raster<std::uint8_t>;
using Floats = Raster<float>;

}  // namespace plinth::image
