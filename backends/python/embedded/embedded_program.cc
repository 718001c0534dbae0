#include "python/embedded/embedded_program.h"

#include <condition_variable>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "common/calls.h"
#include "common/stopper.h"
#include "python/deadline.h"
#include "python/embedded/python_tensors.h"
#include "python/frame.h"
#include "python/host.h"

namespace plinth::python {
namespace {

// How long what was told to end may take before it is no longer waited for.
constexpr std::chrono::seconds kGrace{1};
constexpr std::chrono::seconds kUnloadPatience{5};

FrameReader BodyOf(std::string_view frame) {
  FrameReader reader(std::as_bytes(std::span(frame)));
  reader.Bytes(kFrameHeaderSize);
  return reader;
}

std::unexpected<kit::Failure> TooLong(const Settings& settings, bool runs_on) {
  return kit::Fail(
      PLINTH_INVALID_MODEL,
      "the model was not loaded within load_timeout_s, " +
          std::to_string(settings.load_timeout.count() / 1000) + " s" +
          (runs_on ? ", and cannot be interrupted where it is: its thread goes on" : ""));
}

std::unexpected<kit::Failure> WhyEnded(Watch::Wish wish) {
  if (wish == Watch::Wish::kStop) return kit::FailStopped();
  return kit::Fail(PLINTH_DEADLINE_EXCEEDED, "the call was stopped: its time is over");
}

}  // namespace

struct EmbeddedProgram::Parts {
  Loaded loaded;
  Ref execute, wake, close;
};

namespace {

using Made = kit::Result<EmbeddedProgram::Parts>;

// What plinth_worker.embedded.load() gave: why it failed or None, a frame of what was loaded, and
// the functions of the program.
Made Take(const Ref& result) {
  const PythonApi& python = Python();
  if (!result) return kit::Fail(PLINTH_INTERNAL, TakeError());
  PyObject* const failure = python.tuple_get(result.get(), 0);
  if (failure != python.none) return kit::Fail(ReadFailure(BodyOf(BytesIn(failure))));
  auto loaded = ReadLoaded(BodyOf(BytesIn(python.tuple_get(result.get(), 1))));
  if (!loaded) return kit::Fail(std::move(loaded.error()));
  const auto part = [&](PySize at) { return Ref::Borrow(python.tuple_get(result.get(), at)); };
  return EmbeddedProgram::Parts{*std::move(loaded), part(2), part(3), part(4)};
}

void Close(Runtime& runtime, const Ref& close) {
  Watch watch(runtime, Clock::now() + kUnloadPatience);
  watch.Begin(nullptr);
  const bool closed = static_cast<bool>(Call(close.get(), TupleOf()));
  watch.End();
  if (!closed) Log(PLINTH_LOG_ERROR, "a Python model's unload failed: " + TakeError());
}

// A load, on a thread of its own: one that cannot be interrupted is left behind.
class Loading {
 public:
  Loading(Runtime& runtime, Settings settings, std::shared_ptr<CallContext> context)
      : runtime_(runtime), settings_(std::move(settings)), context_(std::move(context)) {}

  void Run() {
    try {
      TryRun();
    } catch (const std::exception& error) {
      Publish(kit::Fail(PLINTH_RESOURCE_EXHAUSTED, error.what()));
    }
  }

  // Not under the lock of Python.
  Made Await() {
    std::unique_lock lock(mutex_);
    const bool done = changed_.wait_for(lock, settings_.load_timeout + kGrace,
                                        [this] { return made_.has_value(); });
    if (done) return *std::move(made_);
    abandoned_ = true;
    return TooLong(settings_, true);
  }

 private:
  void TryRun() {
    const ModelFolder folder(settings_.folder);
    const ModelFolder::Visit visit(folder);
    const Gil gil;
    Watch watch(runtime_, Clock::now() + settings_.load_timeout);
    FrameWriter frame(FrameKind::kLoad, 0);
    WriteTexts(frame, settings_.texts);
    WriteSpecs(frame, settings_.declared_inputs);
    WriteSpecs(frame, settings_.declared_outputs);
    const auto bytes = frame.Finish();
    watch.Begin(nullptr);
    const Ref result =
        Call(runtime_.load(), TupleOf(CapsuleOf(context_), BytesOf(bytes.data(), bytes.size())));
    watch.End();
    Made made = Take(result);
    if (!made && watch.wish() != Watch::Wish::kNone) made = TooLong(settings_, false);
    Ref close = made ? Ref::Borrow(made->close.get()) : Ref();
    if (!Publish(std::move(made)) && close) Close(runtime_, close);
  }

  // False: nobody waits for it.
  bool Publish(Made made) {
    {
      const std::lock_guard lock(mutex_);
      if (abandoned_) return false;
      made_ = std::move(made);
    }
    changed_.notify_all();
    return true;
  }

