#include "javascript/tensor_value.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "javascript/js_value.h"

namespace plinth::javascript {
namespace {

constexpr std::size_t kMoveFrom = 16384;

JSTypedArrayType ArrayTypeOf(plinth_dtype dtype) {
  switch (dtype) {
    case PLINTH_INT8:
      return kJSTypedArrayTypeInt8Array;
    case PLINTH_INT16:
      return kJSTypedArrayTypeInt16Array;
    case PLINTH_INT32:
      return kJSTypedArrayTypeInt32Array;
    case PLINTH_INT64:
      return kJSTypedArrayTypeBigInt64Array;
    case PLINTH_UINT32:
      return kJSTypedArrayTypeUint32Array;
    case PLINTH_UINT64:
      return kJSTypedArrayTypeBigUint64Array;
    case PLINTH_FP32:
      return kJSTypedArrayTypeFloat32Array;
    case PLINTH_FP64:
      return kJSTypedArrayTypeFloat64Array;
    case PLINTH_UINT16:
    case PLINTH_FP16:
    case PLINTH_BF16:
      return kJSTypedArrayTypeUint16Array;
    case PLINTH_BOOL:
    case PLINTH_UINT8:
      return kJSTypedArrayTypeUint8Array;
    case PLINTH_BYTES:
    case PLINTH_DTYPE_ANY:
      break;
  }
  return kJSTypedArrayTypeNone;
}

std::unexpected<kit::Failure> NoMemory() {
  return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory for a tensor");
}

kit::Result<JSObjectRef> StringsValue(JSContextRef context, const plinth_tensor& tensor) {
  const kit::Result<std::int64_t> count = kit::CountOf(kit::ShapeOf(tensor));
  if (!count) return kit::Fail(count.error());
  JSObjectRef array = MakeArray(context);
  for (std::size_t i = 0; i < static_cast<std::size_t>(*count); ++i) {
    const std::string_view text = kit::StringAt(tensor, i);
    JSValueRef element =
        IsUtf8(text) ? MakeString(context, text)
                     : CopyToArray(context, kJSTypedArrayTypeUint8Array, text.data(), text.size());
    if (element == nullptr) return NoMemory();
    SetAt(context, array, i, element);
  }
  return array;
}

kit::Result<JSObjectRef> DataValue(JSContextRef context, const plinth_tensor& tensor,
                                   SharedInputs* shared) {
  if (tensor.dtype == PLINTH_BYTES) return StringsValue(context, tensor);
  const JSTypedArrayType type = ArrayTypeOf(tensor.dtype);
  JSObjectRef array = shared != nullptr && tensor.byte_size >= kMoveFrom
                          ? shared->Add(type, tensor)
                          : CopyToArray(context, type, tensor.data, tensor.byte_size);
  if (array == nullptr) return NoMemory();
  return array;
}

// A tensor of a script must not pass the checks of the prelude with anything wrong, so what these
// find is a script that has changed the prelude's own means.
std::unexpected<kit::Failure> Inconsistent(const std::string& what) {
  return kit::Fail(PLINTH_INTERNAL, "the model's code returned a tensor " + what);
}

kit::Result<plinth_dtype> DTypeAt(JSContextRef context, JSValueRef tensor) {
  const double code = NumberOf(context, GetAt(context, tensor, 1));
  const int dtype = code >= 0 && code <= 99 ? static_cast<int>(code) : 0;
  if (dtype < PLINTH_BOOL || dtype > PLINTH_BYTES) return Inconsistent("without a type");
  return static_cast<plinth_dtype>(dtype);
}

kit::Result<std::vector<std::int64_t>> ShapeAt(JSContextRef context, JSValueRef tensor) {
  JSValueRef list = GetAt(context, tensor, 2);
  const std::size_t rank = LengthOf(context, list);
  if (rank > PLINTH_MAX_RANK) return Inconsistent("of too many dimensions");
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < rank; ++i) {
    const double size = NumberOf(context, GetAt(context, list, i));
    if (!(size >= 0 && size <= 9007199254740991.0)) return Inconsistent("of a wrong shape");
    shape.push_back(static_cast<std::int64_t>(size));
  }
  return shape;
}

kit::Result<kit::Strings> StringsAt(JSContextRef context, JSValueRef list, std::int64_t count) {
  if (LengthOf(context, list) != static_cast<std::size_t>(count)) {
    return Inconsistent("whose strings are not as many as its shape says");
  }
  kit::Strings strings;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    JSValueRef element = GetAt(context, list, i);
    if (JSValueIsString(context, element)) {
      strings.Add(TextOf(context, element));
    } else if (JSValueGetTypedArrayType(context, element, nullptr) == kJSTypedArrayTypeUint8Array) {
      strings.Add(BytesOf(context, element));
    } else {
      return Inconsistent("with something else than strings");
    }
  }
  return strings;
}

