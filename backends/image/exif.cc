#include "image/exif.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace plinth::image {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShort = 3;
constexpr std::size_t kEntrySize = 12;

// Numbers of a TIFF block in its own byte order. The caller checks the bounds.
struct Tiff {
  std::span<const std::uint8_t> bytes;
  bool big;

  std::uint32_t Number(std::size_t at, std::size_t size) const {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < size; ++i) {
      number = number << 8 | bytes[at + (big ? i : size - 1 - i)];
    }
    return number;
  }
};

}  // namespace

int OrientationOf(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 10 || bytes[0] != bytes[1] || (bytes[0] != 'I' && bytes[0] != 'M')) return 1;
  const Tiff tiff{bytes, bytes[0] == 'M'};
  const std::size_t folder = tiff.Number(4, 4);
  if (tiff.Number(2, 2) != 42 || folder > bytes.size() - 2) return 1;
  const std::size_t room = (bytes.size() - folder - 2) / kEntrySize;
  const std::size_t count = std::min<std::size_t>(tiff.Number(folder, 2), room);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = folder + 2 + i * kEntrySize;
    if (tiff.Number(entry, 2) != kOrientationTag || tiff.Number(entry + 2, 2) != kShort) continue;
    const std::uint32_t value = tiff.Number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Bytes Upright(Bytes picture, int orientation) {
  if (orientation == 1) return picture;
  const bool swaps = Swaps(orientation);
  // Whether the stored rows, and the pixels of a row, are in the opposite order.
  const bool rows_back =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool pixels_back =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const auto [height, width] = picture.extent();
  const std::int64_t channels = picture.channels();
  Bytes upright(swaps ? Extent{width, height} : Extent{height, width}, channels);
  std::uint8_t* out = upright.data();
  for (std::int64_t y = 0; y < upright.extent().height; ++y) {
    for (std::int64_t x = 0; x < upright.extent().width; ++x, out += channels) {
      std::int64_t row = swaps ? x : y;
      std::int64_t column = swaps ? y : x;
      if (rows_back) row = height - 1 - row;
      if (pixels_back) column = width - 1 - column;
      std::copy_n(picture.row(row) + column * channels, channels, out);
    }
  }
  return upright;
}

}  // namespace plinth::image
