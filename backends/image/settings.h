// What an image step is to do: its options, read and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/failure.h"
#include "image/raster.h"
#include "plinth/backend.h"

namespace plinth::image {

enum class Operation : std::uint8_t { kDecode, kResize, kNormalize };

enum class Color : std::uint8_t { kRgb, kGray, kRgba, kKeep };

// How an image of another aspect ratio comes to the size that was asked for.
enum class Fit : std::uint8_t {
  kStretch,
  kCrop,  // scaled until it covers the size, the middle kept
  kPad,   // scaled until it lies within the size, the rest filled
};

enum class Interpolation : std::uint8_t { kBilinear, kNearest, kArea };

enum class Layout : std::uint8_t { kHwc, kChw };

struct ResizeSettings {
  Extent size;
  Fit fit = Fit::kStretch;
  // kCrop: what the shorter side is scaled to before the middle is cut out; 0: no more than needed.
  std::int64_t shorter_side = 0;
  float pad_value = 0;
  Interpolation interpolation = Interpolation::kBilinear;
};

// (x * scale - mean[c]) / std[c]; one mean or deviation holds for all channels.
struct Normalization {
  float scale = 1;
  std::vector<float> mean{0};
  std::vector<float> deviation{1};

  // How many channels it is for; 0: any number.
  std::int64_t channels() const;
};

struct Settings {
  Operation operation = Operation::kDecode;
  std::optional<ResizeSettings> resize;
  std::optional<Normalization> normalization;
  Color color = Color::kRgb;
  bool orient = true;  // turned as its Exif orientation says
  bool scaled_decoding = true;
  std::int64_t max_pixels = 0;
  Layout layout = Layout::kHwc;
  plinth_dtype input_dtype = PLINTH_UINT8;  // not of kDecode
  plinth_dtype dtype = PLINTH_UINT8;

  // INVALID_ARGUMENT for an option that the operation does not have or with a wrong value.
  static kit::Result<Settings> Read(const plinth_load_request& request);

  // The channels of what kDecode gives; -1: as many as the file has.
  std::int64_t channels() const;
};

}  // namespace plinth::image
