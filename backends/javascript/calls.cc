#include "javascript/calls.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "common/backend_kit.h"
#include "javascript/engine.h"
#include "javascript/js_value.h"
#include "javascript/tensor_value.h"

namespace plinth::javascript {

// Where answers arrive. What belongs to an earlier round is dropped: nobody waits for it.
struct Calls::Inbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Answer> answers;
  bool woken = false;
  std::uint64_t round = 0;
};

struct Calls::Pending {
  std::shared_ptr<Inbox> inbox;
  std::uint64_t round = 0;
  std::uint64_t id = 0;
};

Calls::Calls(const plinth_host* host) : host_(host), inbox_(std::make_shared<Inbox>()) {}

void Calls::AddTo(JSContextRef context, JSObjectRef native) {
  AddMethod<&Calls::Call>(context, native, "call", this);
}

void Calls::Open(const plinth_execute_request& request) {
  caller_ = kit::CallerOf(request);
  const std::lock_guard lock(inbox_->mutex);
  inbox_->woken = false;
}

void Calls::Close() {
  caller_ = nullptr;
  running_ = 0;
  std::vector<Answer> late;  // released without the lock
  const std::lock_guard lock(inbox_->mutex);
  ++inbox_->round;
  late.swap(inbox_->answers);
}

void Calls::Wait(std::int64_t until_ns) {
  std::unique_lock lock(inbox_->mutex);
  const auto ready = [this] { return inbox_->woken || !inbox_->answers.empty(); };
  if (until_ns == 0) {
    inbox_->arrived.wait(lock, ready);
  } else {
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(until_ns)};
    inbox_->arrived.wait_until(lock, until, ready);
  }
}

void Calls::Wake() {
  const std::lock_guard lock(inbox_->mutex);
  inbox_->woken = true;
  inbox_->arrived.notify_all();
}

std::vector<Answer> Calls::TakeAnswers() {
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(inbox_->mutex);
    answers.swap(inbox_->answers);
  }
  running_ -= answers.size();
  return answers;
}

// call(id, model, version or null, [[name, dtype, shape, data]...], [wanted outputs...], timeout in
// ms or -1, request's id or "", parameters as JSON or "")
kit::Result<JSValueRef> Calls::Call(JSContextRef context, Arguments arguments) {
  if (arguments.size() != 8) return kit::Fail(PLINTH_INTERNAL, "call() takes eight arguments");
  if (caller_ == nullptr) {
    return kit::Fail(PLINTH_UNAVAILABLE,
                     "other models can be called only while a request is executed");
  }
  const std::string model = TextOf(context, arguments[1]);
  const bool any_version = JSValueIsNull(context, arguments[2]);
  const std::string version = any_version ? "" : TextOf(context, arguments[2]);
  std::vector<std::string> wanted;
  for (std::size_t i = 0; i < LengthOf(context, arguments[4]); ++i) {
    wanted.push_back(TextOf(context, GetAt(context, arguments[4], i)));
  }
  std::vector<const char*> names;
  names.reserve(wanted.size());
  for (const std::string& name : wanted) names.push_back(name.c_str());
  const std::string id = TextOf(context, arguments[6]);
  const std::string parameters = TextOf(context, arguments[7]);
  const double timeout_ms = NumberOf(context, arguments[5]);
  const std::int64_t deadline =
      timeout_ms < 0 ? 0 : Now() + static_cast<std::int64_t>(std::min(timeout_ms, 1e9) * 1e6);

  std::vector<plinth_output> inputs(LengthOf(context, arguments[3]));
  plinth_execute_response slots{sizeof slots, inputs.data()};
  kit::OutputWriter writer(&slots);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const kit::Status copied = WriteCopy(context, GetAt(context, arguments[3], i), writer);
    if (!copied) return kit::Fail(copied.error());
  }
  auto pending = std::make_unique<Pending>(
      inbox_, inbox_->round, static_cast<std::uint64_t>(NumberOf(context, arguments[0])));
  const plinth_call call{sizeof call,
                         caller_,
                         model.c_str(),
                         any_version ? nullptr : version.c_str(),
                         inputs.size(),
                         inputs.data(),
                         names.size(),
                         names.data(),
                         deadline,
                         Done,
                         pending.release(),
                         nullptr,
                         kit::TextOrNull(id),
                         kit::TextOrNull(parameters)};
  writer.Commit();
  ++running_;
  kit::CallModel(host_, call);
  return nullptr;
}

void Calls::Done(void* context, const plinth_call_result* result) {
  const std::unique_ptr<Pending> pending(static_cast<Pending*>(context));
  Answer answer{pending->id, kit::CallAnswer(*result)};
  Inbox& inbox = *pending->inbox;
  const std::lock_guard lock(inbox.mutex);
  if (pending->round != inbox.round) return;
  inbox.answers.push_back(std::move(answer));
  inbox.arrived.notify_all();
}

}  // namespace plinth::javascript
