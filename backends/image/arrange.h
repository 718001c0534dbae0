// Pixels as a model wants them: their type, their order, normalised.
#pragma once

#include <cstdint>
#include <vector>

#include "image/raster.h"
#include "image/settings.h"

namespace plinth::image {

// The shape of `count` pictures.
std::vector<std::int64_t> ShapeOf(Layout layout, std::int64_t count, Extent extent,
                                  std::int64_t channels);

// Writes a picture to `out`, as many elements as it has.
void Arrange(const Bytes& picture, Layout layout, std::uint8_t* out);
void Arrange(const Floats& picture, Layout layout, float* out);

// The same as floats, (x * scale - mean[c]) / std[c].
void Normalize(const Bytes& picture, const Normalization& normalization, Layout layout, float* out);
void Normalize(const Floats& picture, const Normalization& normalization, Layout layout,
               float* out);

}  // namespace plinth::image