// Runs no code of the script, so that what is checked is what is then used.
kit::Status CheckArray(JSContextRef context, JSValueRef array, plinth_dtype dtype,
                       std::int64_t count) {
  if (JSValueGetTypedArrayType(context, array, nullptr) != ArrayTypeOf(dtype)) {
    return Inconsistent("whose array is of another type");
  }
  std::int64_t expected = 0;
  if (__builtin_mul_overflow(count, static_cast<std::int64_t>(kit::ElementSize(dtype)),
                             &expected) ||
      SizeOf(context, array) != static_cast<std::size_t>(expected)) {
    return Inconsistent("whose elements are not as many as its shape says");
  }
  return {};
}

kit::Status CheckElements(plinth_dtype dtype, std::string_view bytes) {
  if (dtype != PLINTH_BOOL) return {};
  const auto wrong = std::ranges::find_if(bytes, [](char byte) { return byte != 0 && byte != 1; });
  if (wrong == bytes.end()) return {};
  return kit::Fail(PLINTH_INTERNAL,
                   "the model's code returned a tensor of type bool with the element " +
                       std::to_string(static_cast<unsigned char>(*wrong)) +
                       "; only 0 and 1 are bool");
}

struct Copied {
  std::string name;
  std::unique_ptr<std::byte[]> bytes;
  kit::Strings strings;
};

std::unique_ptr<std::byte[]> Copy(std::string_view bytes) {
  auto copy = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

}  // namespace

kit::Result<JSObjectRef> TensorsValue(JSContextRef context, std::span<const plinth_tensor> tensors,
                                      SharedInputs* shared) {
  JSObjectRef list = MakeArray(context);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const plinth_tensor& tensor = tensors[i];
    const kit::Result<JSObjectRef> data = DataValue(context, tensor, shared);
    if (!data) return kit::Fail(data.error());
    JSObjectRef shape = MakeArray(context);
    for (std::uint32_t axis = 0; axis < tensor.rank; ++axis) {
      SetAt(context, shape, axis,
            JSValueMakeNumber(context, static_cast<double>(tensor.shape[axis])));
    }
    JSObjectRef entry = MakeArray(context);
    SetAt(context, entry, 0, MakeString(context, tensor.name));
    SetAt(context, entry, 1, JSValueMakeNumber(context, tensor.dtype));
    SetAt(context, entry, 2, shape);
    SetAt(context, entry, 3, *data);
    SetAt(context, list, i, entry);
  }
  return list;
}

kit::Status WriteCopy(JSContextRef context, JSValueRef tensor, kit::OutputWriter& writer) {
  const auto dtype = DTypeAt(context, tensor);
  if (!dtype) return kit::Fail(dtype.error());
  const auto shape = ShapeAt(context, tensor);
  if (!shape) return kit::Fail(shape.error());
  const auto count = kit::CountOf(*shape);
  if (!count) return kit::Fail(count.error());
  JSValueRef data = GetAt(context, tensor, 3);
  auto copied = std::make_unique<Copied>();
  copied->name = TextOf(context, GetAt(context, tensor, 0));
  const char* name = copied->name.c_str();
  if (*dtype == PLINTH_BYTES) {
    auto strings = StringsAt(context, data, *count);
    if (!strings) return kit::Fail(strings.error());
    copied->strings = std::move(*strings);
    const kit::Strings& kept = copied->strings;
    const auto [bytes, size] = std::pair(kept.data.data(), kept.data.size());
    const std::uint64_t* offsets = kept.offsets.data();
    writer.Add(name, *dtype, *shape, bytes, size, std::move(copied), offsets);
    return {};
  }
  const kit::Status right = CheckArray(context, data, *dtype, *count);
  if (!right) return right;
  const std::string_view bytes = BytesOf(context, data);
  const kit::Status known = CheckElements(*dtype, bytes);
  if (!known) return known;
  copied->bytes = Copy(bytes);
  const void* start = copied->bytes.get();
  writer.Add(name, *dtype, *shape, start, bytes.size(), std::move(copied));
  return {};
}

