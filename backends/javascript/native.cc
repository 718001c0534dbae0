#include "javascript/native.h"

#include <exception>

#include "javascript/js_value.h"

namespace plinth::javascript {
namespace {

struct Target {
  void* self;
  kit::Result<JSValueRef> (*call)(void* self, JSContextRef context, Arguments arguments);
};

JSValueRef Throw(JSContextRef context, JSValueRef* exception, std::string_view message) {
  JSValueRef text = MakeString(context, message);
  *exception = JSObjectMakeError(context, 1, &text, nullptr);
  return JSValueMakeUndefined(context);
}

JSValueRef Call(JSContextRef context, JSObjectRef function, JSObjectRef, std::size_t count,
                const JSValueRef arguments[], JSValueRef* exception) {
  const auto* target = static_cast<const Target*>(JSObjectGetPrivate(function));
  try {
    kit::Result<JSValueRef> result =
        target->call(target->self, context, Arguments(arguments, count));
    if (!result) return Throw(context, exception, result.error().message);
    return *result != nullptr ? *result : JSValueMakeUndefined(context);
  } catch (const std::exception& e) {
    return Throw(context, exception, e.what());
  }
}

void Finalize(JSObjectRef function) { delete static_cast<Target*>(JSObjectGetPrivate(function)); }

JSClassRef FunctionClass() {
  static JSClassRef made = [] {
    JSClassDefinition definition = kJSClassDefinitionEmpty;
    definition.className = "Native";
    definition.callAsFunction = Call;
    definition.finalize = Finalize;
    return JSClassCreate(&definition);
  }();
  return made;
}

}  // namespace

void AddNative(JSContextRef context, JSObjectRef object, const char* name, void* self,
               kit::Result<JSValueRef> (*call)(void* self, JSContextRef context,
                                               Arguments arguments)) {
  JSObjectRef function = JSObjectMake(context, FunctionClass(), new Target{self, call});
  JSObjectSetProperty(context, object, JsString(std::string_view(name)).get(), function,
                      kJSPropertyAttributeReadOnly, nullptr);
}

}  // namespace plinth::javascript
