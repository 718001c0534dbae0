// Calls of other models, which the code waits for by promises.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/calls.h"
#include "common/failure.h"
#include "javascript/native.h"
#include "plinth/backend.h"

namespace plinth::javascript {

struct Answer {
  std::uint64_t id = 0;  // of call()
  kit::CallAnswer given;
};

// One thread at a time uses it; only Wake() is for any. Answers come on other threads.
class Calls {
 public:
  explicit Calls(const plinth_host* host);

  // Adds call() to `native`; it must outlive the context.
  void AddTo(JSContextRef context, JSObjectRef native);

  // Between these two, calls can be made; those that have no answer by then never get one.
  void Open(const plinth_execute_request& request);
  void Close();

  std::size_t running() const { return running_; }
  // Until there is an answer, or Wake(), or `until_ns`; 0: without end.
  void Wait(std::int64_t until_ns);
  void Wake();
  std::vector<Answer> TakeAnswers();

 private:
  struct Inbox;
  struct Pending;

  kit::Result<JSValueRef> Call(JSContextRef context, Arguments arguments);
  static void Done(void* context, const plinth_call_result* result);

  const plinth_host* host_;
  std::shared_ptr<Inbox> inbox_;  // shared with the calls that run
  const void* caller_ = nullptr;
  std::size_t running_ = 0;
};

}  // namespace plinth::javascript
