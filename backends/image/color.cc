#include "image/color.h"

#include <utility>

namespace plinth::image {
namespace {

// ITU-R 601-2 in 16 bits, rounded: the weights sum to 65536.
std::uint8_t Luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >>
                                   16);
}

template <int kIn, int kOut>
Bytes Convert(const Bytes& picture) {
  Bytes converted(picture.extent(), kOut);
  const std::uint8_t* in = picture.data();
  std::uint8_t* out = converted.data();
  for (std::int64_t i = 0; i < picture.extent().pixels(); ++i, in += kIn, out += kOut) {
    if constexpr (kOut == 1) {
      out[0] = kIn >= 3 ? Luma(in) : in[0];
    } else {
      for (int c = 0; c < 3; ++c) out[c] = in[kIn >= 3 ? c : 0];
    }
    if constexpr (kOut == 4) out[3] = kIn == 2 || kIn == 4 ? in[kIn - 1] : 255;
  }
  return converted;
}

template <int kOut>
Bytes To(const Bytes& picture) {
  switch (picture.channels()) {
    case 1:
      return Convert<1, kOut>(picture);
    case 2:
      return Convert<2, kOut>(picture);
    case 3:
      return Convert<3, kOut>(picture);
    default:
      return Convert<4, kOut>(picture);
  }
}

}  // namespace

Bytes InColor(Bytes picture, Color color) {
  const std::int64_t channels = picture.channels();
  switch (color) {
    case Color::kGray:
      return channels == 1 ? std::move(picture) : To<1>(picture);
    case Color::kRgb:
      return channels == 3 ? std::move(picture) : To<3>(picture);
    case Color::kRgba:
      return channels == 4 ? std::move(picture) : To<4>(picture);
    case Color::kKeep:
      break;
  }
  return channels == 2 ? To<4>(picture) : std::move(picture);
}

}  // namespace plinth::image