AnswerReader::~AnswerReader() {
  for (const Tensor& tensor : tensors_) {
    if (tensor.array != nullptr) JSValueUnprotect(engine_->context(), tensor.array);
  }
}

kit::Status AnswerReader::Read(JSValueRef value) {
  JSContextRef context = engine_->context();
  const auto dtype = DTypeAt(context, value);
  if (!dtype) return kit::Fail(dtype.error());
  auto shape = ShapeAt(context, value);
  if (!shape) return kit::Fail(shape.error());
  const auto count = kit::CountOf(*shape);
  if (!count) return kit::Fail(count.error());
  JSValueRef data = GetAt(context, value, 3);
  Tensor tensor{*dtype, std::move(*shape), {}, nullptr};
  if (*dtype == PLINTH_BYTES) {
    auto strings = StringsAt(context, data, *count);
    if (!strings) return kit::Fail(strings.error());
    tensor.strings = std::move(*strings);
  } else {
    if (!JSValueIsObject(context, data)) return Inconsistent("without data");
    tensor.array = const_cast<JSObjectRef>(data);
    JSValueProtect(context, data);
  }
  tensors_.push_back(std::move(tensor));
  return {};
}

kit::Status AnswerReader::Write(std::size_t i, const char* name, kit::OutputWriter& writer) {
  Tensor& tensor = tensors_[i];
  if (tensor.dtype == PLINTH_BYTES) {
    writer.AddStrings(name, tensor.shape, std::move(tensor.strings));
    return {};
  }
  return WriteArray(tensor, name, writer);
}

bool AnswerReader::IsShared(JSObjectRef buffer) const {
  const auto lies_in_it = [&](const Tensor& tensor) {
    return tensor.array != nullptr &&
           JSObjectGetTypedArrayBuffer(engine_->context(), tensor.array, nullptr) == buffer;
  };
  return std::ranges::count_if(tensors_, lies_in_it) > 1;
}

kit::Status AnswerReader::WriteArray(const Tensor& tensor, const char* name,
                                     kit::OutputWriter& writer) {
  JSContextRef context = engine_->context();
  const kit::Status right =
      CheckArray(context, tensor.array, tensor.dtype, *kit::CountOf(tensor.shape));
  if (!right) return right;
  const std::size_t size = SizeOf(context, tensor.array);
  JSObjectRef buffer = JSObjectGetTypedArrayBuffer(context, tensor.array, nullptr);
  const std::size_t whole = JSObjectGetArrayBufferByteLength(context, buffer, nullptr);
  const std::size_t offset = JSObjectGetTypedArrayByteOffset(context, tensor.array, nullptr);
  const char* host = inputs_.BytesOf(buffer);
  if (host != nullptr || size < kMoveFrom || size < whole / 2 || IsShared(buffer)) {
    auto copy = Copy(host != nullptr ? std::string_view(host + offset, size)
                                     : BytesOf(context, tensor.array));
    const char* start = reinterpret_cast<const char*>(copy.get());
    return Add(tensor, name, {start, size}, std::move(copy), writer);
  }
  // A buffer whose bytes have been asked for can no longer be moved: they are of the moved one.
  JSValueRef moved = engine_->Call(transfer_, buffer, {}, nullptr);
  if (moved == nullptr || !JSValueIsObject(context, moved)) return NoMemory();
  auto owner = std::make_unique<Moved>(engine_, const_cast<JSObjectRef>(moved));
  const auto* start =
      static_cast<const char*>(JSObjectGetArrayBufferBytesPtr(context, owner->buffer, nullptr));
  const std::size_t now = JSObjectGetArrayBufferByteLength(context, owner->buffer, nullptr);
  if (start == nullptr || now < offset + size) return NoMemory();
  return Add(tensor, name, {start + offset, size}, std::move(owner), writer);
}

template <typename Owner>
kit::Status AnswerReader::Add(const Tensor& tensor, const char* name, std::string_view bytes,
                              Owner owner, kit::OutputWriter& writer) {
  const kit::Status known = CheckElements(tensor.dtype, bytes);
  if (!known) return known;
  writer.Add(name, tensor.dtype, tensor.shape, bytes.data(), bytes.size(), std::move(owner));
  return {};
}

AnswerReader::Moved::Moved(std::shared_ptr<Engine> holder, JSObjectRef moved)
    : engine(std::move(holder)), buffer(moved) {
  JSValueProtect(engine->context(), buffer);
}

}  // namespace plinth::javascript
