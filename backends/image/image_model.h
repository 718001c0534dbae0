// An image step as a model: one input, one output, calls from many threads.
#pragma once

#include <memory>

#include "common/backend_kit.h"
#include "image/output.h"
#include "image/settings.h"

namespace plinth::image {

class ImageModel {
 public:
  // Everything is in the options; the path is not looked at.
  static kit::Result<std::unique_ptr<ImageModel>> Load(const plinth_load_request& request);

  explicit ImageModel(Settings settings);

  const plinth_signature* signature() const { return signature_.view(); }
  // There is nothing to make ready, and zeros are no image file.
  kit::Status Warm() { return {}; }
  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  kit::Status DecodeInto(std::string_view file, Output& output) const;
  kit::Status DecodeAll(const plinth_execute_request& request, const plinth_tensor& files,
                        Output& output) const;
  template <typename T>
  kit::Status TransformAll(const plinth_execute_request& request, const plinth_tensor& pixels,
                           Output& output) const;

  Settings settings_;
  kit::Signature signature_;
};

}  // namespace plinth::image
