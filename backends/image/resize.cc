#include "image/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/wide.h"
#include "image/resize_axis.h"

namespace plinth::image {

// The loops along a row, for each processor. Sums of bytes are in fixed point.

PLINTH_WIDE void AddRow(std::int32_t* sums, const std::uint8_t* row, std::int32_t weight,
                        std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += weight * row[i];
}
PLINTH_WIDE void AddRow(float* sums, const float* row, float weight, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += weight * row[i];
}
PLINTH_WIDE void Finish(std::uint8_t* out, const std::int32_t* sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<std::uint8_t>(std::clamp(sums[i] >> kFixedBits, 0, 255));
  }
}

namespace {

// How sums of one element type are made.
template <typename T>
struct Sums;
template <>
struct Sums<std::uint8_t> {
  using Value = std::int32_t;
  static constexpr Value kStart = 1 << (kFixedBits - 1);  // rounds to the nearest
  static const Value* Weights(const Axis& axis) { return axis.fixed.data(); }
  static std::uint8_t Of(Value sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> kFixedBits, 0, 255));
  }
};
template <>
struct Sums<float> {
  using Value = float;
  static constexpr Value kStart = 0;
  static const Value* Weights(const Axis& axis) { return axis.weights.data(); }
  static float Of(Value sum) { return sum; }
};

// The channels of kChannels neighbours at a time.
template <int kChannels, typename T>
void SumNeighbours(const T* in, std::int64_t channels, const typename Sums<T>::Value* weights,
                   std::int64_t count, T* out) {
  typename Sums<T>::Value sums[kChannels];
  std::fill_n(sums, kChannels, Sums<T>::kStart);
  for (std::int64_t k = 0; k < count; ++k, in += channels) {
    for (int c = 0; c < kChannels; ++c) sums[c] += weights[k] * in[c];
  }
  for (int c = 0; c < kChannels; ++c) out[c] = Sums<T>::Of(sums[c]);
}

template <typename T>
void SumPixel(const T* in, std::int64_t channels, const typename Sums<T>::Value* weights,
              std::int64_t count, T* out) {
  if (channels == 3) return SumNeighbours<3>(in, channels, weights, count, out);
  std::int64_t c = 0;
  for (; c + 4 <= channels; c += 4) SumNeighbours<4>(in + c, channels, weights, count, out + c);
  for (; c < channels; ++c) SumNeighbours<1>(in + c, channels, weights, count, out + c);
}

// All rows, each scaled to the axis.
template <typename T>
Raster<T> AcrossRows(const Raster<T>& picture, const Axis& axis) {
  const std::int64_t channels = picture.channels();
  const auto width = static_cast<std::int64_t>(axis.first.size());
  Raster<T> scaled(Extent{picture.extent().height, width}, channels);
  for (std::int64_t y = 0; y < picture.extent().height; ++y) {
    const T* row = picture.row(y);
    T* out = scaled.row(y);
    const auto* weights = Sums<T>::Weights(axis);
    for (std::size_t x = 0; x < axis.first.size(); ++x, out += channels, weights += axis.taps) {
      SumPixel(row + axis.first[x] * channels, channels, weights, axis.count[x], out);
    }
  }
  return scaled;
}

template <typename T>
Raster<T> DownColumns(const Raster<T>& picture, const Axis& axis) {
  const std::size_t n = picture.row_size();
  const auto height = static_cast<std::int64_t>(axis.first.size());
  Raster<T> scaled(Extent{height, picture.extent().width}, picture.channels());
  std::vector<typename Sums<T>::Value> sums(n);
  const auto* weights = Sums<T>::Weights(axis);
  for (std::int64_t y = 0; y < height; ++y, weights += axis.taps) {
    const auto i = static_cast<std::size_t>(y);
    std::ranges::fill(sums, Sums<T>::kStart);
    for (std::int64_t k = 0; k < axis.count[i]; ++k) {
      AddRow(sums.data(), picture.row(axis.first[i] + k), weights[k], n);
    }
    if constexpr (sizeof(T) == 1) {
      Finish(scaled.row(y), sums.data(), n);
    } else {
      std::ranges::copy(sums, scaled.row(y));
    }
  }
  return scaled;
}

