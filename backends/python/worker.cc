#include "python/worker.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/answers.h"
#include "common/calls.h"
#include "common/stopper.h"
#include "python/deadline.h"

namespace plinth::python {
namespace {

// How long a call may take to end after it was interrupted, and a process that has closed its end.
constexpr std::chrono::seconds kGrace{1};

}  // namespace

kit::Result<std::shared_ptr<Worker>> Worker::Start(const Settings& settings) {
  auto memory = SharedMemory::Create(settings.shared_half);
  if (!memory) return kit::Fail(std::move(memory.error()));
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED,
                     "no socket for the Python process: " + std::generic_category().message(errno));
  }
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  std::vector<std::string> arguments = {settings.interpreter,
                                        "-X",
                                        "utf8",
                                        "-u",
                                        settings.script,
                                        std::to_string(settings.shared_half)};
  if (!settings.environments.empty()) arguments.push_back(settings.environments);
  auto process = WorkerProcess::Start({
      .arguments = std::move(arguments),
      .folder = settings.folder,
      .socket = theirs.get(),
      .memory = (*memory)->file(),
      .memory_bytes = settings.memory_bytes,
  });
  if (!process) return kit::Fail(std::move(process.error()));
  return std::shared_ptr<Worker>(
      new Worker(*std::move(process), std::move(ours), *std::move(memory)));
}

Worker::Worker(std::unique_ptr<WorkerProcess> process, FileDescriptor socket,
               std::shared_ptr<SharedMemory> memory)
    : process_(std::move(process)), channel_(std::move(socket)), memory_(std::move(memory)) {}

kit::Result<Loaded> Worker::Load(const Settings& settings, const StopEvent& stop, LogLines& lines) {
  FrameWriter frame(FrameKind::kLoad, 0);
  WriteTexts(frame, settings.texts);
  WriteSpecs(frame, settings.declared_inputs);
  WriteSpecs(frame, settings.declared_outputs);
  const auto until = Clock::now() + settings.load_timeout;
  bool open = channel_.Send(frame.Finish());
  while (open) {
    // What it writes must be read, or it would wait for that.
    const auto [answered, wrote, stopped] =
        AwaitReadable({channel_.socket(), process_->output(), stop.file()}, until);
    if (stopped) return GiveUp(PLINTH_UNAVAILABLE, "the model is not wanted any more");
    if (wrote && !lines.ReadFrom(process_->output()) && !answered) break;
    if (!answered && !wrote) {
      return GiveUp(PLINTH_INVALID_MODEL, "the model was not loaded within load_timeout_s, " +
                                              std::to_string(settings.load_timeout.count() / 1000) +
                                              " s");
    }
    if (!answered) continue;
    const auto received = channel_.Receive(until);
    if (!received) break;
    if (received->kind == FrameKind::kFailed) {
      kit::Failure failure = ReadFailure(received->Body());
      return GiveUp(failure.status, std::move(failure.message));
    }
    auto loaded = received->kind == FrameKind::kLoaded ? ReadLoaded(received->Body())
                                                       : kit::Result<Loaded>(Garbled());
    if (!loaded) return GiveUp(loaded.error().status, loaded.error().message);
    return loaded;
  }
  return GiveUp(PLINTH_INVALID_MODEL, "");
}

std::unexpected<kit::Failure> Worker::GiveUp(plinth_status status, std::string message) {
  ended_.store(true);
  // One that has closed its end is about to say how it ends.
  const bool closed = message.empty();
  if (!closed || !AwaitReadable({process_->end(), -1, -1}, Clock::now() + kGrace)[0])
    process_->Signal(SIGKILL);
  return kit::Fail(status, std::move(message));
}

kit::Status Worker::Execute(const plinth_execute_request& request, const kit::Signature& signature,
                            kit::OutputWriter& outputs) {
  const auto inputs = std::make_shared<InputBlocks>(memory_);
  FrameWriter frame(FrameKind::kExecute, ++call_);
  const std::vector<std::uint64_t> released = memory_->TakeReleased();
  WriteNumbers(frame, released);
  frame.Number(static_cast<std::uint32_t>(request.output_count));
  for (std::size_t i = 0; i < request.output_count; ++i) frame.Number(request.outputs[i]);
  const kit::RequestTexts texts = kit::TextsOf(request);
  frame.Text(texts.id);
  frame.Text(texts.parameters);
  const auto written = WriteInputs(frame, request, signature, *memory_, *inputs);
  if (!written) {
    for (const std::uint64_t at : released) memory_->Release(at, 0);
    return written;
  }
  wake_->Clear();
  if (!channel_.Send(frame.Finish())) return GiveUp(PLINTH_UNAVAILABLE, "");
  return Await(request, signature, outputs, inputs);
}

