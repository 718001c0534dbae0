// InferTensorContents: the elements of an input in a field of their type.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/status.h"
#include "tensor/dtype.h"

namespace plinth::api::openinference {

// The elements as the protocol's binary form has them. FP32 and FP64 that lie together in
// `contents` are not copied: they are a slice of `message`, in which `contents` lies.
// INVALID_ARGUMENT if a field of another type is set; `input` and `model` are the names to be told.
// Throws protozero's exceptions.
Result<Buffer> RawOfContents(const Buffer& message, std::string_view contents, DType type,
                             std::string_view input, std::string_view model);

}  // namespace plinth::api::openinference
