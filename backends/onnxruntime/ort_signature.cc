#include "onnxruntime/ort_signature.h"

#include <array>
#include <string>
#include <utility>

#include "onnxruntime/ort_runtime.h"

namespace plinth::onnx {
namespace {

constexpr std::array<std::pair<plinth_dtype, ONNXTensorElementDataType>, 14> kTypes{{
    {PLINTH_BOOL, ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL},
    {PLINTH_INT8, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8},
    {PLINTH_INT16, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16},
    {PLINTH_INT32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32},
    {PLINTH_INT64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64},
    {PLINTH_UINT8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8},
    {PLINTH_UINT16, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16},
    {PLINTH_UINT32, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32},
    {PLINTH_UINT64, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64},
    {PLINTH_FP16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16},
    {PLINTH_BF16, ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16},
    {PLINTH_FP32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT},
    {PLINTH_FP64, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE},
    {PLINTH_BYTES, ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING},
}};

using TensorInfo = const OrtTensorTypeAndShapeInfo*;

kit::Result<ONNXType> KindOf(const OrtTypeInfo* info) {
  ONNXType kind = ONNX_TYPE_UNKNOWN;
  if (auto s = Check(Api().GetOnnxTypeFromTypeInfo(info, &kind)); !s) return kit::Fail(s.error());
  return kind;
}

// The type and shape of a tensor. A shape of no dimensions stands for a scalar and for "not known"
// alike.
kit::Status ReadTensor(const OrtTypeInfo* info, kit::Spec& spec) {
  TensorInfo tensor = nullptr;
  if (auto s = Check(Api().CastTypeInfoToTensorInfo(info, &tensor)); !s) return s;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  if (auto s = Check(Api().GetTensorElementType(tensor, &type)); !s) return s;
  spec.dtype = TypeOf(type);
  if (spec.dtype == PLINTH_DTYPE_ANY) {
    return kit::Fail(
        PLINTH_INVALID_MODEL,
        "its element type (number " + std::to_string(type) +
            " of ONNX) is not served; cast it in the model to a number, BOOL or STRING type");
  }
  std::size_t rank = 0;
  if (auto s = Check(Api().GetDimensionsCount(tensor, &rank)); !s) return s;
  if (rank == 0) return {};
  spec.shape.emplace(rank);
  if (auto s = Check(Api().GetDimensions(tensor, spec.shape->data(), rank)); !s) return s;
  for (std::int64_t& dim : *spec.shape) {
    if (dim < 0) dim = -1;
  }
  return {};
}

kit::Status ReadMap(const OrtTypeInfo* info, kit::Spec& spec) {
  const OrtMapTypeInfo* map = nullptr;
  if (auto s = Check(Api().CastTypeInfoToMapTypeInfo(info, &map)); !s) return s;
  OrtTypeInfo* value = nullptr;
  if (auto s = Check(Api().GetMapValueType(map, &value)); !s) return s;
  const TypeInfoHandle owner(value);
  if (auto s = ReadTensor(value, spec); !s) return s;
  spec.shape = std::vector<std::int64_t>{-1};
  return {};
}

kit::Result<OutputKind> ReadSequence(const OrtTypeInfo* info, kit::Spec& spec) {
  const OrtSequenceTypeInfo* sequence = nullptr;
  if (auto s = Check(Api().CastTypeInfoToSequenceTypeInfo(info, &sequence)); !s) {
    return kit::Fail(s.error());
  }
  OrtTypeInfo* element = nullptr;
  if (auto s = Check(Api().GetSequenceElementType(sequence, &element)); !s) {
    return kit::Fail(s.error());
  }
  const TypeInfoHandle owner(element);
  auto kind = KindOf(element);
  if (!kind) return kit::Fail(kind.error());
  if (*kind != ONNX_TYPE_TENSOR && *kind != ONNX_TYPE_MAP) {
    return kit::Fail(PLINTH_INVALID_MODEL,
                     "it is a sequence of neither tensors nor maps, which is not served");
  }
  auto read = *kind == ONNX_TYPE_MAP ? ReadMap(element, spec) : ReadTensor(element, spec);
  if (!read) return kit::Fail(read.error());
  if (spec.shape) spec.shape->insert(spec.shape->begin(), -1);
  return *kind == ONNX_TYPE_MAP ? OutputKind::kMapSequence : OutputKind::kTensorSequence;
}

kit::Result<OutputKind> ReadOutput(const OrtTypeInfo* info, kit::Spec& spec) {
  auto kind = KindOf(info);
  if (!kind) return kit::Fail(kind.error());
  kit::Status read;
  switch (*kind) {
    case ONNX_TYPE_TENSOR:
      read = ReadTensor(info, spec);
      if (!read) return kit::Fail(read.error());
      return OutputKind::kTensor;
    case ONNX_TYPE_MAP:
      read = ReadMap(info, spec);
      if (!read) return kit::Fail(read.error());
      return OutputKind::kMap;
    case ONNX_TYPE_SEQUENCE:
      return ReadSequence(info, spec);
    case ONNX_TYPE_OPTIONAL: {
      const OrtOptionalTypeInfo* optional = nullptr;
      if (auto s = Check(Api().CastTypeInfoToOptionalTypeInfo(info, &optional)); !s)
        return kit::Fail(s.error());
      OrtTypeInfo* contained = nullptr;
      if (auto s = Check(Api().GetOptionalContainedTypeInfo(optional, &contained)); !s)
        return kit::Fail(s.error());
      const TypeInfoHandle owner(contained);
      auto inner = ReadOutput(contained, spec);
      spec.shape.reset();  // an absent value is given as a tensor of shape [0]
      return inner;
    }
    default:
      return kit::Fail(
          PLINTH_INVALID_MODEL,
          "it is no tensor, sequence or map (a sparse tensor, say), which is not served");
  }
}

using NameFn = decltype(OrtApi::SessionGetInputName) OrtApi::*;

kit::Result<std::string> ReadName(const OrtSession* session, NameFn name_of, std::size_t i) {
  OrtAllocator* allocator = nullptr;
  if (auto s = Check(Api().GetAllocatorWithDefaultOptions(&allocator)); !s)
    return kit::Fail(s.error());
  char* raw = nullptr;
  if (auto s = Check((Api().*name_of)(session, i, allocator, &raw)); !s)
    return kit::Fail(s.error());
  std::string name(raw);
  if (auto s = Check(Api().AllocatorFree(allocator, raw)); !s) return kit::Fail(s.error());
  return name;
}

kit::Result<kit::Spec> ReadInput(const OrtSession* session, std::size_t i) {
  auto name = ReadName(session, &OrtApi::SessionGetInputName, i);
  if (!name) return kit::Fail(name.error());
  OrtTypeInfo* raw = nullptr;
  if (auto s = Check(Api().SessionGetInputTypeInfo(session, i, &raw)); !s)
    return kit::Fail(s.error());
  const TypeInfoHandle info(raw);
  kit::Spec spec{.name = std::move(*name)};
  auto kind = ReadOutput(raw, spec);
  if (kind && *kind != OutputKind::kTensor) {
    kind = kit::Fail(PLINTH_INVALID_MODEL,
                     "it is a sequence or a map; only tensors are served as inputs");
  }
  if (!kind)
    return kit::Fail(kind.error().status, "input '" + spec.name + "': " + kind.error().message);
  return spec;
}

// The name of a tensor's first dimension; "" if it has none.
std::string FirstDimensionName(const OrtSession* session, std::size_t input) {
  OrtTypeInfo* raw = nullptr;
  if (!Check(Api().SessionGetInputTypeInfo(session, input, &raw))) return "";
  const TypeInfoHandle info(raw);
  TensorInfo tensor = nullptr;
  std::size_t rank = 0;
  if (!Check(Api().CastTypeInfoToTensorInfo(raw, &tensor)) || tensor == nullptr) return "";
  if (!Check(Api().GetDimensionsCount(tensor, &rank)) || rank == 0) return "";
  std::vector<const char*> names(rank, nullptr);
  if (!Check(Api().GetSymbolicDimensions(tensor, names.data(), rank)) || names[0] == nullptr)
    return "";
  return names[0];
}

// Whether two inputs call their first dimensions by different names: then these are not the batch.
bool FirstDimensionsDiffer(const OrtSession* session, std::size_t input_count) {
  std::string common;
  for (std::size_t i = 0; i < input_count; ++i) {
    std::string name = FirstDimensionName(session, i);
    if (name.empty()) continue;
    if (!common.empty() && name != common) return true;
    common = std::move(name);
  }
  return false;
}

}  // namespace

kit::Result<OrtSignature> ReadSignature(OrtSession* session) {
  std::size_t input_count = 0;
  if (auto s = Check(Api().SessionGetInputCount(session, &input_count)); !s)
    return kit::Fail(s.error());
  std::vector<kit::Spec> inputs;
  for (std::size_t i = 0; i < input_count; ++i) {
    auto input = ReadInput(session, i);
    if (!input) return kit::Fail(input.error());
    inputs.push_back(std::move(*input));
  }

  std::size_t output_count = 0;
  if (auto s = Check(Api().SessionGetOutputCount(session, &output_count)); !s)
    return kit::Fail(s.error());
  std::vector<kit::Spec> outputs;
  std::vector<OutputShape> shapes;
  for (std::size_t i = 0; i < output_count; ++i) {
    auto name = ReadName(session, &OrtApi::SessionGetOutputName, i);
    if (!name) return kit::Fail(name.error());
    OrtTypeInfo* raw = nullptr;
    if (auto s = Check(Api().SessionGetOutputTypeInfo(session, i, &raw)); !s)
      return kit::Fail(s.error());
    const TypeInfoHandle info(raw);
    kit::Spec spec{.name = std::move(*name)};
    auto kind = ReadOutput(raw, spec);
    if (!kind)
      return kit::Fail(kind.error().status, "output '" + spec.name + "': " + kind.error().message);
    shapes.push_back({*kind, spec.dtype});
    outputs.push_back(std::move(spec));
  }
  if (!FirstDimensionsDiffer(session, input_count)) kit::OpenBatchAxis(inputs, outputs);
  return OrtSignature{std::make_unique<kit::Signature>(std::move(inputs), std::move(outputs),
                                                       kit::Traits{.concurrent = true}),
                      std::move(shapes)};
}

ONNXTensorElementDataType OrtTypeOf(plinth_dtype dtype) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours == dtype) return theirs;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

plinth_dtype TypeOf(ONNXTensorElementDataType type) {
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs == type) return ours;
  }
  return PLINTH_DTYPE_ANY;
}

}  // namespace plinth::onnx
