#include "onnxruntime/onnx_values.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/tensors.h"

namespace plinth::onnx {
namespace {

// A tensor's type, shape and elements.
struct View {
  plinth_dtype dtype = PLINTH_DTYPE_ANY;
  std::array<std::int64_t, PLINTH_MAX_RANK> dims;
  std::size_t rank = 0;
  std::size_t count = 0;
  void* data = nullptr;  // not for strings

  std::span<const std::int64_t> shape() const { return {dims.data(), rank}; }
};

kit::Result<OrtAllocator*> DefaultAllocator() {
  OrtAllocator* allocator = nullptr;
  if (auto s = Check(Api().GetAllocatorWithDefaultOptions(&allocator)); !s)
    return kit::Fail(s.error());
  return allocator;
}

kit::Result<View> ViewOf(OrtValue* value) {
  OrtTensorTypeAndShapeInfo* raw = nullptr;
  if (auto s = Check(Api().GetTensorTypeAndShape(value, &raw)); !s) return kit::Fail(s.error());
  const ShapeInfoHandle info(raw);
  View view;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  if (auto s = Check(Api().GetTensorElementType(raw, &type)); !s) return kit::Fail(s.error());
  view.dtype = TypeOf(type);
  if (view.dtype == PLINTH_DTYPE_ANY) {
    return kit::Fail(PLINTH_INTERNAL, "the model gave elements of a type that is not served");
  }
  if (auto s = Check(Api().GetDimensionsCount(raw, &view.rank)); !s) return kit::Fail(s.error());
  if (view.rank > view.dims.size()) {
    return kit::Fail(PLINTH_INTERNAL, "the model gave a tensor of more than " +
                                          std::to_string(PLINTH_MAX_RANK) + " dimensions");
  }
  if (auto s = Check(Api().GetDimensions(raw, view.dims.data(), view.rank)); !s)
    return kit::Fail(s.error());
  auto count = kit::CountOf(view.shape());
  if (!count) return kit::Fail(count.error());
  view.count = static_cast<std::size_t>(*count);
  if (view.dtype != PLINTH_BYTES) {
    if (auto s = Check(Api().GetTensorMutableData(value, &view.data)); !s)
      return kit::Fail(s.error());
  }
  return view;
}

// Adds a string tensor's elements to `into`.
kit::Status ReadStrings(const OrtValue* value, std::size_t count, kit::Strings& into) {
  std::size_t length = 0;
  if (auto s = Check(Api().GetStringTensorDataLength(value, &length)); !s) return s;
  const std::size_t first = into.data.size();
  into.data.resize(first + length);
  std::vector<std::size_t> starts(count);
  // Without elements there is nothing to read, and the function takes no empty buffers.
  if (count > 0) {
    char none = 0;
    char* text = length > 0 ? into.data.data() + first : &none;
    if (auto s = Check(Api().GetStringTensorContent(value, text, length, starts.data(), count)); !s)
      return s;
  }
  for (std::size_t i = 1; i < count; ++i) into.offsets.push_back(first + starts[i]);
  if (count > 0) into.offsets.push_back(first + length);
  return {};
}

kit::Result<ValueHandle> CopyStrings(const plinth_tensor& tensor, std::size_t count) {
  auto allocator = DefaultAllocator();
  if (!allocator) return kit::Fail(allocator.error());
  OrtValue* raw = nullptr;
  if (auto s = Check(Api().CreateTensorAsOrtValue(*allocator, tensor.shape, tensor.rank,
                                                  ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &raw));
      !s) {
    return kit::Fail(s.error());
  }
  ValueHandle value(raw);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view text = kit::StringAt(tensor, i);
    char* buffer = nullptr;
    if (auto s = Check(Api().GetResizedStringTensorElementBuffer(raw, i, text.size(), &buffer));
        !s) {
      return kit::Fail(s.error());
    }
    if (!text.empty()) std::memcpy(buffer, text.data(), text.size());
  }
  return value;
}

kit::Status AddTensor(const char* name, ValueHandle value, const plinth_execute_request& request,
                      kit::OutputWriter& outputs) {
  auto view = ViewOf(value.get());
  if (!view) return kit::Fail(view.error());
  if (view->dtype == PLINTH_BYTES) {
    kit::Strings strings;
    if (auto s = ReadStrings(value.get(), view->count, strings); !s) return s;
    outputs.AddStrings(name, view->shape(), std::move(strings));
    return {};
  }
  const std::size_t byte_size = view->count * kit::ElementSize(view->dtype);
  // A graph may name an input as its output.
  if (kit::IsInputMemory(view->data, request)) {
    const char* bytes = static_cast<const char*>(view->data);
    outputs.AddVector(name, view->dtype, view->shape(),
                      std::vector<char>(bytes, bytes + byte_size));
    return {};
  }
  outputs.Add(name, view->dtype, view->shape(), view->data, byte_size, std::move(value));
  return {};
}

// Puts tensors of one type and shape one behind the other.
class Stack {
 public:
  explicit Stack(plinth_dtype dtype) : dtype_(dtype) {}

