#include "image/settings.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "common/options.h"
#include "image/option_text.h"

namespace plinth::image {
namespace {

constexpr std::int64_t kDefaultMaxPixels = std::int64_t{64} << 20;
constexpr std::int64_t kMostPixels = std::int64_t{1} << 30;

// Reads options one after the other; what is wrong with the first wrong one is kept, and everything
// read after it is worth nothing.
class Reader {
 public:
  explicit Reader(kit::Options options) : options_(std::move(options)) {}

  bool Has(std::string_view key) const { return !options_.Text(key, "").empty(); }

  template <typename T>
  T Choice(std::string_view key, std::initializer_list<std::pair<std::string_view, T>> choices) {
    std::string names;
    const std::string value = options_.Text(key, choices.begin()->first);
    for (const auto& [name, meaning] : choices) {
      if (name == value) return meaning;
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    Keep(kit::RefuseOption(key, value, "one of: " + names).error());
    return choices.begin()->second;
  }

  std::int64_t Number(std::string_view key, std::int64_t least, std::int64_t most,
                      std::int64_t fallback) {
    return Value(options_.Number(key, least, most, fallback));
  }
  bool Flag(std::string_view key) { return Value(options_.Flag(key, true)); }
  Extent Size(std::string_view key) { return Value(ReadExtent(key, options_.Text(key, ""))); }

  std::vector<float> Numbers(std::string_view key, std::string_view fallback) {
    return Value(ReadNumbers(key, options_.Text(key, fallback)));
  }
  float OneNumber(std::string_view key, std::string_view fallback) {
    const std::vector<float> numbers = Numbers(key, fallback);
    if (numbers.size() == 1) return numbers.front();
    Keep({PLINTH_INVALID_ARGUMENT, "option '" + std::string(key) + "' must be one number"});
    return 0;
  }

  void Keep(kit::Failure failure) {
    if (!failure_) failure_ = std::move(failure);
  }
  const std::optional<kit::Failure>& failure() const { return failure_; }

 private:
  template <typename T>
  T Value(kit::Result<T> result) {
    if (result) return std::move(*result);
    Keep(std::move(result.error()));
    return {};
  }

  kit::Options options_;
  std::optional<kit::Failure> failure_;
};

kit::Result<kit::Options> ReadKnown(const plinth_load_request& request) {
  // `operation` decides which others there are.
  std::string_view operation;
  for (std::size_t i = 0; i < request.option_count; ++i) {
    if (std::string_view(request.options[i].key) == "operation")
      operation = request.options[i].value;
  }
  if (operation == "decode") {
    return kit::Options::Read(
        request, {"operation", "threads", "size", "fit", "shorter_side", "pad_value",
                  "interpolation", "color", "orient", "scaled_decoding", "layout", "dtype", "scale",
                  "mean", "std", "max_pixels"});
  }
  if (operation == "resize") {
    return kit::Options::Read(request,
                              {"operation", "threads", "size", "fit", "shorter_side", "pad_value",
                               "interpolation", "layout", "dtype", "max_pixels"});
  }
  if (operation == "normalize") {
    return kit::Options::Read(
        request, {"operation", "threads", "layout", "dtype", "scale", "mean", "std", "max_pixels"});
  }
  return kit::RefuseOption("operation", operation, "one of: decode, resize, normalize");
}

ResizeSettings ReadResize(Reader& reader) {
  ResizeSettings resize;
  resize.size = reader.Size("size");
  resize.fit = reader.Choice<Fit>(
      "fit", {{"stretch", Fit::kStretch}, {"crop", Fit::kCrop}, {"pad", Fit::kPad}});
  resize.shorter_side = reader.Number("shorter_side", 1, kMaxSide, 0);
  resize.pad_value = reader.OneNumber("pad_value", "0");
  resize.interpolation =
      reader.Choice<Interpolation>("interpolation", {{"bilinear", Interpolation::kBilinear},
                                                     {"nearest", Interpolation::kNearest},
                                                     {"area", Interpolation::kArea}});
  if (resize.shorter_side != 0) {
    if (resize.fit != Fit::kCrop) {
      reader.Keep({PLINTH_INVALID_ARGUMENT, "option 'shorter_side' is for 'fit': 'crop' only"});
    } else if (resize.shorter_side < std::max(resize.size.height, resize.size.width)) {
      reader.Keep({PLINTH_INVALID_ARGUMENT,
                   "option 'shorter_side' is smaller than a side of 'size'; the middle cannot be "
                   "cut out of less than itself"});
    }
  }
  if (reader.Has("pad_value") && resize.fit != Fit::kPad) {
    reader.Keep({PLINTH_INVALID_ARGUMENT, "option 'pad_value' is for 'fit': 'pad' only"});
  }
  return resize;
}

Normalization ReadNormalization(Reader& reader) {
  Normalization normalization;
  normalization.scale = reader.OneNumber("scale", "1");
  normalization.mean = reader.Numbers("mean", "0");
  normalization.deviation = reader.Numbers("std", "1");
  if (std::ranges::find(normalization.deviation, 0.0f) != normalization.deviation.end()) {
    reader.Keep({PLINTH_INVALID_ARGUMENT, "option 'std' holds 0; pixels are divided by it"});
  }
  const std::size_t means = normalization.mean.size();
  const std::size_t deviations = normalization.deviation.size();
  if (means != deviations && means != 1 && deviations != 1) {
    reader.Keep({PLINTH_INVALID_ARGUMENT, "options 'mean' and 'std' have " + std::to_string(means) +
                                              " and " + std::to_string(deviations) +
                                              " numbers; both must have one a channel"});
  }
  return normalization;
}

void ReadDecode(Reader& reader, Settings& settings) {
  settings.color = reader.Choice<Color>("color", {{"rgb", Color::kRgb},
                                                  {"gray", Color::kGray},
                                                  {"rgba", Color::kRgba},
                                                  {"keep", Color::kKeep}});
  settings.orient = reader.Flag("orient");
  settings.scaled_decoding = reader.Flag("scaled_decoding");
  const bool normalizes = reader.Has("scale") || reader.Has("mean") || reader.Has("std");
  if (normalizes) settings.normalization = ReadNormalization(reader);
  settings.dtype = normalizes ? reader.Choice<plinth_dtype>(
                                    "dtype", {{"float32", PLINTH_FP32}, {"uint8", PLINTH_UINT8}})
                              : reader.Choice<plinth_dtype>(
                                    "dtype", {{"uint8", PLINTH_UINT8}, {"float32", PLINTH_FP32}});
  if (normalizes && settings.dtype != PLINTH_FP32) {
    reader.Keep({PLINTH_INVALID_ARGUMENT,
                 "options 'scale', 'mean' and 'std' give numbers that are not whole; 'dtype' must "
                 "be 'float32' with them"});
  }
  const std::int64_t wanted = normalizes ? settings.normalization->channels() : 0;
  if (wanted != 0 && settings.channels() > 0 && wanted != settings.channels()) {
    reader.Keep({PLINTH_INVALID_ARGUMENT, "options 'mean' and 'std' are for " +
                                              std::to_string(wanted) + " channels; 'color' gives " +
                                              std::to_string(settings.channels())});
  }
}

}  // namespace

std::int64_t Normalization::channels() const {
  const std::size_t most = std::max(mean.size(), deviation.size());
  return most == 1 ? 0 : static_cast<std::int64_t>(most);
}

std::int64_t Settings::channels() const {
  switch (color) {
    case Color::kGray:
      return 1;
    case Color::kRgb:
      return 3;
    case Color::kRgba:
      return 4;
    case Color::kKeep:
      break;
  }
  return -1;
}

kit::Result<Settings> Settings::Read(const plinth_load_request& request) {
  auto known = ReadKnown(request);
  if (!known) return kit::Fail(std::move(known.error()));
  Reader reader(std::move(*known));
  Settings settings;
  settings.operation =
      reader.Choice<Operation>("operation", {{"decode", Operation::kDecode},
                                             {"resize", Operation::kResize},
                                             {"normalize", Operation::kNormalize}});
  // One image is computed by one thread; requests are what runs side by side.
  reader.Number("threads", 0, kit::kMaxThreads, 0);
  settings.layout = reader.Choice<Layout>("layout", {{"hwc", Layout::kHwc}, {"chw", Layout::kChw}});
  settings.max_pixels = reader.Number("max_pixels", 1, kMostPixels, kDefaultMaxPixels);
  if (settings.operation == Operation::kResize || reader.Has("size")) {
    settings.resize = ReadResize(reader);
  } else if (settings.operation == Operation::kDecode) {
    for (const std::string_view key :
         {"fit", "shorter_side", "pad_value", "interpolation", "scaled_decoding"}) {
      if (reader.Has(key)) {
        reader.Keep({PLINTH_INVALID_ARGUMENT,
                     "option '" + std::string(key) + "' has no effect without 'size'"});
      }
    }
  }
  if (settings.operation == Operation::kDecode) {
    ReadDecode(reader, settings);
  } else {
    settings.input_dtype =
        reader.Choice<plinth_dtype>("dtype", {{"uint8", PLINTH_UINT8}, {"float32", PLINTH_FP32}});
    settings.dtype = settings.input_dtype;
  }
  if (settings.operation == Operation::kNormalize) {
    settings.normalization = ReadNormalization(reader);
    settings.dtype = PLINTH_FP32;
  }
  if (reader.failure()) return kit::Fail(*reader.failure());
  return settings;
}

}  // namespace plinth::image