  Runtime& runtime_;
  const Settings settings_;
  const std::shared_ptr<CallContext> context_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::optional<Made> made_;
  bool abandoned_ = false;
};

}  // namespace

kit::Result<std::unique_ptr<Program>> EmbeddedProgram::Load(const Settings& settings) {
  const std::string scripts = std::filesystem::path(settings.script).parent_path();
  const auto runtime = Runtime::Start(settings.interpreter, scripts);
  if (!runtime) return kit::Fail(runtime.error());
  auto context = std::make_shared<CallContext>();
  const auto loading = std::make_shared<Loading>(**runtime, settings, context);
  std::thread([loading] { loading->Run(); }).detach();
  auto made = loading->Await();
  if (!made) return kit::Fail(std::move(made.error()));
  return std::unique_ptr<Program>(
      new EmbeddedProgram(**runtime, settings, std::move(context), *std::move(made)));
}

EmbeddedProgram::EmbeddedProgram(Runtime& runtime, const Settings& settings,
                                 std::shared_ptr<CallContext> context, Parts parts)
    : runtime_(runtime),
      folder_(settings.folder),
      context_(std::move(context)),
      loaded_(std::move(parts.loaded)),
      execute_(std::move(parts.execute)),
      wake_(std::move(parts.wake)),
      close_(std::move(parts.close)) {}

EmbeddedProgram::~EmbeddedProgram() {
  const ModelFolder::Visit visit(folder_);
  const Gil gil;
  runtime_.LetGoNow();
  Close(runtime_, close_);
  execute_ = Ref();
  wake_ = Ref();
  close_ = Ref();
}

kit::Status EmbeddedProgram::Execute(const plinth_execute_request& request,
                                     const kit::Signature& signature, kit::OutputWriter& outputs) {
  KeepThreadState();
  Watch watch(runtime_, DeadlineOf(request));
  const kit::Stopper stopper(request, [&watch] { watch.Stop(); });
  context_->Open(request, signature, watch);
  std::vector<kit::CallAnswer> answers;  // let go without the lock
  kit::Status status;
  {
    const ModelFolder::Visit visit(folder_);
    const Gil gil;
    runtime_.LetGoNow();
    status = Run(request, signature, outputs, watch);
    answers.swap(context_->answers);
  }
  context_->Close();
  return status;
}

kit::Status EmbeddedProgram::Run(const plinth_execute_request& request,
                                 const kit::Signature& signature, kit::OutputWriter& outputs,
                                 Watch& watch) {
  const PythonApi& python = Python();
  Ref inputs(python.tuple_new(static_cast<PySize>(request.input_count)));
  Ref wanted(python.tuple_new(static_cast<PySize>(request.output_count)));
  if (!inputs || !wanted) return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, TakeError());
  for (std::size_t i = 0; i < request.input_count; ++i) {
    Ref input = ToPython(request.inputs[i]);
    if (!input) return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, TakeError());
    python.tuple_set(inputs.get(), static_cast<PySize>(i), input.release());
  }
  for (std::size_t i = 0; i < request.output_count; ++i)
    python.tuple_set(wanted.get(), static_cast<PySize>(i), NumberOf(request.outputs[i]).release());

  const std::uint64_t number = ++calls_;
  if (!watch.Begin(wake_.get(), number)) return WhyEnded(watch.wish());
  context_->call = number;
  const kit::RequestTexts texts = kit::TextsOf(request);
  const Ref result = Call(execute_.get(), TupleOf(std::move(inputs), std::move(wanted),
                                                  NumberOf(static_cast<std::int64_t>(number)),
                                                  TextOf(texts.id), TextOf(texts.parameters)));
  watch.End();
  context_->call = 0;

  // A failure, or None, and the tensors.
  if (!result) {
    const std::string error = TakeError();
    if (watch.wish() != Watch::Wish::kNone) return WhyEnded(watch.wish());
    return kit::Fail(PLINTH_INTERNAL, error);
  }
  PyObject* const failure = python.tuple_get(result.get(), 0);
  if (failure != python.none) {
    if (watch.wish() != Watch::Wish::kNone) return WhyEnded(watch.wish());
    return kit::Fail(ReadFailure(BodyOf(BytesIn(failure))));
  }
  if (loaded_.decoupled) return {};  // all has been said
  auto tensors = ReadTensors(python.tuple_get(result.get(), 1));
  if (!tensors) return kit::Fail(std::move(tensors.error()));
  if (tensors->size() != request.output_count) {
    return kit::Fail(PLINTH_INTERNAL, "the program gave another number of outputs than asked for");
  }
  for (std::size_t i = 0; i < tensors->size(); ++i) {
    const kit::Spec& spec = signature.outputs()[request.outputs[i]];
    std::move((*tensors)[i]).AddTo(outputs, spec.name.c_str());
  }
  return {};
}

}  // namespace plinth::python
