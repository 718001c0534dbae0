#include "python/embedded/host_functions.h"

#include <exception>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/answers.h"
#include "python/embedded/call_context.h"
#include "python/embedded/python_tensors.h"
#include "python/host.h"
#include "python/log_lines.h"

namespace plinth::python {
namespace {

constexpr const char* kCapsule = "plinth.context";

using Context = std::shared_ptr<CallContext>;

Context* ContextIn(PyObject* capsule) {
  return static_cast<Context*>(Python().capsule_get(capsule, kCapsule));
}

PyObject* Argument(PyObject* arguments, PySize index) {
  return Python().tuple_get(arguments, index);
}

Ref BoolOf(bool value) { return NumberOf(value ? 1 : 0); }

// Runs `body`, which gives a Ref; no exception of C++ leaves it.
template <typename Body>
PyObject* Guarded(Body body) {
  try {
    return body().release();
  } catch (const std::exception& error) {
    Python().error_set(*Python().runtime_error, error.what());
    return nullptr;
  }
}

PyObject* WriteLog(PyObject*, PyObject* arguments) {
  return Guarded([&] {
    LogLines lines{std::string(BytesIn(Argument(arguments, 0)))};
    const std::string text(BytesIn(Argument(arguments, 1)));
    {
      const WithoutGil free;  // the log may be slow
      lines.Add(text);
      lines.Finish();
    }
    return None();
  });
}

// What a called model gave, on its way to the future that waits for it.
class Answered : public Task {
 public:
  // `parts` is what takes each of several answers, or empty.
  Answered(Context context, std::uint64_t call, Ref program, Ref future, Ref parts)
      : context_(std::move(context)),
        call_(call),
        program_(std::move(program)),
        future_(std::move(future)),
        parts_(std::move(parts)) {}

  bool in_parts() const { return static_cast<bool>(parts_); }

  // Waits until it has been taken.
  void GivePart(const kit::CallAnswer& part) const {
    const Gil gil;
    if (context_->call != call_) return;
    const Ref number = NumberOf(static_cast<std::int64_t>(call_));
    const Ref given = Call(Runtime::The().part_given(),
                           TupleOf(Ref::Borrow(program_.get()), Ref::Borrow(number.get()),
                                   Ref::Borrow(parts_.get()), TensorsOf(part)));
    if (!given) Log(PLINTH_LOG_ERROR, "an answer to a Python model is lost: " + TakeError());
  }

  void Give(kit::CallAnswer answer) {
    answer_ = std::make_unique<kit::CallAnswer>(std::move(answer));
  }

  void Run() override {
    const bool wanted = context_->call == call_;
    Ref tensors = wanted ? TensorsOf(*answer_) : TupleOf();
    const auto status = wanted ? answer_->status() : PLINTH_CANCELLED;
    const std::string message =
        wanted ? answer_->message() : "the call that asked for this is over";
    const std::string code = wanted ? answer_->code() : "CANCELLED";
    if (wanted) context_->answers.push_back(std::move(*answer_));
    const Ref done = Call(Runtime::The().answered(),
                          TupleOf(std::move(program_), std::move(future_), NumberOf(status),
                                  TextOf(code), TextOf(message), std::move(tensors)));
    if (!done) Log(PLINTH_LOG_ERROR, "an answer to a Python model is lost: " + TakeError());
  }

 private:
  static Ref TensorsOf(const kit::CallAnswer& answer) {
    const std::vector<plinth_tensor> tensors = answer.tensors();
    Ref tuple(Python().tuple_new(static_cast<PySize>(tensors.size())));
    for (std::size_t i = 0; tuple && i < tensors.size(); ++i) {
      Ref tensor = ToPython(tensors[i]);
      if (!tensor) return {};
      Python().tuple_set(tuple.get(), static_cast<PySize>(i), tensor.release());
    }
    return tuple;
  }

