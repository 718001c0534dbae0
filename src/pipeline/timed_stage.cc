#include "pipeline/timed_stage.h"

#include <memory>
#include <mutex>
#include <string>

namespace plinth::pipeline {
namespace {

// Who is first, the answer or the time, takes the callback.
class Race {
 public:
  explicit Race(ModelCallDone done) : done_(std::move(done)) {}

  void End(Result<ModelAnswer> answer) {
    ModelCallDone done;
    {
      const std::lock_guard lock(mutex_);
      done = std::exchange(done_, nullptr);
    }
    if (done) done(std::move(answer));
  }

 private:
  std::mutex mutex_;
  ModelCallDone done_;  // empty once it is called
};

}  // namespace

void TimedStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                       const StageContext& context, ModelCallDone done) const {
  const auto end = std::chrono::steady_clock::now() + limit_;
  StageContext limited = context;
  if (limited.deadline.count() == 0 || end.time_since_epoch() < limited.deadline) {
    limited.deadline = end.time_since_epoch();
  }
  const auto race = std::make_shared<Race>(std::move(done));
  // Weakly: an answer that came in time must not be kept until the time is over.
  host_.At(end, [race = std::weak_ptr(race), limit = limit_] {
    if (const auto late = race.lock()) {
      late->End(Fail(Code::kDeadlineExceeded,
                     "it took longer than timeout_ms, " + std::to_string(limit.count()) + " ms"));
    }
  });
  stage_->Start(std::move(inputs), std::move(wanted), limited,
                [race](Result<ModelAnswer> answer) { race->End(std::move(answer)); });
}

}  // namespace plinth::pipeline