  kit::Status Push(OrtValue* value) {
    auto view = ViewOf(value);
    if (!view) return kit::Fail(view.error());
    if (view->dtype != dtype_ || (count_ > 0 && !std::ranges::equal(view->shape(), shape_))) {
      return kit::Fail(PLINTH_INTERNAL,
                       "the model gave a sequence whose elements differ in shape (" +
                           kit::ShapeText(shape_) + " and " + kit::ShapeText(view->shape()) +
                           "), which cannot be given as one tensor");
    }
    shape_.assign(view->shape().begin(), view->shape().end());
    ++count_;
    if (dtype_ == PLINTH_BYTES) return ReadStrings(value, view->count, strings_);
    const char* data = static_cast<const char*>(view->data);
    bytes_.insert(bytes_.end(), data, data + view->count * kit::ElementSize(dtype_));
    return {};
  }

  // As [pushed, ...], or as the one that was pushed. Nothing pushed: `rank` zeros.
  void AddTo(kit::OutputWriter& outputs, const char* name, bool sequence, std::size_t rank) {
    if (count_ == 0) shape_.assign(rank, 0);
    if (sequence) shape_.insert(shape_.begin(), count_);
    if (dtype_ == PLINTH_BYTES) {
      outputs.AddStrings(name, shape_, std::move(strings_));
    } else {
      outputs.AddVector(name, dtype_, shape_, std::move(bytes_));
    }
  }

 private:
  plinth_dtype dtype_;
  std::int64_t count_ = 0;
  std::vector<std::int64_t> shape_;
  std::vector<char> bytes_;
  kit::Strings strings_;
};

kit::Result<ValueHandle> Part(const OrtValue* value, int index) {
  auto allocator = DefaultAllocator();
  if (!allocator) return kit::Fail(allocator.error());
  OrtValue* raw = nullptr;
  if (auto s = Check(Api().GetValue(value, index, *allocator, &raw)); !s)
    return kit::Fail(s.error());
  return ValueHandle(raw);
}

// A map's values; ONNX Runtime keeps maps by rising key.
kit::Status PushMap(const OrtValue* map, Stack& stack) {
  constexpr int kValues = 1;
  auto values = Part(map, kValues);
  if (!values) return kit::Fail(values.error());
  return stack.Push(values->get());
}

kit::Status AddSequence(const char* name, const OutputShape& shape, const OrtValue* value,
                        kit::OutputWriter& outputs) {
  std::size_t count = 0;
  if (auto s = Check(Api().GetValueCount(value, &count)); !s) return s;
  Stack stack(shape.dtype);
  for (std::size_t i = 0; i < count; ++i) {
    auto part = Part(value, static_cast<int>(i));
    if (!part) return kit::Fail(part.error());
    auto pushed = shape.kind == OutputKind::kMapSequence ? PushMap(part->get(), stack)
                                                         : stack.Push(part->get());
    if (!pushed) return pushed;
  }
  stack.AddTo(outputs, name, true, shape.kind == OutputKind::kMapSequence ? 1 : 0);
  return {};
}

kit::Status AddMap(const char* name, const OutputShape& shape, const OrtValue* value,
                   kit::OutputWriter& outputs) {
  Stack stack(shape.dtype);
  if (auto s = PushMap(value, stack); !s) return s;
  stack.AddTo(outputs, name, false, 1);
  return {};
}

void AddAbsent(const char* name, plinth_dtype dtype, kit::OutputWriter& outputs) {
  constexpr std::array<std::int64_t, 1> kEmpty{0};
  if (dtype == PLINTH_BYTES) {
    outputs.AddStrings(name, kEmpty, {});
  } else {
    outputs.AddVector(name, dtype, kEmpty, std::vector<char>());
  }
}

}  // namespace

kit::Result<ValueHandle> WrapInput(const plinth_tensor& tensor) {
  const auto count = kit::CountOf(kit::ShapeOf(tensor));
  if (!count) return kit::Fail(count.error());
  if (tensor.dtype == PLINTH_BYTES) return CopyStrings(tensor, static_cast<std::size_t>(*count));

  static OrtMemoryInfo* const memory = [] {
    OrtMemoryInfo* info = nullptr;
    return Check(Api().CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &info)) ? info
                                                                                          : nullptr;
  }();
  static char nothing = 0;  // stands for the memory of a tensor without elements
  void* data = tensor.data != nullptr ? const_cast<void*>(tensor.data) : &nothing;
  OrtValue* raw = nullptr;
  if (auto s =
          Check(Api().CreateTensorWithDataAsOrtValue(memory, data, tensor.byte_size, tensor.shape,
                                                     tensor.rank, OrtTypeOf(tensor.dtype), &raw));
      !s) {
    return kit::Fail(s.error());
  }
  return ValueHandle(raw);
}

kit::Status AddOutput(const char* name, const OutputShape& shape, ValueHandle value,
                      const plinth_execute_request& request, kit::OutputWriter& outputs) {
  int present = 0;
  if (value == nullptr) {
    AddAbsent(name, shape.dtype, outputs);
    return {};
  }
  if (auto s = Check(Api().HasValue(value.get(), &present)); !s) return s;
  if (present == 0) {
    AddAbsent(name, shape.dtype, outputs);
    return {};
  }
  switch (shape.kind) {
    case OutputKind::kTensor:
      return AddTensor(name, std::move(value), request, outputs);
    case OutputKind::kMap:
      return AddMap(name, shape, value.get(), outputs);
    case OutputKind::kTensorSequence:
    case OutputKind::kMapSequence:
      return AddSequence(name, shape, value.get(), outputs);
  }
  return kit::Fail(PLINTH_INTERNAL, "an output of no known kind");
}

}  // namespace plinth::onnx
