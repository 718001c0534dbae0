#include "api/http/path.h"

#include <algorithm>
#include <cstddef>

namespace plinth::api {

std::string_view TakeSegment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

}  // namespace plinth::api
