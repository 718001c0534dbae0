#include "javascript/script.h"

#include <algorithm>
#include <utility>

#include "common/answers.h"
#include "common/calls.h"
#include "javascript/js_value.h"
#include "javascript/signature_value.h"
#include "javascript/sources.h"
#include "javascript/tensor_value.h"

namespace plinth::javascript {

Script::Script(Modules& modules, const Setup& setup)
    : modules_(modules),
      setup_(setup),
      globals_(setup.host, setup.name + "/" + setup.version),
      calls_(setup.host),
      engine_(std::make_shared<Engine>(setup.memory_limit)) {}

Script::~Script() {
  if (prelude_ != nullptr) JSValueUnprotect(engine_->context(), prelude_);
  if (transfer_ != nullptr) JSValueUnprotect(engine_->context(), transfer_);
}

kit::Status Script::StartPrelude() {
  JSGlobalContextRef context = engine_->context();
  JSObjectRef native = JSObjectMake(context, nullptr, nullptr);
  globals_.AddTo(context, native);
  calls_.AddTo(context, native);
  AddMethod<&Script::ResolveModule>(context, native, "resolve", this);
  AddMethod<&Script::SourceOf>(context, native, "source", this);
  AddMethod<&Script::Compile>(context, native, "compile", this);
  AddMethod<&Script::IsOver>(context, native, "isOver", this);
  JSValueRef exception = nullptr;
  JSValueRef start =
      engine_->Evaluate(JsString(PreludeSource()).get(), "plinth:prelude", &exception);
  JSValueRef prelude =
      start != nullptr ? engine_->Call(start, nullptr, {native}, &exception) : nullptr;
  JSValueRef transfer = Get(context, prelude, "transfer");
  if (exception != nullptr || !JSValueIsObject(context, transfer)) {
    return kit::Fail(PLINTH_INTERNAL, "the engine does not start: " + TextOf(context, exception));
  }
  prelude_ = const_cast<JSObjectRef>(prelude);
  transfer_ = const_cast<JSObjectRef>(transfer);
  JSValueProtect(context, prelude_);
  JSValueProtect(context, transfer_);
  return {};
}

kit::Result<ScriptSignature> Script::Load() {
  const kit::Status started = StartPrelude();
  if (!started) return kit::Fail(started.error());
  engine_->SetDeadline(Now() + setup_.load_timeout_ns);
  kit::Result<JSValueRef> state = Prelude("loadModel", {SetupObject()});
  kit::Result<JSValueRef> signature = state ? Settle(*state) : state;
  engine_->SetDeadline(0);
  if (!signature) return kit::Fail(std::move(signature.error()));
  return SignatureOf(engine_->context(), *signature);
}

JSObjectRef Script::SetupObject() {
  JSContextRef context = engine_->context();
  JSObjectRef setup = JSObjectMake(context, nullptr, nullptr);
  Set(context, setup, "entry", MakeString(context, modules_.entry()));
  Set(context, setup, "function", MakeString(context, setup_.function));
  Set(context, setup, "name", MakeString(context, setup_.name));
  Set(context, setup, "version", MakeString(context, setup_.version));
  Set(context, setup, "parameters", MakeString(context, setup_.parameters));
  Set(context, setup, "shareInputs", JSValueMakeBoolean(context, setup_.share_inputs));
  Set(context, setup, "inputs", SpecsValue(context, setup_.declared_inputs));
  Set(context, setup, "outputs", SpecsValue(context, setup_.declared_outputs));
  return setup;
}

kit::Result<JSValueRef> Script::Prelude(const char* name,
                                        std::initializer_list<JSValueRef> arguments) {
  JSValueRef exception = nullptr;
  JSValueRef function = Get(engine_->context(), prelude_, name);
  JSValueRef value = engine_->Call(function, nullptr, arguments, &exception);
  if (engine_->ended()) return kit::Fail(engine_->EndedFailure());
  if (value == nullptr || exception != nullptr) return kit::Fail(FailureOf(exception));
  return value;
}

kit::Failure Script::FailureOf(JSValueRef exception) {
  JSContextRef context = engine_->context();
  if (exception == nullptr) exception = JSValueMakeUndefined(context);
  JSValueRef failed = nullptr;
  JSValueRef told =
      engine_->Call(Get(context, prelude_, "failureOf"), nullptr, {exception}, &failed);
  if (engine_->ended()) return engine_->EndedFailure();
  if (told == nullptr || failed != nullptr) {
    return {PLINTH_INTERNAL, "the model's code threw something that cannot be shown"};
  }
  const int status = static_cast<int>(NumberOf(context, Get(context, told, "status")));
  return {static_cast<plinth_status>(status), TextOf(context, Get(context, told, "message"))};
}

kit::Result<JSValueRef> Script::Settle(JSValueRef state) {
  JSContextRef context = engine_->context();
  // What the value waits for has run as far as it can: microtasks run before a call returns.
  while (!JSValueToBoolean(context, Get(context, state, "done"))) {
    kit::Status status = Wait();
    if (status) status = DeliverCalls();
    if (status) {
      const auto run = Prelude("runTimers", {});
      if (!run) status = kit::Fail(run.error());
    }
    if (!status) return kit::Fail(std::move(status.error()));
  }
  if (engine_->ended()) return kit::Fail(engine_->EndedFailure());
  if (JSValueToBoolean(context, Get(context, state, "failed"))) {
    return kit::Fail(FailureOf(Get(context, state, "error")));
  }
  return Get(context, state, "value");
}

// Until a timer is due or a call of a model is answered.
kit::Status Script::Wait() {
  if (engine_->Look()) return kit::Fail(engine_->EndedFailure());
  const auto next = Prelude("nextTimer", {});
  if (!next) return kit::Fail(next.error());
  const double wait_ms = NumberOf(engine_->context(), *next);
  if (wait_ms < 0 && calls_.running() == 0) {
    return kit::Fail(PLINTH_INTERNAL,
                     "the model returned a promise that nothing settles: no timer and no call of "
                     "a model is left to wait for");
  }
  std::int64_t until = engine_->deadline();
  if (wait_ms >= 0) {
    const std::int64_t due = Now() + static_cast<std::int64_t>(wait_ms * 1e6);
    until = until == 0 ? due : std::min(until, due);
  }
  calls_.Wait(until);
  if (engine_->Look()) return kit::Fail(engine_->EndedFailure());
  return {};
}

kit::Status Script::DeliverCalls() {
  JSContextRef context = engine_->context();
  for (Answer& answer : calls_.TakeAnswers()) {
    kit::Result<JSObjectRef> outputs = TensorsValue(context, answer.given.tensors());
    if (!outputs) return kit::Fail(std::move(outputs.error()));
    const auto settled =
        Prelude("settleCall", {JSValueMakeNumber(context, static_cast<double>(answer.id)),
                               MakeString(context, answer.given.code()),
                               MakeString(context, answer.given.message()), *outputs});
    if (!settled) return kit::Fail(settled.error());
  }
  return {};
}

kit::Status Script::Execute(const plinth_execute_request& request, const kit::Signature& signature,
                            kit::OutputWriter& writer) {
  engine_->ReleasePending();
  engine_->SetDeadline(request.deadline_ns);
  globals_.Begin();
  SharedInputs shared(*engine_, transfer_);
  kit::Result<JSObjectRef> inputs =
      TensorsValue(engine_->context(), std::span(request.inputs, request.input_count),
                   setup_.share_inputs ? &shared : nullptr);
  if (!inputs) return kit::Fail(std::move(inputs.error()));
  calls_.Open(request);
  kit::Status status;
  {
    const kit::Stopper stopper(request, [this] {
      engine_->Stop();
      calls_.Wake();
    });
    status = Run(request, *inputs, shared, signature, writer);
  }
  calls_.Close();
  engine_->SetDeadline(0);
  // What the code has kept of the inputs is empty from here on.
  static_cast<void>(Prelude("endCall", {*inputs}));
  if (!shared.Detach()) spent_ = true;
  return status;
}

kit::Status Script::Run(const plinth_execute_request& request, JSObjectRef inputs,
                        const SharedInputs& shared, const kit::Signature& signature,
                        kit::OutputWriter& writer) {
  JSContextRef context = engine_->context();
  const kit::RequestTexts texts = kit::TextsOf(request);
  kit::Result<JSValueRef> state = Prelude(
      "runModel", {inputs, MakeString(context, texts.id), MakeString(context, texts.parameters)});
  if (!state) return kit::Fail(std::move(state.error()));
  kit::Result<JSValueRef> value = Settle(*state);
  if (!value) return kit::Fail(std::move(value.error()));
  if (signature.view()->decoupled != 0) return RespondAll(*value, request, shared, signature);
  return WriteAnswer(*value, request, shared, signature, writer);
}

kit::Status Script::RespondAll(JSValueRef answers, const plinth_execute_request& request,
                               const SharedInputs& shared, const kit::Signature& signature) {
  JSContextRef context = engine_->context();
  for (;;) {
    engine_->ReleasePending();  // of answers that have been sent
    kit::Result<JSValueRef> state = Prelude("nextAnswer", {answers});
    kit::Result<JSValueRef> next = state ? Settle(*state) : state;
    if (!next) return kit::Fail(std::move(next.error()));
    if (JSValueToBoolean(context, Get(context, *next, "done"))) return {};
    kit::Status given = kit::Respond(request, false, [&](kit::OutputWriter& outputs) {
      return WriteAnswer(Get(context, *next, "value"), request, shared, signature, outputs);
    });
    if (given) continue;
    state = Prelude("endAnswers", {answers});
    if (state) static_cast<void>(Settle(*state));
    return given;
  }
}

kit::Status Script::WriteAnswer(JSValueRef value, const plinth_execute_request& request,
                                const SharedInputs& shared, const kit::Signature& signature,
                                kit::OutputWriter& writer) {
  JSContextRef context = engine_->context();
  JSObjectRef wanted = MakeArray(context);
  for (std::size_t i = 0; i < request.output_count; ++i) {
    SetAt(context, wanted, i, JSValueMakeNumber(context, request.outputs[i]));
  }
  kit::Result<JSValueRef> answer = Prelude("answerOf", {value, wanted});
  if (!answer) return kit::Fail(std::move(answer.error()));
  AnswerReader reader(engine_, transfer_, shared);
  for (std::size_t i = 0; i < request.output_count; ++i) {
    const kit::Status read = reader.Read(GetAt(context, *answer, i));
    if (!read) return kit::Fail(read.error());
  }
  for (std::size_t i = 0; i < request.output_count; ++i) {
    const kit::Spec& spec = signature.outputs()[request.outputs[i]];
    const kit::Status written = reader.Write(i, spec.name.c_str(), writer);
    if (!written) return kit::Fail(written.error());
  }
  return {};
}

kit::Result<JSValueRef> Script::ResolveModule(JSContextRef context, Arguments arguments) {
  if (arguments.size() != 2) return kit::Fail(PLINTH_INTERNAL, "resolve() takes two names");
  const auto id = modules_.Resolve(TextOf(context, arguments[0]), TextOf(context, arguments[1]));
  if (!id) return kit::Fail(id.error());
  return MakeString(context, *id);
}

kit::Result<JSValueRef> Script::SourceOf(JSContextRef context, Arguments arguments) {
  if (arguments.empty()) return kit::Fail(PLINTH_INTERNAL, "source() takes a name");
  const kit::Result<const Module*> module = modules_.Read(TextOf(context, arguments[0]));
  if (!module) return kit::Fail(module.error());
  JSObjectRef source = JSObjectMake(context, nullptr, nullptr);
  Set(context, source, "json", JSValueMakeBoolean(context, (*module)->json));
  Set(context, source, "text", MakeString(context, (*module)->text));
  Set(context, source, "code", JSValueMakeString(context, (*module)->code.get()));
  Set(context, source, "map", JSValueMakeString(context, (*module)->map.get()));
  return source;
}

kit::Result<JSValueRef> Script::IsOver(JSContextRef context, Arguments) {
  return JSValueMakeBoolean(context, engine_->Check());
}

// Gives the function that the code is, or what it throws.
kit::Result<JSValueRef> Script::Compile(JSContextRef context, Arguments arguments) {
  if (arguments.size() != 2) return kit::Fail(PLINTH_INTERNAL, "compile() takes code and a name");
  const JsString code(JSValueToStringCopy(context, arguments[0], nullptr));
  JSValueRef exception = nullptr;
  JSValueRef value = engine_->Evaluate(code.get(), TextOf(context, arguments[1]), &exception);
  return value != nullptr ? value : exception;
}

}  // namespace plinth::javascript
