#include "pytorch/torch_arguments.h"

#include <array>
#include <utility>

#include "common/tensors.h"

namespace plinth::pytorch {
namespace {

constexpr std::array<std::pair<plinth_dtype, c10::ScalarType>, 13> kTypes{{
    {PLINTH_BOOL, c10::ScalarType::Bool},
    {PLINTH_INT8, c10::ScalarType::Char},
    {PLINTH_INT16, c10::ScalarType::Short},
    {PLINTH_INT32, c10::ScalarType::Int},
    {PLINTH_INT64, c10::ScalarType::Long},
    {PLINTH_UINT8, c10::ScalarType::Byte},
    {PLINTH_UINT16, c10::ScalarType::UInt16},
    {PLINTH_UINT32, c10::ScalarType::UInt32},
    {PLINTH_UINT64, c10::ScalarType::UInt64},
    {PLINTH_FP16, c10::ScalarType::Half},
    {PLINTH_BF16, c10::ScalarType::BFloat16},
    {PLINTH_FP32, c10::ScalarType::Float},
    {PLINTH_FP64, c10::ScalarType::Double},
}};

std::optional<ArgumentKind> KindOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      return ArgumentKind::kTensor;
    case c10::TypeKind::IntType:
      return ArgumentKind::kInt;
    case c10::TypeKind::FloatType:
      return ArgumentKind::kFloat;
    case c10::TypeKind::BoolType:
      return ArgumentKind::kBool;
    case c10::TypeKind::StringType:
      return ArgumentKind::kString;
    case c10::TypeKind::OptionalType:
      return KindOf(type->expectRef<c10::OptionalType>().getElementType());
    case c10::TypeKind::ListType: {
      const auto kind = KindOf(type->expectRef<c10::ListType>().getElementType());
      if (kind == ArgumentKind::kInt) return ArgumentKind::kIntList;
      if (kind == ArgumentKind::kFloat) return ArgumentKind::kFloatList;
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

plinth_dtype DTypeFor(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::kTensor:
      return PLINTH_DTYPE_ANY;
    case ArgumentKind::kInt:
    case ArgumentKind::kIntList:
      return PLINTH_INT64;
    case ArgumentKind::kFloat:
    case ArgumentKind::kFloatList:
      return PLINTH_FP64;
    case ArgumentKind::kBool:
      return PLINTH_BOOL;
    case ArgumentKind::kString:
      return PLINTH_BYTES;
  }
  return PLINTH_DTYPE_ANY;
}

bool IsList(ArgumentKind kind) {
  return kind == ArgumentKind::kIntList || kind == ArgumentKind::kFloatList;
}

kit::Result<c10::IValue> TensorOver(const plinth_tensor& tensor) {
  const auto type = TorchTypeOf(tensor.dtype);
  if (!type) return kit::Fail(PLINTH_INVALID_ARGUMENT, "PyTorch has no tensors of strings");
  const at::TensorOptions options = at::TensorOptions().dtype(*type);
  const at::IntArrayRef shape(tensor.shape, tensor.rank);
  if (tensor.byte_size == 0) return c10::IValue(at::empty(shape, options));
  return c10::IValue(at::from_blob(const_cast<void*>(tensor.data), shape, options));
}

template <typename T>
c10::IValue ListOf(const plinth_tensor& tensor, std::size_t count) {
  c10::List<T> list;
  list.reserve(count);
  for (std::size_t i = 0; i < count; ++i) list.push_back(static_cast<const T*>(tensor.data)[i]);
  return list;
}

}  // namespace

kit::Result<std::vector<Argument>> ReadArguments(const c10::FunctionSchema& schema) {
  std::vector<Argument> arguments;
  for (std::size_t i = 1; i < schema.arguments().size(); ++i) {
    const c10::Argument& declared = schema.arguments()[i];
    const auto kind = KindOf(declared.type());
    if (!kind) {
      if (declared.default_value()) continue;  // always left out
      return kit::Fail(
          PLINTH_INVALID_MODEL,
          "forward() takes '" + declared.name() + "' of type " + declared.type()->str() +
              "; only tensors, numbers and strings can be sent: wrap the module in one "
              "that takes those");
    }
    Argument argument{declared.name(), *kind, declared.default_value()};
    if (!argument.fallback && declared.type()->kind() == c10::TypeKind::OptionalType)
      argument.fallback.emplace();
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

kit::Spec SpecOf(const Argument& argument) {
  kit::Spec spec{.name = argument.name, .dtype = DTypeFor(argument.kind)};
  if (argument.kind != ArgumentKind::kTensor) spec.shape.emplace(IsList(argument.kind) ? 1 : 0, -1);
  spec.optional = argument.fallback.has_value();
  return spec;
}

kit::Result<c10::IValue> ValueOf(const Argument& argument, const plinth_tensor& tensor) {
  if (argument.kind == ArgumentKind::kTensor) return TensorOver(tensor);
  const plinth_dtype expected = DTypeFor(argument.kind);
  const auto count = kit::CountOf(kit::ShapeOf(tensor));
  if (!count) return kit::Fail(count.error());
  if (tensor.dtype != expected || (!IsList(argument.kind) && *count != 1)) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     "a " + std::string(kit::DTypeName(tensor.dtype)) + " tensor of shape " +
                         kit::ShapeText(kit::ShapeOf(tensor)) + " was sent; " +
                         (IsList(argument.kind) ? "a list of " : "one ") +
                         std::string(kit::DTypeName(expected)) + " was expected");
  }
  switch (argument.kind) {
    case ArgumentKind::kInt:
      return c10::IValue(*static_cast<const std::int64_t*>(tensor.data));
    case ArgumentKind::kFloat:
      return c10::IValue(*static_cast<const double*>(tensor.data));
    case ArgumentKind::kBool:
      return c10::IValue(*static_cast<const unsigned char*>(tensor.data) != 0);
    case ArgumentKind::kString:
      return c10::IValue(std::string(kit::StringAt(tensor, 0)));
    case ArgumentKind::kIntList:
      return ListOf<std::int64_t>(tensor, static_cast<std::size_t>(*count));
    case ArgumentKind::kFloatList:
      return ListOf<double>(tensor, static_cast<std::size_t>(*count));
    case ArgumentKind::kTensor:
      break;
  }
  return kit::Fail(PLINTH_INTERNAL, "an argument of no known kind");
}

std::optional<plinth_dtype> TypeOf(c10::ScalarType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  return std::nullopt;
}

std::optional<c10::ScalarType> TorchTypeOf(plinth_dtype dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == dtype) return theirs;
  }
  return std::nullopt;
}

}  // namespace plinth::pytorch
