// Elements of every numeric type by one piece of code: 16-bit floats are read and written as float.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "tensor/dtype.h"

namespace plinth {

// How elements of a type lie in memory and what they are computed as.
template <typename T>
struct PlainElement {
  using Stored = T;
  using Value = T;
  static Value Load(Stored stored) { return stored; }
  static Stored Store(Value value) { return value; }
};
struct BoolElement {
  using Stored = std::uint8_t;
  using Value = bool;
  static Value Load(Stored stored) { return stored != 0; }
  static Stored Store(Value value) { return value ? 1 : 0; }
};
struct Fp16Element {
  using Stored = std::uint16_t;
  using Value = float;
  static Value Load(Stored stored) { return Fp16ToFloat(stored); }
  static Stored Store(Value value) { return FloatToFp16(value); }
};
struct Bf16Element {
  using Stored = std::uint16_t;
  using Value = float;
  static Value Load(Stored stored) { return Bf16ToFloat(stored); }
  static Stored Store(Value value) { return FloatToBf16(value); }
};

// Calls `visit` with the element type; false for kBytes and kAny, where it is not called.
template <typename Visit>
bool VisitElements(DType type, Visit visit) {
  switch (type) {
    case DType::kBool:
      return visit(BoolElement()), true;
    case DType::kInt8:
      return visit(PlainElement<std::int8_t>()), true;
    case DType::kInt16:
      return visit(PlainElement<std::int16_t>()), true;
    case DType::kInt32:
      return visit(PlainElement<std::int32_t>()), true;
    case DType::kInt64:
      return visit(PlainElement<std::int64_t>()), true;
    case DType::kUint8:
      return visit(PlainElement<std::uint8_t>()), true;
    case DType::kUint16:
      return visit(PlainElement<std::uint16_t>()), true;
    case DType::kUint32:
      return visit(PlainElement<std::uint32_t>()), true;
    case DType::kUint64:
      return visit(PlainElement<std::uint64_t>()), true;
    case DType::kFp16:
      return visit(Fp16Element()), true;
    case DType::kBf16:
      return visit(Bf16Element()), true;
    case DType::kFp32:
      return visit(PlainElement<float>()), true;
    case DType::kFp64:
      return visit(PlainElement<double>()), true;
    default:
      return false;
  }
}

inline bool IsFloat(DType type) {
  return type == DType::kFp16 || type == DType::kBf16 || type == DType::kFp32 ||
         type == DType::kFp64;
}

}  // namespace plinth
