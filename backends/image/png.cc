// PNG files, by libpng. The library leaves by longjmp when something is wrong: all that is called
// under RunUntilJump() is plain C on plain data, and memory is taken and freed outside of it.
#include <png.h>

#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "image/decode.h"
#include "image/exif.h"
#include "image/jump.h"

namespace plinth::image {
namespace {

constexpr png_uint_32 kMaxSide = 0x7FFFFFFF;
constexpr png_alloc_size_t kMaxChunk = 1 << 20;

// The one object of a decoding. Never moved: the library points into it.
struct Decoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string_view left;  // of the file
  std::jmp_buf jump;
  char message[256] = "";

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void Leave(png_structp png, png_const_charp message) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(decoder.message, sizeof(decoder.message), "%s", message);
  std::longjmp(decoder.jump, 1);
}

void SayNothing(png_structp, png_const_charp) {}

void ReadBytes(png_structp png, png_bytep out, std::size_t size) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (size > decoder.left.size()) png_error(png, "it ends before the picture does");
  std::memcpy(out, decoder.left.data(), size);
  decoder.left.remove_prefix(size);
}

// Of the chunks around the picture only the palette, transparency and Exif are read: texts and
// profiles may unpack to any size, and gamma is not applied.
void SkipOtherChunks(png_structp png) {
  constexpr png_byte kExif[5] = {'e', 'X', 'I', 'f', 0};
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, kExif, 1);
}

void Begin(Decoder& decoder) {
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, Leave, SayNothing);
  if (decoder.png != nullptr) decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) std::longjmp(decoder.jump, 1);
  png_set_read_fn(decoder.png, &decoder, ReadBytes);
  png_set_user_limits(decoder.png, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(decoder.png, kMaxChunk);
  SkipOtherChunks(decoder.png);
  png_read_info(decoder.png, decoder.info);
}

// From here on a pixel is one byte a channel: a palette becomes its colors, fewer bits are widened,
// of 16 bits the upper 8 stay.
void Start(Decoder& decoder) {
  png_set_expand(decoder.png);
  png_set_strip_16(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
}

int Orientation(Decoder& decoder) {
  png_uint_32 size = 0;
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(decoder.png, decoder.info, &size, &exif) == 0 || exif == nullptr) return 1;
  return OrientationOf(std::span(exif, size));
}

std::unexpected<kit::Failure> Refuse(const Decoder& decoder) {
  if (decoder.message[0] == 0) return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  return kit::Fail(PLINTH_INVALID_ARGUMENT,
                   "it is a PNG file that cannot be decoded: " + std::string(decoder.message));
}

}  // namespace

bool IsPng(std::string_view file) { return file.starts_with("\x89PNG\r\n\x1A\n"); }

kit::Result<Bytes> DecodePng(std::string_view file, const DecodeRequest& request) {
  Decoder decoder;
  decoder.left = file;
  if (!RunUntilJump(decoder.jump, [&] { Begin(decoder); })) return Refuse(decoder);

  const Extent extent{png_get_image_height(decoder.png, decoder.info),
                      png_get_image_width(decoder.png, decoder.info)};
  if (auto status = CheckPixels(extent, request.max_pixels); !status) {
    return kit::Fail(std::move(status.error()));
  }
  if (!RunUntilJump(decoder.jump, [&] { Start(decoder); })) return Refuse(decoder);

  Bytes picture(extent, png_get_channels(decoder.png, decoder.info));
  if (png_get_rowbytes(decoder.png, decoder.info) != picture.row_size()) {
    return kit::Fail(PLINTH_INTERNAL, "libpng gives rows of another size than expected");
  }
  std::vector<png_bytep> rows(static_cast<std::size_t>(extent.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = picture.row(static_cast<std::int64_t>(y));
  png_bytepp const first = rows.data();
  if (!RunUntilJump(decoder.jump, [&] { png_read_image(decoder.png, first); })) {
    return Refuse(decoder);
  }
  return Upright(std::move(picture), request.orient ? Orientation(decoder) : 1);
}

}  // namespace plinth::image
