// Pixels in the colors that were asked for.
#pragma once

#include "image/raster.h"
#include "image/settings.h"

namespace plinth::image {

// Alpha is dropped where the color has none, and 255 where the picture has none. kKeep gives gray
// with alpha as RGBA and leaves all else.
Bytes InColor(Bytes picture, Color color);

}  // namespace plinth::image