template <typename T>
T Filling(float value) {
  return static_cast<T>(sizeof(T) == 1 ? std::clamp(std::round(value), 0.0f, 255.0f) : value);
}

template <typename T>
Raster<T> Framed(const Raster<T>& picture, const Placement& place, const ResizeSettings& settings) {
  Raster<T> framed(settings.size, picture.channels());
  std::fill_n(framed.data(), framed.size(), Filling<T>(settings.pad_value));
  for (std::int64_t y = 0; y < place.window.height; ++y) {
    std::copy_n(picture.row(y), picture.row_size(),
                framed.row(place.row + y) + place.column * picture.channels());
  }
  return framed;
}

// Half of what is left over; of halves the even neighbour, as Python rounds.
std::int64_t Half(std::int64_t pixels) {
  return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(pixels) / 2));
}

// The sides of a picture that covers the size, or has a shorter side of that length: what is no
// whole pixel is cut off, as torchvision's Resize does.
Extent Covering(Extent picture, const ResizeSettings& settings) {
  const auto [height, width] = settings.size;
  if (settings.shorter_side != 0) {
    const std::int64_t shorter = std::min(picture.height, picture.width);
    return {settings.shorter_side * picture.height / shorter,
            settings.shorter_side * picture.width / shorter};
  }
  if (width * picture.height >= height * picture.width) {
    return {std::max(height, width * picture.height / picture.width), width};
  }
  return {height, std::max(width, height * picture.width / picture.height)};
}

// The sides of a picture that lies within the size, rounded as Pillow's ImageOps.pad() does.
Extent Within(Extent picture, Extent size) {
  const auto height = static_cast<double>(picture.height);
  const auto width = static_cast<double>(picture.width);
  const auto side = [](double pixels) {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::nearbyint(pixels)));
  };
  if (size.width * picture.height > size.height * picture.width) {
    return {size.height, side(width / height * static_cast<double>(size.height))};
  }
  return {side(height / width * static_cast<double>(size.width)), size.width};
}

}  // namespace

Placement Place(Extent picture, const ResizeSettings& settings) {
  const Extent size = settings.size;
  Placement place{size, size};
  if (settings.fit == Fit::kStretch) return place;
  if (settings.fit == Fit::kCrop) {
    place.scaled = Covering(picture, settings);
    place.top = Half(place.scaled.height - size.height);
    place.left = Half(place.scaled.width - size.width);
    return place;
  }
  place.scaled = place.window = Within(picture, size);
  place.row = Half(size.height - place.scaled.height);
  place.column = Half(size.width - place.scaled.width);
  return place;
}

template <typename T>
Raster<T> Resize(const Raster<T>& picture, const ResizeSettings& settings) {
  const Extent from = picture.extent();
  const Placement place = Place(from, settings);
  const Axis rows = MakeAxis(settings.interpolation, from.height, place.scaled.height, place.top,
                             place.window.height);
  const Axis columns = MakeAxis(settings.interpolation, from.width, place.scaled.width, place.left,
                                place.window.width);
  // Across first, as Pillow does, but for pictures that would grow much before they shrink: neither
  // way takes more than the larger of the picture and the result.
  const bool down_first = place.window.width > from.width && place.window.height < from.height;
  Raster<T> scaled = down_first ? AcrossRows(DownColumns(picture, rows), columns)
                                : DownColumns(AcrossRows(picture, columns), rows);
  return place.window == settings.size ? std::move(scaled) : Framed(scaled, place, settings);
}

template Bytes Resize(const Bytes&, const ResizeSettings&);
template Floats Resize(const Floats&, const ResizeSettings&);

}  // namespace plinth::image
