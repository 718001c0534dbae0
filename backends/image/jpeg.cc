// JPEG files, by libjpeg-turbo. The library leaves by longjmp when something is wrong: all that is
// called under RunUntilJump() is plain C on plain data, and memory is taken and freed outside of
// it.
#include <cstddef>
#include <cstdio>
// After <cstdio>: the header needs FILE and does not include it.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "image/decode.h"
#include "image/exif.h"
#include "image/jump.h"

namespace plinth::image {
namespace {

constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr std::string_view kExifHead("Exif\0\0", 6);

// Each scan goes over all pixels; a file of a few kilobytes could ask for thousands.
constexpr int kMaxScans = 100;

// The one object of a decoding. Never moved: the library's structures point into it.
struct Decoder {
  jpeg_decompress_struct info = {};
  jpeg_error_mgr errors = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "";

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&info); }
};

Decoder& Of(j_common_ptr info) { return *static_cast<Decoder*>(info->client_data); }

[[noreturn]] void Leave(j_common_ptr info) {
  Decoder& decoder = Of(info);
  info->err->format_message(info, decoder.message);
  std::longjmp(decoder.jump, 1);
}

void SayNothing(j_common_ptr) {}

void CountScans(j_common_ptr info) {
  Decoder& decoder = Of(info);
  if (decoder.info.input_scan_number <= kMaxScans) return;
  std::snprintf(decoder.message, sizeof(decoder.message), "it has more than %d scans", kMaxScans);
  std::longjmp(decoder.jump, 1);
}

// Called when the data ends before the picture: the library itself would go on with gray.
boolean EndOfData(j_decompress_ptr info) {
  ERREXIT(info, JERR_INPUT_EOF);
  return FALSE;
}

void Begin(Decoder& decoder, std::string_view file) {
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = Leave;
  decoder.errors.output_message = SayNothing;
  decoder.info.client_data = &decoder;
  jpeg_create_decompress(&decoder.info);
  decoder.info.progress = &decoder.progress;
  decoder.progress.progress_monitor = CountScans;
  jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  decoder.info.src->fill_input_buffer = EndOfData;
  jpeg_save_markers(&decoder.info, kExifMarker, 0xFFFF);
  jpeg_read_header(&decoder.info, TRUE);
}

int Orientation(const jpeg_decompress_struct& info) {
  for (auto* marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker != kExifMarker || !data.starts_with(kExifHead)) continue;
    return OrientationOf(std::span(marker->data, marker->data_length).subspan(kExifHead.size()));
  }
  return 1;
}

unsigned Denominator(Extent upright, const DecodeRequest& request) {
  if (!request.scaled) return 1;
  const Extent needed = request.scaled(upright);
  unsigned denominator = 8;
  while (denominator > 1 && (upright.height / denominator < 2 * needed.height ||
                             upright.width / denominator < 2 * needed.width)) {
    denominator /= 2;
  }
  return denominator;
}

void Start(jpeg_decompress_struct& info, unsigned denominator) {
  const bool inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  const bool gray = info.jpeg_color_space == JCS_GRAYSCALE;
  info.out_color_space = inks ? JCS_CMYK : gray ? JCS_GRAYSCALE : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = denominator;
  jpeg_start_decompress(&info);
}

void ReadRows(jpeg_decompress_struct& info, Bytes& picture) {
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = picture.row(info.output_scanline);
    jpeg_read_scanlines(&info, &row, 1);
  }
}

// Such files hold inks the wrong way round, 255 being none, as Adobe's programs write them.
Bytes RgbOfInks(const Bytes& inks) {
  Bytes rgb(inks.extent(), 3);
  const std::uint8_t* in = inks.data();
  std::uint8_t* out = rgb.data();
  for (std::int64_t i = 0; i < inks.extent().pixels(); ++i, in += 4, out += 3) {
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - in[c]) * in[3] + 128;
      out[c] = static_cast<std::uint8_t>(in[3] - ((product + (product >> 8)) >> 8));
    }
  }
  return rgb;
}

std::unexpected<kit::Failure> Refuse(const Decoder& decoder) {
  if (decoder.errors.msg_code == JERR_OUT_OF_MEMORY) {
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  }
  return kit::Fail(PLINTH_INVALID_ARGUMENT,
                   "it is a JPEG file that cannot be decoded: " + std::string(decoder.message));
}

}  // namespace

bool IsJpeg(std::string_view file) { return file.starts_with("\xFF\xD8\xFF"); }

kit::Result<Bytes> DecodeJpeg(std::string_view file, const DecodeRequest& request) {
  Decoder decoder;
  jpeg_decompress_struct& info = decoder.info;
  if (!RunUntilJump(decoder.jump, [&] { Begin(decoder, file); })) return Refuse(decoder);

  const Extent stored{info.image_height, info.image_width};
  if (auto status = CheckPixels(stored, request.max_pixels); !status) {
    return kit::Fail(std::move(status.error()));
  }
  const int orientation = request.orient ? Orientation(info) : 1;
  const Extent upright = Swaps(orientation) ? Extent{stored.width, stored.height} : stored;
  const unsigned denominator = Denominator(upright, request);
  if (!RunUntilJump(decoder.jump, [&] { Start(info, denominator); })) return Refuse(decoder);

  Bytes picture(Extent{info.output_height, info.output_width}, info.output_components);
  if (!RunUntilJump(decoder.jump, [&] { ReadRows(info, picture); })) return Refuse(decoder);
  if (info.out_color_space == JCS_CMYK) picture = RgbOfInks(picture);
  return Upright(std::move(picture), orientation);
}

}  // namespace plinth::image