  const Context context_;
  const std::uint64_t call_;
  Ref program_;
  Ref future_;
  Ref parts_;
  std::unique_ptr<kit::CallAnswer> answer_;
};

void Part(void* context, const plinth_call_result* result) {
  static_cast<const Answered*>(context)->GivePart(kit::CallAnswer(*result));
}

void Done(void* context, const plinth_call_result* result) {
  std::unique_ptr<Answered> answered(static_cast<Answered*>(context));
  answered->Give(kit::CallAnswer(*result));
  Runtime::The().Post(std::move(answered));
}

std::vector<std::string> TextsIn(PyObject* tuple) {
  std::vector<std::string> texts;
  for (PySize i = 0; i < Python().tuple_size(tuple); ++i)
    texts.push_back(TextIn(Python().tuple_get(tuple, i)));
  return texts;
}

struct Asked {
  std::string model;
  std::string version;
  std::vector<std::string> wanted;
  std::string id;
  std::string parameters;
};

// The host takes the inputs over. False: no call runs.
bool Ask(CallContext& context, const Asked& asked, const std::vector<plinth_output>& inputs,
         std::unique_ptr<Answered> answered) {
  const WithoutGil free;
  const std::shared_lock inside(context.mutex);
  if (context.request == nullptr) return false;
  std::vector<const char*> names;
  names.reserve(asked.wanted.size());
  for (const std::string& name : asked.wanted) names.push_back(name.c_str());
  const auto part = answered->in_parts() ? Part : nullptr;
  const plinth_call call{sizeof(call),
                         kit::CallerOf(*context.request),
                         asked.model.c_str(),
                         kit::TextOrNull(asked.version),
                         inputs.size(),
                         inputs.data(),
                         names.size(),
                         names.data(),
                         0,
                         Done,
                         answered.release(),
                         part,
                         kit::TextOrNull(asked.id),
                         kit::TextOrNull(asked.parameters)};
  kit::CallModel(Host(), call);
  return true;
}

PyObject* BeginCall(PyObject*, PyObject* arguments) {
  return Guarded([&]() -> Ref {
    Context* const context = ContextIn(Argument(arguments, 0));
    if (context == nullptr) return {};
    if ((*context)->call == 0) return BoolOf(false);
    const std::vector<std::string> names = TextsIn(Argument(arguments, 5));
    auto tensors = ReadTensors(Argument(arguments, 6));
    if (!tensors) throw std::runtime_error(tensors.error().message);
    std::vector<plinth_output> inputs(tensors->size());
    plinth_execute_response taken{sizeof(taken), inputs.data()};
    kit::OutputWriter writer(&taken);
    for (std::size_t i = 0; i < tensors->size(); ++i)
      std::move((*tensors)[i]).AddTo(writer, names.at(i));
    PyObject* const parts = Argument(arguments, 8);
    const bool in_parts = Python().long_as(Argument(arguments, 9)) != 0;
    auto answered = std::make_unique<Answered>(
        *context, (*context)->call, Ref::Borrow(Argument(arguments, 1)),
        Ref::Borrow(Argument(arguments, 2)), in_parts ? Ref::Borrow(parts) : Ref());
    const Asked asked{.model = TextIn(Argument(arguments, 3)),
                      .version = TextIn(Argument(arguments, 4)),
                      .wanted = TextsIn(Argument(arguments, 7)),
                      .id = TextIn(Argument(arguments, 10)),
                      .parameters = TextIn(Argument(arguments, 11))};
    const bool begun = Ask(**context, asked, inputs, std::move(answered));
    if (begun) writer.Commit();
    return BoolOf(begun);
  });
}

PyObject* Respond(PyObject*, PyObject* arguments) {
  return Guarded([&]() -> Ref {
    Context* const held = ContextIn(Argument(arguments, 0));
    if (held == nullptr) return {};
    const Context context = *held;
    auto tensors = ReadTensors(Argument(arguments, 1));
    if (!tensors) throw std::runtime_error(tensors.error().message);
    const bool last = Python().long_as(Argument(arguments, 2)) != 0;
    bool wanted = false;
    {
      const WithoutGil free;
      const std::shared_lock inside(context->mutex);
      if (context->request != nullptr && tensors->size() == context->request->output_count) {
        wanted = kit::Respond(*context->request, last, [&](kit::OutputWriter& outputs) {
                   for (std::size_t i = 0; i < tensors->size(); ++i) {
                     const std::uint32_t index = context->request->outputs[i];
                     std::move((*tensors)[i])
                         .AddTo(outputs, context->signature->outputs()[index].name.c_str());
                   }
                   return kit::Status();
                 }).has_value();
        if (!wanted) context->watch->Stop();
      }
    }
    return BoolOf(wanted);
  });
}

void EndCapsule(PyObject* capsule) { delete ContextIn(capsule); }

}  // namespace

Ref CapsuleOf(std::shared_ptr<CallContext> context) {
  auto held = std::make_unique<Context>(std::move(context));
  Ref capsule(Python().capsule_new(held.get(), kCapsule, EndCapsule));
  if (capsule) static_cast<void>(held.release());
  return capsule;
}

Ref HostFunctions() {
  // As long as Python lives.
  static PyMethod log{"log", WriteLog, kPyMethodTakesTuple, nullptr};
  static PyMethod begin_call{"begin_call", BeginCall, kPyMethodTakesTuple, nullptr};
  static PyMethod respond{"respond", Respond, kPyMethodTakesTuple, nullptr};
  const auto made = [](PyMethod& method) {
    return Ref(Python().function_new(&method, nullptr, nullptr));
  };
  return TupleOf(made(log), made(begin_call), made(respond));
}

}  // namespace plinth::python
