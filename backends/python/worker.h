// A worker: a process that has loaded the model, and the memory and the socket that lead to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/failure.h"
#include "common/outputs.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/call_tensors.h"
#include "python/channel.h"
#include "python/log_lines.h"
#include "python/messages.h"
#include "python/outgoing_calls.h"
#include "python/settings.h"
#include "python/shared_memory.h"
#include "python/stop_event.h"
#include "python/worker_process.h"

namespace plinth::python {

// Two threads use it: its keeper's, which starts it, reads its log and waits for its end, and the
// one that executes, once the keeper has loaded it.
class Worker {
 public:
  // Starts the process. The calling thread must outlive it.
  static kit::Result<std::shared_ptr<Worker>> Start(const Settings& settings);

  // Has it load the model; logs what it writes meanwhile. INVALID_MODEL: it took longer than it
  // may, or has ended (then without a message); UNAVAILABLE: `stop` was set; or what it says.
  kit::Result<Loaded> Load(const Settings& settings, const StopEvent& stop, LogLines& lines);

  // One call at a time. UNAVAILABLE, without a message: the process has ended.
  kit::Status Execute(const plinth_execute_request& request, const kit::Signature& signature,
                      kit::OutputWriter& outputs);

  // Whether nothing can be executed any more.
  bool ended() const { return ended_.load(); }

  // Asks it to end. It may still be busy with a call.
  void AskToEnd();

  WorkerProcess& process() { return *process_; }

 private:
  Worker(std::unique_ptr<WorkerProcess> process, FileDescriptor socket,
         std::shared_ptr<SharedMemory> memory);

  kit::Status Await(const plinth_execute_request& request, const kit::Signature& signature,
                    kit::OutputWriter& outputs, const std::shared_ptr<InputBlocks>& inputs);
  // One answer of a decoupled model. Not OK, and not ended: no other is wanted.
  kit::Status PassOn(const Frame& frame, const plinth_execute_request& request,
                     const kit::Signature& signature, const std::shared_ptr<InputBlocks>& inputs);
  // To a worker that reads while it executes. False: it has ended.
  bool TellReleased();
  // What the frame makes of the call.
  kit::Status Finish(const Frame& frame, const plinth_execute_request& request,
                     const kit::Signature& signature, kit::OutputWriter& outputs,
                     const std::shared_ptr<InputBlocks>& inputs);
  // It cannot be worked with any more. Without a message: it has closed its end.
  std::unexpected<kit::Failure> GiveUp(plinth_status status, std::string message);
  void Interrupt();

  const std::unique_ptr<WorkerProcess> process_;
  Channel channel_;
  const std::shared_ptr<SharedMemory> memory_;
  // The call is not wanted any more, or others that it has made are answered.
  const std::shared_ptr<const StopEvent> wake_ = std::make_shared<const StopEvent>();
  std::uint64_t call_ = 0;
  std::atomic<bool> ended_{false};
};

}  // namespace plinth::python
