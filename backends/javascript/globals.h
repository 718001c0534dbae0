// What the prelude needs of the world outside: a log, a clock, and UTF-8.
#pragma once

#include <string>

#include "common/failure.h"
#include "javascript/native.h"
#include "plinth/backend.h"

namespace plinth::javascript {

class Globals {
 public:
  // `name` stands in front of what the model's code logs.
  Globals(const plinth_host* host, std::string name) : host_(host), name_(std::move(name)) {}

  // A call begins: it may log some lines more.
  void Begin() { lines_ = 0; }

  // Adds its functions to `native`; it must outlive the context.
  void AddTo(JSContextRef context, JSObjectRef native);

 private:
  kit::Result<JSValueRef> Log(JSContextRef context, Arguments arguments);
  kit::Result<JSValueRef> NowMs(JSContextRef context, Arguments arguments);
  kit::Result<JSValueRef> Encode(JSContextRef context, Arguments arguments);
  kit::Result<JSValueRef> Decode(JSContextRef context, Arguments arguments);

  const plinth_host* host_;
  const std::string name_;
  int lines_ = 0;  // logged by the call that runs
};

}  // namespace plinth::javascript