kit::Status Worker::Await(const plinth_execute_request& request, const kit::Signature& signature,
                          kit::OutputWriter& outputs, const std::shared_ptr<InputBlocks>& inputs) {
  enum class Wish { kAnswer, kStop, kDeadline } wish = Wish::kAnswer;
  auto until = DeadlineOf(request);
  OutgoingCalls calls(request, memory_, inputs, wake_);
  // Its answers are more than fit into the memory: it must hear of room while it executes.
  const bool decoupled = signature.view()->decoupled != 0;
  if (decoupled) memory_->WakeOnRelease(wake_);
  const auto quiet = [](SharedMemory* memory) { memory->WakeOnRelease(nullptr); };
  const std::unique_ptr<SharedMemory, decltype(quiet)> end(decoupled ? memory_.get() : nullptr,
                                                           quiet);
  const kit::Stopper stopper(request, [this] { wake_->Set(); });
  for (;;) {
    const auto frame = channel_.Receive(until, wake_->file());
    if (frame && frame->kind == FrameKind::kCall) {
      if (auto begun = calls.Begin(*frame); !begun)
        return GiveUp(begun.error().status, begun.error().message);
    } else if (frame && frame->kind == FrameKind::kTaken) {
      if (!calls.Taken(frame->call, channel_)) return GiveUp(PLINTH_UNAVAILABLE, "");
    } else if (frame && frame->kind == FrameKind::kPart) {
      const auto passed = PassOn(*frame, request, signature, inputs);
      if (ended()) return passed;
      if (passed || wish != Wish::kAnswer) continue;
      wish = Wish::kStop;
      Interrupt();
    } else if (frame) {
      auto finished = Finish(*frame, request, signature, outputs, inputs);
      if (finished || ended() || wish == Wish::kAnswer) return finished;
      if (wish == Wish::kStop) return kit::FailStopped();
      return kit::Fail(PLINTH_DEADLINE_EXCEEDED, "the call was stopped: its time is over");
    } else if (frame.error() == NoFrame::kWoken) {
      wake_->Clear();
      if (!calls.SendAnswers(channel_)) return GiveUp(PLINTH_UNAVAILABLE, "");
      if (decoupled && !TellReleased()) return GiveUp(PLINTH_UNAVAILABLE, "");
      if (wish != Wish::kAnswer || !stopper.stopped()) continue;
      wish = Wish::kStop;
      Interrupt();
    } else if (frame.error() != NoFrame::kTimeout) {
      return GiveUp(PLINTH_UNAVAILABLE, "");
    } else if (wish == Wish::kDeadline) {
      return GiveUp(PLINTH_DEADLINE_EXCEEDED,
                    "the call's time is over, and the Python process did not stop: it was killed "
                    "and is started again");
    } else {
      wish = Wish::kDeadline;
      until = Clock::now() + kGrace;
      Interrupt();
    }
  }
}

kit::Status Worker::PassOn(const Frame& frame, const plinth_execute_request& request,
                           const kit::Signature& signature,
                           const std::shared_ptr<InputBlocks>& inputs) {
  FrameReader body = frame.Body();
  const bool last = body.Number<std::uint8_t>() != 0;
  bool garbled = frame.call != call_ || signature.view()->decoupled == 0;
  kit::Status passed;
  if (!garbled) {
    passed = kit::Respond(request, last, [&](kit::OutputWriter& outputs) {
      auto taken = TakeOutputs(body, request, signature, memory_, inputs, outputs);
      garbled = !taken;
      return taken;
    });
  }
  if (garbled) return GiveUp(PLINTH_INTERNAL, Garbled().error().message);
  return passed;
}

bool Worker::TellReleased() {
  const std::vector<std::uint64_t> released = memory_->TakeReleased();
  if (released.empty()) return true;
  FrameWriter freed(FrameKind::kFree, call_);
  WriteNumbers(freed, released);
  return channel_.Send(freed.Finish());
}

kit::Status Worker::Finish(const Frame& frame, const plinth_execute_request& request,
                           const kit::Signature& signature, kit::OutputWriter& outputs,
                           const std::shared_ptr<InputBlocks>& inputs) {
  const bool ours = frame.call == call_;
  if (ours && frame.kind == FrameKind::kFailed) return kit::Fail(ReadFailure(frame.Body()));
  kit::Status taken = [&]() -> kit::Status {
    if (!ours || frame.kind != FrameKind::kResult) return Garbled();
    if (signature.view()->decoupled != 0) return {};  // it has been passed on
    return TakeOutputs(frame.Body(), request, signature, memory_, inputs, outputs);
  }();
  if (!taken) return GiveUp(taken.error().status, taken.error().message);
  return taken;
}

// The number tells the worker which call is meant, in case the signal comes when it is over.
void Worker::Interrupt() {
  std::memcpy(memory_->At(0), &call_, sizeof(call_));
  std::atomic_thread_fence(std::memory_order_seq_cst);
  process_->Signal(SIGINT);
}

void Worker::AskToEnd() {
  FrameWriter frame(FrameKind::kUnload, 0);
  channel_.Send(frame.Finish());
}

}  // namespace plinth::python
