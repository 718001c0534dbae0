// How a camera was held, from the Exif data of a JPEG or PNG file, and turning the picture by it.
#pragma once

#include <cstdint>
#include <span>

#include "image/raster.h"

namespace plinth::image {

// The orientation of a TIFF block (what follows "Exif\0\0" in a JPEG): 1 to 8, and 1, upright, for
// anything that is absent or broken.
int OrientationOf(std::span<const std::uint8_t> tiff);

// Whether an orientation swaps height and width.
inline bool Swaps(int orientation) { return orientation >= 5; }

// The picture upright.
Bytes Upright(Bytes picture, int orientation);

}  // namespace plinth::image
