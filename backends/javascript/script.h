// A model's code, running: a virtual machine with the prelude and the model's modules in it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "common/backend_kit.h"
#include "javascript/calls.h"
#include "javascript/engine.h"
#include "javascript/globals.h"
#include "javascript/modules.h"
#include "javascript/native.h"
#include "javascript/shared_inputs.h"
#include "plinth/backend.h"

namespace plinth::javascript {

// What a load was asked for, kept for the case that the code has to be started again.
struct Setup {
  const plinth_host* host = nullptr;
  std::string function = "predict";
  std::string name;               // "resnet"
  std::string version;            // "v2"
  std::string parameters = "{}";  // JSON
  std::vector<kit::Spec> declared_inputs;
  std::vector<kit::Spec> declared_outputs;
  std::size_t memory_limit = 0;
  bool share_inputs = false;
  std::int64_t load_timeout_ns = 0;
};

struct ScriptSignature {
  std::vector<kit::Spec> inputs;
  std::vector<kit::Spec> outputs;
  bool batch = false;
  bool stateful = false;
  bool decoupled = false;
};

// One thread at a time. `modules` and `setup` must outlive it.
class Script {
 public:
  Script(Modules& modules, const Setup& setup);
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  ~Script();

  // Runs the files and the model's load(); before all else.
  kit::Result<ScriptSignature> Load();

  // Of a decoupled model the answers go to the request; `writer` gets none.
  kit::Status Execute(const plinth_execute_request& request, const kit::Signature& signature,
                      kit::OutputWriter& writer);

  // Whether the code must not run any more but has to be started again: it holds more memory than
  // it may, even after a collection, or might see memory that is gone.
  bool IsSpent() { return spent_ || engine_->OutgrewMemory(); }

 private:
  kit::Status StartPrelude();
  // prelude.name(arguments...). Fails if it throws or is ended.
  kit::Result<JSValueRef> Prelude(const char* name, std::initializer_list<JSValueRef> arguments);
  // The value of what start() of the prelude gave, waited for.
  kit::Result<JSValueRef> Settle(JSValueRef state);
  kit::Status Wait();
  kit::Status DeliverCalls();
  kit::Failure FailureOf(JSValueRef exception);

  kit::Status Run(const plinth_execute_request& request, JSObjectRef inputs,
                  const SharedInputs& shared, const kit::Signature& signature,
                  kit::OutputWriter& writer);
  // All that `answers`, an iterator, gives.
  kit::Status RespondAll(JSValueRef answers, const plinth_execute_request& request,
                         const SharedInputs& shared, const kit::Signature& signature);
  // The outputs of what predict() returned, or yielded.
  kit::Status WriteAnswer(JSValueRef value, const plinth_execute_request& request,
                          const SharedInputs& shared, const kit::Signature& signature,
                          kit::OutputWriter& writer);
  JSObjectRef SetupObject();

  kit::Result<JSValueRef> ResolveModule(JSContextRef context, Arguments arguments);
  kit::Result<JSValueRef> SourceOf(JSContextRef context, Arguments arguments);
  kit::Result<JSValueRef> Compile(JSContextRef context, Arguments arguments);
  kit::Result<JSValueRef> IsOver(JSContextRef context, Arguments arguments);

  Modules& modules_;
  const Setup& setup_;
  Globals globals_;
  Calls calls_;
  std::shared_ptr<Engine> engine_;  // outputs hold it too
  JSObjectRef prelude_ = nullptr;   // protected
  JSObjectRef transfer_ = nullptr;  // protected: ArrayBuffer.prototype.transfer as it was made
  bool spent_ = false;
};

}  // namespace plinth::javascript
