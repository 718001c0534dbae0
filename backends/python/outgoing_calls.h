// The calls of other models that a program makes while it executes a request.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/failure.h"
#include "plinth/backend.h"
#include "python/call_tensors.h"
#include "python/channel.h"
#include "python/shared_memory.h"
#include "python/stop_event.h"

namespace plinth::python {

// Of one execution; used by its thread.
class OutgoingCalls {
 public:
  // `wake` is set whenever there is an answer to send.
  OutgoingCalls(const plinth_execute_request& request, std::shared_ptr<SharedMemory> memory,
                std::shared_ptr<InputBlocks> blocks, std::shared_ptr<const StopEvent> wake);
  OutgoingCalls(const OutgoingCalls&) = delete;
  OutgoingCalls& operator=(const OutgoingCalls&) = delete;
  // What has not been answered yet is forgotten.
  ~OutgoingCalls();

  // Begins the call that a kCall describes. INTERNAL: it cannot be read.
  kit::Status Begin(const Frame& frame);

  // Sends what has been answered since. Never blocks for an answer. False if the worker is gone.
  bool SendAnswers(Channel& channel);

  // The part of that call's answer that was sent last has been read: sends the next, if it is
  // there. False if the worker is gone.
  bool Taken(std::uint64_t call, Channel& channel);

  struct Answer;
  class Box;

 private:
  bool Send(Channel& channel, const Answer& answer, InputBlocks& blocks);

  const plinth_execute_request& request_;
  const std::shared_ptr<SharedMemory> memory_;
  const std::shared_ptr<InputBlocks> blocks_;  // what called models gave lies there
  // Of calls that are answered in parts: where the part lies that is being read. One at a time, so
  // that all of them need no more room than the largest.
  std::map<std::uint64_t, std::shared_ptr<InputBlocks>> parts_;
  const std::shared_ptr<Box> box_;
};

}  // namespace plinth::python
