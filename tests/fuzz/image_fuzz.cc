// Any bytes as an image, the first of them choosing how it is decoded and scaled.
#include <cstdint>
#include <string_view>

#include "image/color.h"
#include "image/decode.h"
#include "image/resize.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plinth::image;
  constexpr std::int64_t kMaxPixels = 1 << 16;
  if (size == 0) return 0;
  const unsigned choice = data[0];
  ResizeSettings resize;
  resize.size = {1 + choice % 40, 1 + choice / 7};
  resize.fit = static_cast<Fit>(choice % 3);
  resize.interpolation = static_cast<Interpolation>(choice / 3 % 3);
  DecodeRequest request{kMaxPixels, choice % 2 == 0, nullptr};
  if (choice % 5 != 0) request.scaled = [&](Extent e) { return Place(e, resize).scaled; };

  auto picture = Decode({reinterpret_cast<const char*>(data) + 1, size - 1}, request);
  if (!picture) return 0;
  if (picture->extent().pixels() > kMaxPixels) __builtin_trap();
  const Bytes colored = InColor(std::move(*picture), static_cast<Color>(choice % 4));
  if (Resize(colored, resize).extent() != resize.size) __builtin_trap();
  return 0;
}
