// JavaScriptCore's values by C++ means. A JSValueRef lives while it is on a thread's stack or
// protected: none is ever kept in a container.
#pragma once

#include <JavaScriptCore/JavaScript.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace plinth::javascript {

// A JSStringRef with an owner.
class JsString {
 public:
  // UTF-8; what is none becomes U+FFFD.
  explicit JsString(std::string_view utf8);
  // Takes over `owned`; nullptr is "".
  explicit JsString(JSStringRef owned);
  JsString(const JsString& other) : string_(JSStringRetain(other.string_)) {}
  JsString& operator=(const JsString& other);
  ~JsString() { JSStringRelease(string_); }

  JSStringRef get() const { return string_; }

 private:
  JSStringRef string_;
};

// UTF-8; a surrogate without its other half becomes U+FFFD.
std::string ToUtf8(JSStringRef string);

// Whether the bytes are UTF-8.
bool IsUtf8(std::string_view bytes);

JSValueRef MakeString(JSContextRef context, std::string_view utf8);

// The value as text; "" for what has none.
std::string TextOf(JSContextRef context, JSValueRef value);

// A property, undefined where it is not there or its getter throws.
JSValueRef Get(JSContextRef context, JSValueRef object, const char* name);
JSValueRef GetAt(JSContextRef context, JSValueRef array, std::size_t index);
void SetAt(JSContextRef context, JSObjectRef array, std::size_t index, JSValueRef value);

// 0 for what is no number.
double NumberOf(JSContextRef context, JSValueRef value);

// The length of an array; 0 for what is none.
std::size_t LengthOf(JSContextRef context, JSValueRef array);

JSObjectRef MakeArray(JSContextRef context);

void Set(JSContextRef context, JSObjectRef object, const char* name, JSValueRef value);

// A typed array over a copy of the bytes; nullptr if there is no memory for it.
JSObjectRef CopyToArray(JSContextRef context, JSTypedArrayType type, const void* bytes,
                        std::size_t size);

// The bytes of a typed array.
std::size_t SizeOf(JSContextRef context, JSValueRef typed_array);

// What a typed array shows. Valid until a script runs. Its buffer can then no longer be detached.
std::string_view BytesOf(JSContextRef context, JSValueRef typed_array);

}  // namespace plinth::javascript
