// Signatures between C++ and the prelude.
#pragma once

#include <JavaScriptCore/JavaScript.h>

#include <vector>

#include "javascript/script.h"

namespace plinth::javascript {

// [{name, dtype, shape, optional}...], as scripts write them down too.
JSObjectRef SpecsValue(JSContextRef context, const std::vector<kit::Spec>& specs);

// Of what loadModel() of the prelude gives.
kit::Result<ScriptSignature> SignatureOf(JSContextRef context, JSValueRef value);

}  // namespace plinth::javascript
