#include "image/output.h"

#include <fmt/format.h>

#include <optional>
#include <type_traits>
#include <utility>

#include "image/arrange.h"
#include "image/resize.h"

namespace plinth::image {
namespace {

// A few bytes of a request can ask for much memory: a picture of one pixel is scaled to any size.
constexpr std::int64_t kMaxOutputBytes = std::int64_t{1} << 30;

}  // namespace

kit::Status Output::Begin(Extent extent, std::int64_t channels) {
  if (added_ > 0) {
    if (extent == extent_ && channels == channels_) return {};
    return kit::Fail(
        PLINTH_INVALID_ARGUMENT,
        fmt::format("it gives {} x {} pixels of {} channels, those before it {} x {} of {}; images "
                    "of one request must be alike: give option 'size' (and a 'color' other than "
                    "'keep'), or send them one by one",
                    extent.height, extent.width, channels, extent_.height, extent_.width,
                    channels_));
  }
  const std::int64_t normalized = settings_.normalization ? settings_.normalization->channels() : 0;
  if (normalized != 0 && normalized != channels) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     fmt::format("it has {} channels; options 'mean' and 'std' are for {}",
                                 channels, normalized));
  }
  const std::int64_t size = settings_.dtype == PLINTH_FP32 ? 4 : 1;
  const std::int64_t each = extent.pixels() * channels * size;
  if (each > 0 && count_ > kMaxOutputBytes / each) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     fmt::format("{} images of {} bytes each are more than the {} bytes that one "
                                 "request may give; send fewer at a time",
                                 count_, each, kMaxOutputBytes));
  }
  const auto elements = static_cast<std::size_t>(count_ * extent.pixels() * channels);
  if (settings_.dtype == PLINTH_FP32) {
    floats_.resize(elements);
  } else {
    bytes_.resize(elements);
  }
  extent_ = extent;
  channels_ = channels;
  return {};
}

template <typename T>
void Output::Write(const Raster<T>& picture) {
  const std::size_t at = picture.size() * static_cast<std::size_t>(added_);
  if (settings_.dtype == PLINTH_FP32 && settings_.normalization) {
    Normalize(picture, *settings_.normalization, settings_.layout, floats_.data() + at);
  } else if constexpr (std::is_same_v<T, float>) {
    Arrange(picture, settings_.layout, floats_.data() + at);
  } else if (settings_.dtype == PLINTH_FP32) {
    Normalize(picture, Normalization{}, settings_.layout, floats_.data() + at);
  } else {
    Arrange(picture, settings_.layout, bytes_.data() + at);
  }
}

template <typename T>
kit::Status Output::Add(const Raster<T>& picture) {
  const Extent extent = settings_.resize ? settings_.resize->size : picture.extent();
  if (auto status = Begin(extent, picture.channels()); !status) return status;
  if (extent == picture.extent() && !(settings_.resize && settings_.resize->shorter_side != 0)) {
    Write(picture);
  } else {
    Write(Resize(picture, *settings_.resize));
  }
  ++added_;
  return {};
}

template kit::Status Output::Add(const Bytes&);
template kit::Status Output::Add(const Floats&);

void Output::Finish(std::vector<std::int64_t> none, kit::OutputWriter& writer) {
  std::vector<std::int64_t> shape = std::move(none);
  if (added_ > 0) shape = ShapeOf(settings_.layout, count_, extent_, channels_);
  if (settings_.dtype == PLINTH_FP32) {
    writer.AddVector("pixels", PLINTH_FP32, shape, std::move(floats_));
  } else {
    writer.AddVector("pixels", PLINTH_UINT8, shape, std::move(bytes_));
  }
}

}  // namespace plinth::image
