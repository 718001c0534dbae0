// PNG files that tests make by libpng itself, since Pillow writes none of this kind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plinth::image {

struct PngKind {
  int width = 0;
  int height = 0;
  int bits = 8;
  int color_type = 0;  // PNG_COLOR_TYPE_...
  bool interlaced = false;
  std::string text = "";  // of a compressed text chunk, where not empty
  double gamma = 0;       // of a gamma chunk, where not 0
};

// `rows` are the bytes of all rows, as the file has them.
std::string MakePng(const PngKind& kind, std::vector<std::uint8_t> rows);

}  // namespace plinth::image
