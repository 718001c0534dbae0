// A step with a time limit of its own: what takes longer has failed, whether or not it can be
// stopped.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "pipeline/host.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

class TimedStage final : public Stage {
 public:
  TimedStage(StagePtr stage, std::chrono::milliseconds limit, Host& host)
      : Stage(stage->signature()), stage_(std::move(stage)), limit_(limit), host_(host) {}

  std::string_view model() const override { return stage_->model(); }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  class Race;

  void Watch(Time end, const std::shared_ptr<Race>& race) const;
  void SetAlarm() const;  // requires mutex_
  void OnAlarm() const;

  const StagePtr stage_;
  const std::chrono::milliseconds limit_;
  Host& host_;

  mutable std::mutex mutex_;  // guards what follows
  // Runs, by the end of their time, which is the order of their begin. Those that have ended are
  // dropped from the front when another begins.
  mutable std::deque<std::pair<Time, std::weak_ptr<Race>>> running_;
  mutable bool alarm_is_set_ = false;
};

}  // namespace plinth::pipeline
