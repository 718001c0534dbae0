#include "image/test_files.h"

#include <png.h>

namespace plinth::image {
namespace {

void Append(png_structp png, png_bytep data, std::size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), size);
}

void Flush(png_structp) {}

}  // namespace

std::string MakePng(const PngKind& kind, std::vector<std::uint8_t> rows) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, Append, Flush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(kind.width),
               static_cast<png_uint_32>(kind.height), kind.bits, kind.color_type,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (kind.gamma != 0) png_set_gAMA(png, info, kind.gamma);
  png_text text = {};
  std::string content = kind.text;
  if (!content.empty()) {
    static char key[] = "Comment";
    text.compression = PNG_TEXT_COMPRESSION_zTXt;
    text.key = key;
    text.text = content.data();
    text.text_length = content.size();
    png_set_text(png, info, &text, 1);
  }
  png_write_info(png, info);
  std::vector<png_bytep> starts(static_cast<std::size_t>(kind.height));
  const std::size_t row_size = rows.size() / starts.size();
  for (std::size_t y = 0; y < starts.size(); ++y) starts[y] = rows.data() + y * row_size;
  png_write_image(png, starts.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

}  // namespace plinth::image
