// JPEG and PNG files into pixels.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "common/failure.h"
#include "image/raster.h"

namespace plinth::image {

struct DecodeRequest {
  std::int64_t max_pixels = 0;  // of one image; checked by its header, before memory is taken
  bool orient = true;           // turn it upright by its Exif data
  // What an upright picture of that extent will be scaled to, or empty: not known. A JPEG may then
  // be decoded at a half, a quarter or an eighth, as long as both sides stay twice as long as
  // needed.
  std::function<Extent(Extent)> scaled;
};

// The picture, 8 bits a channel: gray (1 channel), gray and alpha (2), RGB (3), RGB and alpha (4).
// INVALID_ARGUMENT for what is neither JPEG nor PNG, is broken or cut short, or is too large.
kit::Result<Bytes> Decode(std::string_view file, const DecodeRequest& request);

// INVALID_ARGUMENT if a picture of that extent may not be decoded.
kit::Status CheckPixels(Extent extent, std::int64_t max_pixels);

bool IsJpeg(std::string_view file);
kit::Result<Bytes> DecodeJpeg(std::string_view file, const DecodeRequest& request);

bool IsPng(std::string_view file);
kit::Result<Bytes> DecodePng(std::string_view file, const DecodeRequest& request);

}  // namespace plinth::image
