#include "python/outgoing_calls.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/calls.h"
#include "common/outputs.h"
#include "python/host.h"
#include "python/messages.h"

namespace plinth::python {
namespace {

// More than any call has: bounds what a count may make us allocate.
constexpr std::uint32_t kMaxTensors = 4096;

bool ReadNames(FrameReader& body, std::vector<std::string>& names) {
  const auto count = body.Number<std::uint32_t>();
  if (!body.ok() || count > kMaxTensors) return false;
  for (std::uint32_t i = 0; i < count; ++i) names.emplace_back(body.Text());
  return body.ok();
}

}  // namespace

struct OutgoingCalls::Answer {
  FrameKind kind;
  std::uint64_t call;
  kit::CallAnswer given;
};

// Where answers are laid down, from any thread. It lives until the last call is answered, which may
// be after the execution.
class OutgoingCalls::Box {
 public:
  explicit Box(std::shared_ptr<const StopEvent> wake) : wake_(std::move(wake)) {}

  void Put(Answer answer) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      answers_.push_back(std::move(answer));
    }
    wake_->Set();
  }
  // Waits while many lie here.
  void PutInTurn(Answer answer) {
    {
      std::unique_lock lock(mutex_);
      taken_.wait(lock, [this] { return closed_ || answers_.size() < kMostParts; });
    }
    Put(std::move(answer));
  }
  // Of each call that is not `busy` with a part the answers up to its next part, and that is busy
  // from then on.
  std::vector<Answer> Take(std::set<std::uint64_t>& busy) {
    const std::lock_guard lock(mutex_);
    std::vector<Answer> taken;
    std::vector<Answer> rest;
    for (Answer& answer : answers_) {
      const bool waits = busy.contains(answer.call);
      if (!waits && answer.kind == FrameKind::kAnswerPart) busy.insert(answer.call);
      (waits ? rest : taken).push_back(std::move(answer));
    }
    answers_.swap(rest);
    taken_.notify_all();
    return taken;
  }
  void Close() {
    const auto rest = [this] {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      taken_.notify_all();
      return std::exchange(answers_, {});
    }();
  }

 private:
  static constexpr std::size_t kMostParts = 16;

  const std::shared_ptr<const StopEvent> wake_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable taken_;
  std::vector<Answer> answers_;
  bool closed_ = false;
};

namespace {

struct Waiter {
  std::shared_ptr<OutgoingCalls::Box> box;
  std::uint64_t call;
};

void Done(void* context, const plinth_call_result* result) {
  const std::unique_ptr<Waiter> waiter(static_cast<Waiter*>(context));
  waiter->box->Put({FrameKind::kAnswer, waiter->call, kit::CallAnswer(*result)});
}

void Part(void* context, const plinth_call_result* result) {
  const auto& waiter = *static_cast<Waiter*>(context);
  waiter.box->PutInTurn({FrameKind::kAnswerPart, waiter.call, kit::CallAnswer(*result)});
}

}  // namespace

OutgoingCalls::OutgoingCalls(const plinth_execute_request& request,
                             std::shared_ptr<SharedMemory> memory,
                             std::shared_ptr<InputBlocks> blocks,
                             std::shared_ptr<const StopEvent> wake)
    : request_(request),
      memory_(std::move(memory)),
      blocks_(std::move(blocks)),
      box_(std::make_shared<Box>(std::move(wake))) {}

OutgoingCalls::~OutgoingCalls() { box_->Close(); }

kit::Status OutgoingCalls::Begin(const Frame& frame) {
  FrameReader body = frame.Body();
  const std::string model(body.Text());
  const std::string version(body.Text());
  std::vector<std::string> wanted;
  if (!ReadNames(body, wanted)) return Garbled();
  const bool in_parts = body.Number<std::uint8_t>() != 0;
  const std::string id(body.Text());
  const std::string parameters(body.Text());
  const auto count = body.Number<std::uint32_t>();
  if (!body.ok() || count > kMaxTensors) return Garbled();
  std::vector<plinth_output> inputs(count);
  plinth_execute_response taken{sizeof(taken), inputs.data()};
  kit::OutputWriter writer(&taken);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name(body.Text());
    if (auto added = TakeTensor(body, name, memory_, blocks_, writer); !added) return added;
  }
  writer.Commit();  // the host releases them, whatever comes of the call

  std::vector<const char*> names;
  for (const std::string& name : wanted) names.push_back(name.c_str());
  const plinth_call call{sizeof(call),
                         kit::CallerOf(request_),
                         model.c_str(),
                         kit::TextOrNull(version),
                         inputs.size(),
                         inputs.data(),
                         names.size(),
                         names.data(),
                         0,
                         Done,
                         new Waiter{box_, frame.call},
                         in_parts ? Part : nullptr,
                         kit::TextOrNull(id),
                         kit::TextOrNull(parameters)};
  kit::CallModel(Host(), call);
  return {};
}

bool OutgoingCalls::SendAnswers(Channel& channel) {
  std::set<std::uint64_t> busy;
  for (const auto& [call, blocks] : parts_) busy.insert(call);
  for (Answer& answer : box_->Take(busy)) {
    auto blocks = blocks_;
    if (answer.kind == FrameKind::kAnswerPart) {
      blocks = std::make_shared<InputBlocks>(memory_);
      parts_[answer.call] = blocks;
    }
    if (!Send(channel, answer, *blocks)) return false;
  }
  return true;
}

bool OutgoingCalls::Taken(std::uint64_t call, Channel& channel) {
  parts_.erase(call);
  return SendAnswers(channel);
}

bool OutgoingCalls::Send(Channel& channel, const Answer& answer, InputBlocks& blocks) {
  const std::vector<std::uint64_t> released = memory_->TakeReleased();
  const auto head = [&](plinth_status status, const std::string& code, const std::string& message) {
    FrameWriter frame(answer.kind, answer.call);
    WriteNumbers(frame, released);
    frame.Number(static_cast<std::uint32_t>(status));
    frame.Text(code);
    frame.Text(message);
    return frame;
  };
  const kit::CallAnswer& given = answer.given;
  const std::vector<plinth_tensor> tensors = given.tensors();
  FrameWriter frame = head(given.status(), given.code(), given.message());
  frame.Number(static_cast<std::uint32_t>(tensors.size()));
  for (const plinth_tensor& tensor : tensors) {
    frame.Text(tensor.name);
    const auto written = WriteTensorOf(frame, tensor, 0, *memory_, blocks);
    if (written) continue;
    FrameWriter refusal = head(written.error().status, "OUT_OF_MEMORY", written.error().message);
    return channel.Send(refusal.Finish());
  }
  return channel.Send(frame.Finish());
}

}  // namespace plinth::python
