#include "image/image_model.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "image/arrange.h"
#include "image/color.h"
#include "image/decode.h"
#include "image/resize.h"

namespace plinth::image {
namespace {

using Shape = std::vector<std::int64_t>;

std::int64_t ChannelsOf(const Settings& settings) {
  if (settings.operation == Operation::kDecode) return settings.channels();
  const std::int64_t normalized = settings.normalization ? settings.normalization->channels() : 0;
  return normalized == 0 ? -1 : normalized;
}

kit::Spec InputSpec(const Settings& settings) {
  if (settings.operation == Operation::kDecode) return {"image", PLINTH_BYTES, Shape{-1}, 0};
  return {"pixels", settings.input_dtype, Shape{-1, -1, -1, ChannelsOf(settings)}, 0};
}

kit::Spec OutputSpec(const Settings& settings) {
  const Extent size = settings.resize ? settings.resize->size : Extent{-1, -1};
  return {"pixels", settings.dtype, ShapeOf(settings.layout, -1, size, ChannelsOf(settings)), 0};
}

kit::Status Numbered(kit::Failure failure, std::int64_t i) {
  if (failure.status == PLINTH_INVALID_ARGUMENT) {
    failure.message = "image " + std::to_string(i) + ": " + failure.message;
  }
  return kit::Fail(std::move(failure));
}

// Calls add(i) for each image of a call, until one fails or nobody wants the answer any more.
template <typename Add>
kit::Status ForEach(const plinth_execute_request& request, std::int64_t count, const Add& add) {
  const kit::Stopper stopper(request, [] {});
  for (std::int64_t i = 0; i < count; ++i) {
    if (stopper.stopped()) return kit::FailStopped();
    if (auto status = add(i); !status) return Numbered(std::move(status.error()), i);
  }
  return {};
}

kit::Status CheckInput(const plinth_tensor& input, const kit::Spec& spec) {
  if (input.dtype == spec.dtype && input.rank == spec.shape->size()) return {};
  return kit::Fail(PLINTH_INVALID_ARGUMENT, "input '" + spec.name + "' is " +
                                                std::string(kit::DTypeName(input.dtype)) + " " +
                                                kit::ShapeText(kit::ShapeOf(input)) + "; " +
                                                std::string(kit::DTypeName(spec.dtype)) + " " +
                                                kit::ShapeText(*spec.shape) + " was expected");
}

}  // namespace

kit::Result<std::unique_ptr<ImageModel>> ImageModel::Load(const plinth_load_request& request) {
  auto settings = Settings::Read(request);
  if (!settings) return kit::Fail(std::move(settings.error()));
  return std::make_unique<ImageModel>(std::move(*settings));
}

ImageModel::ImageModel(Settings settings)
    : settings_(std::move(settings)),
      signature_({InputSpec(settings_)}, {OutputSpec(settings_)}, {.concurrent = true}) {}

kit::Status ImageModel::DecodeInto(std::string_view file, Output& output) const {
  DecodeRequest request{settings_.max_pixels, settings_.orient, nullptr};
  if (settings_.resize && settings_.scaled_decoding) {
    request.scaled = [this](Extent picture) { return Place(picture, *settings_.resize).scaled; };
  }
  auto picture = Decode(file, request);
  if (!picture) return kit::Fail(std::move(picture.error()));
  return output.Add(InColor(std::move(*picture), settings_.color));
}

kit::Status ImageModel::DecodeAll(const plinth_execute_request& request, const plinth_tensor& files,
                                  Output& output) const {
  return ForEach(request, files.shape[0], [&](std::int64_t i) {
    return DecodeInto(kit::StringAt(files, static_cast<std::size_t>(i)), output);
  });
}

template <typename T>
kit::Status ImageModel::TransformAll(const plinth_execute_request& request,
                                     const plinth_tensor& pixels, Output& output) const {
  const Extent extent{pixels.shape[1], pixels.shape[2]};
  const std::int64_t channels = pixels.shape[3];
  if (extent.height < 1 || extent.width < 1 || channels < 1) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "input 'pixels' has the shape " +
                                                  kit::ShapeText(kit::ShapeOf(pixels)) +
                                                  "; height, width and channels must be 1 or more");
  }
  if (auto status = CheckPixels(extent, settings_.max_pixels); !status) return status;
  Raster<T> picture(extent, channels);
  return ForEach(request, pixels.shape[0], [&](std::int64_t i) {
    const T* const data = static_cast<const T*>(pixels.data);
    std::copy_n(data + static_cast<std::size_t>(i) * picture.size(), picture.size(),
                picture.data());
    return output.Add(picture);
  });
}

kit::Status ImageModel::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  const kit::Spec& spec = signature_.inputs().front();
  const plinth_tensor* input = kit::FindInput(request, spec.name);
  if (input == nullptr) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "input '" + spec.name + "' is missing");
  }
  if (auto status = CheckInput(*input, spec); !status) return status;
  if (request.output_count == 0) return {};

  const std::int64_t count = input->shape[0];
  Output output(settings_, count);
  if (count > 0) {
    kit::Status status =
        settings_.operation == Operation::kDecode ? DecodeAll(request, *input, output)
        : input->dtype == PLINTH_UINT8 ? TransformAll<std::uint8_t>(request, *input, output)
                                       : TransformAll<float>(request, *input, output);
    if (!status) return status;
  }
  Shape none = *signature_.outputs().front().shape;
  std::ranges::replace(none, -1, 0);
  output.Finish(std::move(none), outputs);
  return {};
}

}  // namespace plinth::image
