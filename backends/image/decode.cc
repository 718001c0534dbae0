#include "image/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace plinth::image {
namespace {

std::string Beginning(std::string_view file) {
  if (file.empty()) return "it is empty";
  std::string text = "it begins with the bytes";
  for (const char c : file.substr(0, 8)) {
    text += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

}  // namespace

kit::Status CheckPixels(Extent extent, std::int64_t max_pixels) {
  if (extent.height < 1 || extent.width < 1) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "its header gives it no pixels");
  }
  if (extent.height > max_pixels / extent.width) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     fmt::format("it has {} x {} pixels, more than the {} that option 'max_pixels' "
                                 "allows; send a smaller image or raise the option",
                                 extent.height, extent.width, max_pixels));
  }
  return {};
}

kit::Result<Bytes> Decode(std::string_view file, const DecodeRequest& request) {
  if (IsJpeg(file)) return DecodeJpeg(file, request);
  if (IsPng(file)) return DecodePng(file, request);
  return kit::Fail(PLINTH_INVALID_ARGUMENT,
                   "it is neither a JPEG nor a PNG file: " + Beginning(file));
}

}  // namespace plinth::image
