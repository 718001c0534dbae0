// Element types as TensorFlow numbers and names them.
#pragma once

#include <optional>
#include <string_view>

#include "tensor/dtype.h"

namespace plinth::api::tfserving {

// tensorflow.DataType: its number, and its name, "DT_FLOAT". 0, "DT_INVALID" for kAny.
int DataTypeOf(DType type);
std::string_view DataTypeName(DType type);

// "float", "int64", ...: how TensorFlow's messages speak of it.
std::string_view DataTypeWord(DType type);

// Of a number; nothing for those that no tensor here has.
std::optional<DType> DTypeOf(int data_type);

}  // namespace plinth::api::tfserving
