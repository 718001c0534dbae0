// Scaling pictures.
#pragma once

#include <cstdint>

#include "image/raster.h"
#include "image/settings.h"

namespace plinth::image {

// Where a scaled picture lies: `window` pixels of it, from (top, left) on, come to (row, column) of
// the result, whose other pixels are filled.
struct Placement {
  Extent scaled;
  Extent window;
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t row = 0;
  std::int64_t column = 0;
};

Placement Place(Extent picture, const ResizeSettings& settings);

// The picture in settings.size. Both sides of the picture must be 1 or more. Bilinear and area take
// all pixels into account where they shrink, and round as Pillow's resize() does.
template <typename T>
Raster<T> Resize(const Raster<T>& picture, const ResizeSettings& settings);

extern template Bytes Resize(const Bytes&, const ResizeSettings&);
extern template Floats Resize(const Floats&, const ResizeSettings&);

}  // namespace plinth::image
