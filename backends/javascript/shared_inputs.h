// Inputs that scripts see in the host's own memory, without a copy.
#pragma once

#include <JavaScriptCore/JavaScript.h>

#include <vector>

#include "javascript/engine.h"
#include "plinth/backend.h"

namespace plinth::javascript {

// The memory is the host's only while the call runs, so all views of it are made empty before the
// call returns. Scripts must have no ArrayBuffer.prototype.transfer of their own, by which they
// could keep it. That they do not write to it is a promise of whoever lets them share it.
class SharedInputs {
 public:
  // `transfer` is that function; it must be protected.
  SharedInputs(Engine& engine, JSObjectRef transfer) : engine_(engine), transfer_(transfer) {}
  SharedInputs(const SharedInputs&) = delete;
  SharedInputs& operator=(const SharedInputs&) = delete;
  ~SharedInputs();

  // A typed array over the tensor's memory; nullptr if that cannot be.
  JSObjectRef Add(JSTypedArrayType type, const plinth_tensor& tensor);

  // The host's bytes behind a buffer, or nullptr if it is none of these.
  const char* BytesOf(JSObjectRef buffer) const;

  // Makes all views empty. False if one is not: then no script may run in the engine any more.
  [[nodiscard]] bool Detach();

 private:
  struct Shared {
    JSObjectRef buffer;  // protected
    const char* bytes;
  };

  Engine& engine_;
  JSObjectRef transfer_;
  std::vector<Shared> shared_;
};

}  // namespace plinth::javascript
