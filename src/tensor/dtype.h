// Element types: the names that users and protocols see, and how large an element is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "plinth/backend.h"

namespace plinth {

// The same values as plinth_dtype, so that the C ABI needs no translation.
enum class DType : int {
  kAny = PLINTH_DTYPE_ANY,  // only in signatures: the model does not say
  kBool = PLINTH_BOOL,
  kInt8 = PLINTH_INT8,
  kInt16 = PLINTH_INT16,
  kInt32 = PLINTH_INT32,
  kInt64 = PLINTH_INT64,
  kUint8 = PLINTH_UINT8,
  kUint16 = PLINTH_UINT16,
  kUint32 = PLINTH_UINT32,
  kUint64 = PLINTH_UINT64,
  kFp16 = PLINTH_FP16,
  kBf16 = PLINTH_BF16,
  kFp32 = PLINTH_FP32,
  kFp64 = PLINTH_FP64,
  kBytes = PLINTH_BYTES,
};

// "FP32", "BYTES", ... as the Open Inference Protocol spells them; "ANY" for kAny.
std::string_view NameOf(DType type);

// The type of that name, upper case; nothing for an unknown one.
std::optional<DType> DTypeFromName(std::string_view name);

// Bytes of one element; 0 for kAny and kBytes, whose elements have no fixed size.
std::size_t SizeOf(DType type);

// 16-bit floats, for codecs. Rounds to nearest, ties to even; NaN stays NaN.
float Fp16ToFloat(std::uint16_t bits);
std::uint16_t FloatToFp16(float value);
float Bf16ToFloat(std::uint16_t bits);
std::uint16_t FloatToBf16(float value);

}  // namespace plinth
