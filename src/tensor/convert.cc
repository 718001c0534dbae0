#include "tensor/convert.h"

#include <concepts>
#include <limits>
#include <string>
#include <type_traits>

#include "tensor/elements.h"

namespace plinth {
namespace {

// Bits of whole numbers that the type holds exactly, without the sign.
int ExactBits(DType type) {
  int bits = 0;
  VisitElements(type,
                [&bits]<typename E>(E) { bits = std::numeric_limits<typename E::Value>::digits; });
  if (type == DType::kFp16) return 11;
  if (type == DType::kBf16) return 8;
  return bits;
}

bool IsSigned(DType type) {
  bool is_signed = false;
  VisitElements(type,
                [&is_signed]<typename E>(E) { is_signed = std::is_signed_v<typename E::Value>; });
  return is_signed;
}

template <typename To, typename From>
To ConvertOne(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::floating_point<To>) {
    return static_cast<To>(value);
  } else if constexpr (std::floating_point<From>) {
    if (value != value) return 0;
    // The first value beyond the range, which the type itself may not hold.
    constexpr From kEnd =
        static_cast<From>(2) * static_cast<From>(std::numeric_limits<To>::max() / 2 + 1);
    if (value >= kEnd) return std::numeric_limits<To>::max();
    if (value < static_cast<From>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    return static_cast<To>(value);
  } else {
    if (std::in_range<To>(
            static_cast<std::conditional_t<std::is_same_v<From, bool>, int, From>>(value)))
      return static_cast<To>(value);
    return value > From(0) ? std::numeric_limits<To>::max() : std::numeric_limits<To>::min();
  }
}

}  // namespace

bool Widens(DType from, DType to) {
  if (from == to) return true;
  if (SizeOf(from) == 0 || SizeOf(to) == 0 || to == DType::kBool) return false;
  if (from == DType::kBool) return true;
  if (IsFloat(from)) {
    if (!IsFloat(to)) return false;
    return to == DType::kFp64 || (to == DType::kFp32 && from != DType::kFp64);
  }
  if (IsSigned(from) && !IsSigned(to)) return false;
  return ExactBits(from) <= ExactBits(to);
}

Result<Tensor> Convert(const Tensor& tensor, DType to) {
  if (tensor.dtype() == to) return tensor;
  if (SizeOf(tensor.dtype()) == 0 || SizeOf(to) == 0) {
    return Fail(Code::kInvalidArgument, std::string(NameOf(tensor.dtype())) +
                                            " cannot be converted to " + std::string(NameOf(to)));
  }
  auto result = Tensor::Allocate(to, tensor.shape());
  if (!result) return result;
  VisitElements(tensor.dtype(), [&]<typename From>(From) {
    const auto from = tensor.values<typename From::Stored>();
    VisitElements(to, [&]<typename To>(To) {
      const auto out = result->mutable_values<typename To::Stored>();
      for (std::size_t i = 0; i < from.size(); ++i) {
        out[i] = To::Store(ConvertOne<typename To::Value>(From::Load(from[i])));
      }
    });
  });
  return result;
}

}  // namespace plinth
