#include "tensor/dtype.h"

#include <array>
#include <bit>

namespace plinth {
namespace {

struct Row {
  DType type;
  std::string_view name;
  std::size_t size;
};

// In the order of the enumeration.
constexpr std::array kTypes = {
    Row{DType::kAny, "ANY", 0},       Row{DType::kBool, "BOOL", 1},
    Row{DType::kInt8, "INT8", 1},     Row{DType::kInt16, "INT16", 2},
    Row{DType::kInt32, "INT32", 4},   Row{DType::kInt64, "INT64", 8},
    Row{DType::kUint8, "UINT8", 1},   Row{DType::kUint16, "UINT16", 2},
    Row{DType::kUint32, "UINT32", 4}, Row{DType::kUint64, "UINT64", 8},
    Row{DType::kFp16, "FP16", 2},     Row{DType::kBf16, "BF16", 2},
    Row{DType::kFp32, "FP32", 4},     Row{DType::kFp64, "FP64", 8},
    Row{DType::kBytes, "BYTES", 0},
};

const Row& RowOf(DType type) {
  const auto index = static_cast<std::size_t>(type);
  return kTypes[index < kTypes.size() ? index : 0];
}

}  // namespace

std::string_view NameOf(DType type) { return RowOf(type).name; }

std::optional<DType> DTypeFromName(std::string_view name) {
  for (const Row& row : kTypes) {
    if (row.type != DType::kAny && row.name == name) return row.type;
  }
  return std::nullopt;
}

std::size_t SizeOf(DType type) { return RowOf(type).size; }

float Fp16ToFloat(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
  }
  // Zero and subnormals: mantissa * 2^-24 is exact in a float.
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

std::uint16_t FloatToFp16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);  // NaN
  if (magnitude >= 0x477ff000u)
    return static_cast<std::uint16_t>(sign | 0x7c00u);  // rounds to infinity
  if (magnitude < 0x38800000u) {
    // Below 2^-14: adding 0.5 leaves the subnormal mantissa, rounded by the FPU, in the low bits.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1u;
  const std::uint32_t rounded = magnitude - (112u << 23) + 0xfffu + odd;
  return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

float Bf16ToFloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::uint16_t FloatToBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace plinth
