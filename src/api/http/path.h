// Paths, segment by segment.
#pragma once

#include <string_view>

namespace plinth::api {

// Takes "/segment" off the front of `path`, which begins with '/', and returns the segment.
std::string_view TakeSegment(std::string_view& path);

}  // namespace plinth::api
