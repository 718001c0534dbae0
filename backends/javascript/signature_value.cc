#include "javascript/signature_value.h"

#include <cstdint>
#include <string>

#include "javascript/js_value.h"

namespace plinth::javascript {
namespace {

JSValueRef ShapeValue(JSContextRef context, const kit::Spec& spec) {
  if (!spec.shape) return JSValueMakeNull(context);
  JSObjectRef shape = MakeArray(context);
  for (std::size_t i = 0; i < spec.shape->size(); ++i) {
    SetAt(context, shape, i, JSValueMakeNumber(context, static_cast<double>((*spec.shape)[i])));
  }
  return shape;
}

kit::Spec SpecOf(JSContextRef context, JSValueRef value) {
  kit::Spec spec{TextOf(context, Get(context, value, "name"))};
  const double code = NumberOf(context, Get(context, Get(context, value, "dtype"), "code"));
  spec.dtype = static_cast<plinth_dtype>(static_cast<int>(code));
  JSValueRef shape = Get(context, value, "shape");
  if (!JSValueIsNull(context, shape)) {
    spec.shape.emplace();
    for (std::size_t i = 0; i < LengthOf(context, shape); ++i) {
      spec.shape->push_back(static_cast<std::int64_t>(NumberOf(context, GetAt(context, shape, i))));
    }
  }
  spec.optional = JSValueToBoolean(context, Get(context, value, "optional"));
  return spec;
}

std::vector<kit::Spec> SpecsOf(JSContextRef context, JSValueRef list) {
  std::vector<kit::Spec> specs;
  for (std::size_t i = 0; i < LengthOf(context, list); ++i) {
    specs.push_back(SpecOf(context, GetAt(context, list, i)));
  }
  return specs;
}

}  // namespace

JSObjectRef SpecsValue(JSContextRef context, const std::vector<kit::Spec>& specs) {
  JSObjectRef list = MakeArray(context);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const kit::Spec& spec = specs[i];
    JSObjectRef value = JSObjectMake(context, nullptr, nullptr);
    Set(context, value, "name", MakeString(context, spec.name));
    Set(context, value, "dtype", MakeString(context, kit::DTypeName(spec.dtype)));
    Set(context, value, "shape", ShapeValue(context, spec));
    Set(context, value, "optional", JSValueMakeBoolean(context, spec.optional));
    SetAt(context, list, i, value);
  }
  return list;
}

kit::Result<ScriptSignature> SignatureOf(JSContextRef context, JSValueRef value) {
  ScriptSignature signature{SpecsOf(context, Get(context, value, "inputs")),
                            SpecsOf(context, Get(context, value, "outputs")),
                            JSValueToBoolean(context, Get(context, value, "batch")),
                            JSValueToBoolean(context, Get(context, value, "stateful")),
                            JSValueToBoolean(context, Get(context, value, "decoupled"))};
  if (signature.batch) kit::OpenBatchAxis(signature.inputs, signature.outputs);
  return signature;
}

}  // namespace plinth::javascript
