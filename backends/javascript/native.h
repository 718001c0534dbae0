// Functions in C++ that scripts call.
#pragma once

#include <JavaScriptCore/JavaScript.h>

#include <span>

#include "common/failure.h"

namespace plinth::javascript {

using Arguments = std::span<const JSValueRef>;

// Throws what it fails with.
template <typename Self>
using NativeMethod = kit::Result<JSValueRef> (Self::*)(JSContextRef context, Arguments arguments);

// Makes `object[name]` a function that calls `self`, which must outlive the context.
void AddNative(JSContextRef context, JSObjectRef object, const char* name, void* self,
               kit::Result<JSValueRef> (*call)(void* self, JSContextRef context,
                                               Arguments arguments));

template <auto kMethod, typename Self>
void AddMethod(JSContextRef context, JSObjectRef object, const char* name, Self* self) {
  AddNative(context, object, name, self,
            [](void* target, JSContextRef called, Arguments arguments) {
              return (static_cast<Self*>(target)->*kMethod)(called, arguments);
            });
}

}  // namespace plinth::javascript
