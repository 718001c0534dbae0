#include "pipeline/timed_stage.h"

#include <string>
#include <vector>

namespace plinth::pipeline {

// Who is first, the answer or the time, takes the callback.
class TimedStage::Race {
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

void TimedStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                       const StageContext& context, ModelCallDone done) const {
  const Time end = std::chrono::steady_clock::now() + limit_;
  StageContext limited = context;
  if (limited.deadline.count() == 0 || end.time_since_epoch() < limited.deadline) {
    limited.deadline = end.time_since_epoch();
  }
  const auto race = std::make_shared<Race>(std::move(done));
  Watch(end, race);
  stage_->Start(std::move(inputs), std::move(wanted), limited,
                [race](Result<ModelAnswer> answer) { race->End(std::move(answer)); });
}

void TimedStage::Watch(Time end, const std::shared_ptr<Race>& race) const {
  const std::lock_guard lock(mutex_);
  while (!running_.empty() && running_.front().second.expired()) running_.pop_front();
  running_.emplace_back(end, race);
  if (!alarm_is_set_) SetAlarm();
}

void TimedStage::SetAlarm() const {
  alarm_is_set_ = true;
  const std::weak_ptr<const Stage> weak = weak_from_this();
  host_.At(running_.front().first, [weak] {
    if (const auto stage = weak.lock()) static_cast<const TimedStage&>(*stage).OnAlarm();
  });
}

void TimedStage::OnAlarm() const {
  std::vector<std::shared_ptr<Race>> late;
  {
    const std::lock_guard lock(mutex_);
    const Time now = std::chrono::steady_clock::now();
    while (!running_.empty() &&
           (running_.front().first <= now || running_.front().second.expired())) {
      if (auto race = running_.front().second.lock()) late.push_back(std::move(race));
      running_.pop_front();
    }
    alarm_is_set_ = false;
    if (!running_.empty()) SetAlarm();
  }
  for (const auto& race : late) {
    race->End(Fail(Code::kDeadlineExceeded,
                   "it took longer than timeout_ms, " + std::to_string(limit_.count()) + " ms"));
  }
}

}  // namespace plinth::pipeline
