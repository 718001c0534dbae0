// The field numbers of tensorflow.TensorProto and TensorShapeProto.
#pragma once

#include <protozero/types.hpp>

#include "tensor/dtype.h"

namespace plinth::api::tfserving {

// TensorProto.
inline constexpr protozero::pbf_tag_type kDtype = 1;
inline constexpr protozero::pbf_tag_type kTensorShape = 2;
inline constexpr protozero::pbf_tag_type kTensorContent = 4;
inline constexpr protozero::pbf_tag_type kStringVal = 8;

// TensorShapeProto and its Dim.
inline constexpr protozero::pbf_tag_type kDim = 2;
inline constexpr protozero::pbf_tag_type kUnknownRank = 3;
inline constexpr protozero::pbf_tag_type kDimSize = 1;

// The list that the elements of a type are sent in.
inline protozero::pbf_tag_type ListFieldOf(DType type) {
  switch (type) {
    case DType::kFp32:
      return 5;
    case DType::kFp64:
      return 6;
    case DType::kBytes:
      return kStringVal;
    case DType::kInt64:
      return 10;
    case DType::kBool:
      return 11;
    case DType::kFp16:
    case DType::kBf16:
      return 13;
    case DType::kUint32:
      return 16;
    case DType::kUint64:
      return 17;
    default:
      return 7;  // int_val, for all smaller integers
  }
}

}  // namespace plinth::api::tfserving
