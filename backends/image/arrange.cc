#include "image/arrange.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/wide.h"

namespace plinth::image {

// The loops over pixels, for each processor.

PLINTH_WIDE void NormalizeRow(const std::uint8_t* in, float scale, const float* mean,
                              const float* deviation, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = (in[i] * scale - mean[i]) / deviation[i];
}
PLINTH_WIDE void NormalizeRow(const float* in, float scale, const float* mean,
                              const float* deviation, std::size_t n, float* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = (in[i] * scale - mean[i]) / deviation[i];
}

namespace {

// One number a channel as one number an element of a row.
std::vector<float> Repeated(const std::vector<float>& numbers, std::size_t row_size,
                            std::int64_t channels) {
  std::vector<float> row(row_size);
  for (std::size_t i = 0; i < row_size; ++i) {
    row[i] = numbers.size() == 1 ? numbers[0] : numbers[i % static_cast<std::size_t>(channels)];
  }
  return row;
}

// Element c of pixel i of a row goes to out[c * plane + i].
template <typename T>
void Scatter(const T* row, std::int64_t pixels, std::int64_t channels, std::int64_t plane, T* out) {
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < pixels; ++i) out[c * plane + i] = row[i * channels + c];
  }
}

template <typename T>
void ArrangeAny(const Raster<T>& picture, Layout layout, T* out) {
  if (layout == Layout::kHwc || picture.channels() == 1) {
    std::copy_n(picture.data(), picture.size(), out);
    return;
  }
  const Extent extent = picture.extent();
  for (std::int64_t y = 0; y < extent.height; ++y) {
    Scatter(picture.row(y), extent.width, picture.channels(), extent.pixels(),
            out + y * extent.width);
  }
}

template <typename T>
void NormalizeAny(const Raster<T>& picture, const Normalization& normalization, Layout layout,
                  float* out) {
  const std::size_t n = picture.row_size();
  const std::int64_t channels = picture.channels();
  const Extent extent = picture.extent();
  const std::vector<float> mean = Repeated(normalization.mean, n, channels);
  const std::vector<float> deviation = Repeated(normalization.deviation, n, channels);
  const bool planes = layout == Layout::kChw && channels > 1;
  std::vector<float> row(planes ? n : 0);
  for (std::int64_t y = 0; y < extent.height; ++y) {
    float* const to = planes ? row.data() : out + static_cast<std::size_t>(y) * n;
    NormalizeRow(picture.row(y), normalization.scale, mean.data(), deviation.data(), n, to);
    if (planes) Scatter(to, extent.width, channels, extent.pixels(), out + y * extent.width);
  }
}

}  // namespace

std::vector<std::int64_t> ShapeOf(Layout layout, std::int64_t count, Extent extent,
                                  std::int64_t channels) {
  const auto [height, width] = extent;
  if (layout == Layout::kHwc) return {count, height, width, channels};
  return {count, channels, height, width};
}

void Arrange(const Bytes& picture, Layout layout, std::uint8_t* out) {
  ArrangeAny(picture, layout, out);
}
void Arrange(const Floats& picture, Layout layout, float* out) { ArrangeAny(picture, layout, out); }

void Normalize(const Bytes& picture, const Normalization& normalization, Layout layout,
               float* out) {
  NormalizeAny(picture, normalization, layout, out);
}
void Normalize(const Floats& picture, const Normalization& normalization, Layout layout,
               float* out) {
  NormalizeAny(picture, normalization, layout, out);
}

}  // namespace plinth::image
