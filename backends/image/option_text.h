// Values of options that are more than one number, as text.
#pragma once

#include <string_view>
#include <vector>

#include "common/failure.h"
#include "image/raster.h"

namespace plinth::image {

// The most that either side of a size may be.
inline constexpr std::int64_t kMaxSide = 16384;

// "[0.485, 0.456, 0.406]", "0.485, 0.456, 0.406", "0.5", and fractions: "1/255".
// `key` is for the message.
kit::Result<std::vector<float>> ReadNumbers(std::string_view key, std::string_view text);

// "224x320" or "[224, 320]", height first; "224" is a square.
kit::Result<Extent> ReadExtent(std::string_view key, std::string_view text);

}  // namespace plinth::image
