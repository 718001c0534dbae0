#include "javascript/shared_inputs.h"

#include <algorithm>

namespace plinth::javascript {

SharedInputs::~SharedInputs() {
  for (const Shared& shared : shared_) JSValueUnprotect(engine_.context(), shared.buffer);
}

JSObjectRef SharedInputs::Add(JSTypedArrayType type, const plinth_tensor& tensor) {
  JSContextRef context = engine_.context();
  JSObjectRef array = JSObjectMakeTypedArrayWithBytesNoCopy(
      context, type, const_cast<void*>(tensor.data), tensor.byte_size, [](void*, void*) {}, nullptr,
      nullptr);
  if (array == nullptr) return nullptr;
  JSObjectRef buffer = JSObjectGetTypedArrayBuffer(context, array, nullptr);
  if (buffer == nullptr) return nullptr;
  JSValueProtect(context, buffer);
  shared_.push_back({buffer, static_cast<const char*>(tensor.data)});
  return array;
}

const char* SharedInputs::BytesOf(JSObjectRef buffer) const {
  const auto found = std::ranges::find(shared_, buffer, &Shared::buffer);
  return found == shared_.end() ? nullptr : found->bytes;
}

bool SharedInputs::Detach() {
  JSContextRef context = engine_.context();
  bool all = true;
  for (const Shared& shared : shared_) {
    engine_.Call(transfer_, shared.buffer, {JSValueMakeNumber(context, 0)}, nullptr);
    if (JSObjectGetArrayBufferByteLength(context, shared.buffer, nullptr) != 0) all = false;
  }
  return all;
}

}  // namespace plinth::javascript
