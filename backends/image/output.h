// The one output of an image step: pictures of one shape, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/backend_kit.h"
#include "image/raster.h"
#include "image/settings.h"

namespace plinth::image {

class Output {
 public:
  Output(const Settings& settings, std::int64_t count) : settings_(settings), count_(count) {}

  // Scales, normalises and arranges the next picture. INVALID_ARGUMENT if it has another shape than
  // the ones before, or if all together would be too large.
  template <typename T>
  kit::Status Add(const Raster<T>& picture);

  // `none` is the shape of what is given where no picture was added.
  void Finish(std::vector<std::int64_t> none, kit::OutputWriter& writer);

 private:
  kit::Status Begin(Extent extent, std::int64_t channels);
  template <typename T>
  void Write(const Raster<T>& picture);

  const Settings& settings_;
  std::int64_t count_;
  std::int64_t added_ = 0;
  Extent extent_;
  std::int64_t channels_ = 0;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> floats_;
};

extern template kit::Status Output::Add(const Bytes&);
extern template kit::Status Output::Add(const Floats&);

}  // namespace plinth::image
