#include "javascript/js_value.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace plinth::javascript {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kWrong = 0xFFFFFFFF;

// The character that begins at `at`, which moves behind it; kWrong, and one byte further, if none
// does.
char32_t NextCharacter(std::string_view bytes, std::size_t& at) {
  const auto first = static_cast<unsigned char>(bytes[at++]);
  if (first < 0x80) return first;
  const int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() - at + 1 < static_cast<std::size_t>(length)) {
    return kWrong;
  }
  char32_t character = first & (0x7F >> length);
  for (int i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i) - 1]);
    if ((next & 0xC0) != 0x80) return kWrong;
    character = character << 6 | (next & 0x3F);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  if (overlong || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) {
    return kWrong;
  }
  at += static_cast<std::size_t>(length) - 1;
  return character;
}

std::vector<JSChar> ToUtf16(std::string_view bytes) {
  std::vector<JSChar> units;
  units.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    char32_t character = NextCharacter(bytes, at);
    if (character == kWrong) character = kReplacement;
    if (character < 0x10000) {
      units.push_back(static_cast<JSChar>(character));
    } else {
      units.push_back(static_cast<JSChar>(0xD7C0 + (character >> 10)));
      units.push_back(static_cast<JSChar>(0xDC00 + (character & 0x3FF)));
    }
  }
  return units;
}

void AppendUtf8(std::string& text, char32_t character) {
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xC0 | character >> 6);
    text += static_cast<char>(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    text += static_cast<char>(0xE0 | character >> 12);
    text += static_cast<char>(0x80 | (character >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (character & 0x3F));
  } else {
    text += static_cast<char>(0xF0 | character >> 18);
    text += static_cast<char>(0x80 | (character >> 12 & 0x3F));
    text += static_cast<char>(0x80 | (character >> 6 & 0x3F));
    text += static_cast<char>(0x80 | (character & 0x3F));
  }
}

JSStringRef NewString(std::string_view utf8) {
  const std::vector<JSChar> units = ToUtf16(utf8);
  return JSStringCreateWithCharacters(units.data(), units.size());
}

}  // namespace

JsString::JsString(std::string_view utf8) : string_(NewString(utf8)) {}

JsString::JsString(JSStringRef owned) : string_(owned != nullptr ? owned : NewString("")) {}

JsString& JsString::operator=(const JsString& other) {
  JSStringRef held = JSStringRetain(other.string_);
  JSStringRelease(string_);
  string_ = held;
  return *this;
}

std::string ToUtf8(JSStringRef string) {
  const JSChar* units = JSStringGetCharactersPtr(string);
  const std::size_t length = JSStringGetLength(string);
  std::string text;
  text.reserve(length);
  for (std::size_t i = 0; i < length; ++i) {
    char32_t character = units[i];
    if (character >= 0xD800 && character <= 0xDFFF) {
      const bool pair = character < 0xDC00 && i + 1 < length && (units[i + 1] & 0xFC00) == 0xDC00;
      character =
          pair ? 0x10000 + ((character & 0x3FF) << 10) + (units[++i] & 0x3FF) : kReplacement;
    }
    AppendUtf8(text, character);
  }
  return text;
}

bool IsUtf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    if (NextCharacter(bytes, at) == kWrong) return false;
  }
  return true;
}

JSValueRef MakeString(JSContextRef context, std::string_view utf8) {
  return JSValueMakeString(context, JsString(utf8).get());
}

std::string TextOf(JSContextRef context, JSValueRef value) {
  JSValueRef exception = nullptr;
  JSStringRef string = JSValueToStringCopy(context, value, &exception);
  return ToUtf8(JsString(string).get());
}

JSValueRef Get(JSContextRef context, JSValueRef object, const char* name) {
  if (!JSValueIsObject(context, object)) return JSValueMakeUndefined(context);
  const JsString key{std::string_view(name)};
  JSValueRef exception = nullptr;
  JSValueRef value =
      JSObjectGetProperty(context, const_cast<JSObjectRef>(object), key.get(), &exception);
  return exception == nullptr && value != nullptr ? value : JSValueMakeUndefined(context);
}

JSValueRef GetAt(JSContextRef context, JSValueRef array, std::size_t index) {
  if (!JSValueIsObject(context, array)) return JSValueMakeUndefined(context);
  JSValueRef exception = nullptr;
  JSValueRef value = JSObjectGetPropertyAtIndex(context, const_cast<JSObjectRef>(array),
                                                static_cast<unsigned>(index), &exception);
  return exception == nullptr && value != nullptr ? value : JSValueMakeUndefined(context);
}

void SetAt(JSContextRef context, JSObjectRef array, std::size_t index, JSValueRef value) {
  JSObjectSetPropertyAtIndex(context, array, static_cast<unsigned>(index), value, nullptr);
}

double NumberOf(JSContextRef context, JSValueRef value) {
  return JSValueIsNumber(context, value) ? JSValueToNumber(context, value, nullptr) : 0;
}

std::size_t LengthOf(JSContextRef context, JSValueRef array) {
  if (!JSValueIsArray(context, array)) return 0;
  return static_cast<std::size_t>(NumberOf(context, Get(context, array, "length")));
}

JSObjectRef MakeArray(JSContextRef context) {
  return JSObjectMakeArray(context, 0, nullptr, nullptr);
}

void Set(JSContextRef context, JSObjectRef object, const char* name, JSValueRef value) {
  JSObjectSetProperty(context, object, JsString(std::string_view(name)).get(), value,
                      kJSPropertyAttributeNone, nullptr);
}

JSObjectRef CopyToArray(JSContextRef context, JSTypedArrayType type, const void* bytes,
                        std::size_t size) {
  if (size == 0) return JSObjectMakeTypedArray(context, type, 0, nullptr);
  void* copy = std::malloc(size);
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, bytes, size);
  // Frees the copy even where it fails.
  return JSObjectMakeTypedArrayWithBytesNoCopy(
      context, type, copy, size, [](void* memory, void*) { std::free(memory); }, nullptr, nullptr);
}

std::size_t SizeOf(JSContextRef context, JSValueRef typed_array) {
  return JSObjectGetTypedArrayByteLength(context, const_cast<JSObjectRef>(typed_array), nullptr);
}

std::string_view BytesOf(JSContextRef context, JSValueRef typed_array) {
  auto* array = const_cast<JSObjectRef>(typed_array);
  JSObjectRef buffer = JSObjectGetTypedArrayBuffer(context, array, nullptr);
  if (buffer == nullptr) return {};
  const auto* bytes =
      static_cast<const char*>(JSObjectGetArrayBufferBytesPtr(context, buffer, nullptr));
  const std::size_t size = SizeOf(context, typed_array);
  if (bytes == nullptr || size == 0) return {};
  return {bytes + JSObjectGetTypedArrayByteOffset(context, array, nullptr), size};
}

}  // namespace plinth::javascript
