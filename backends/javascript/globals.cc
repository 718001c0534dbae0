#include "javascript/globals.h"

#include <algorithm>
#include <string_view>

#include "javascript/engine.h"
#include "javascript/js_value.h"

namespace plinth::javascript {
namespace {

constexpr int kMostLines = 1000;

}  // namespace

void Globals::AddTo(JSContextRef context, JSObjectRef native) {
  AddMethod<&Globals::Log>(context, native, "log", this);
  AddMethod<&Globals::NowMs>(context, native, "now", this);
  AddMethod<&Globals::Encode>(context, native, "encode", this);
  AddMethod<&Globals::Decode>(context, native, "decode", this);
}

// log(level, text)
kit::Result<JSValueRef> Globals::Log(JSContextRef context, Arguments arguments) {
  if (arguments.size() != 2) return kit::Fail(PLINTH_INTERNAL, "log() takes a level and a text");
  const double level = std::clamp(NumberOf(context, arguments[0]), 0.0, 3.0);
  if (lines_ > kMostLines) return nullptr;
  const std::string text =
      name_ + ": " +
      (lines_++ < kMostLines ? TextOf(context, arguments[1]) : "more is not logged of this call");
  host_->log(static_cast<plinth_log_level>(static_cast<int>(level)), text.c_str());
  return nullptr;
}

kit::Result<JSValueRef> Globals::NowMs(JSContextRef context, Arguments) {
  return JSValueMakeNumber(context, static_cast<double>(Now()) / 1e6);
}

// encode(text) -> Uint8Array
kit::Result<JSValueRef> Globals::Encode(JSContextRef context, Arguments arguments) {
  if (arguments.empty()) return kit::Fail(PLINTH_INTERNAL, "encode() takes a text");
  const std::string text = TextOf(context, arguments[0]);
  JSObjectRef bytes = CopyToArray(context, kJSTypedArrayTypeUint8Array, text.data(), text.size());
  if (bytes == nullptr) return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  return bytes;
}

// decode(Uint8Array, fatal) -> text
kit::Result<JSValueRef> Globals::Decode(JSContextRef context, Arguments arguments) {
  if (arguments.size() != 2 ||
      JSValueGetTypedArrayType(context, arguments[0], nullptr) != kJSTypedArrayTypeUint8Array) {
    return kit::Fail(PLINTH_INTERNAL, "decode() takes a Uint8Array");
  }
  const std::string_view bytes = BytesOf(context, arguments[0]);
  if (JSValueToBoolean(context, arguments[1]) && !IsUtf8(bytes)) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "the bytes are no UTF-8");
  }
  return MakeString(context, bytes);
}

}  // namespace plinth::javascript
