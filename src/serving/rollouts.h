// Drives the guarded rollouts that run: looks at each several times a step, and says when one is to
// go on or back. What that means for the model's policy, and whether it can be kept, is others'
// business; they tell the policies that come of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "model/registry.h"
#include "serving/alarm.h"
#include "serving/infer.h"
#include "serving/model_metrics.h"
#include "serving/release/rollout.h"
#include "serving/shadows.h"
#include "telemetry/quantile.h"
#include "traffic/traffic_policy.h"

namespace plinth {

// What is shown of a rollout.
struct RolloutView {
  Rollout rollout;
  double share = 0;                 // of the requests that `to` gets now
  std::int64_t since_ms = 0;        // since 1970: the begin of the step, or the end of the rollout
  std::optional<double> next_in_s;  // until the step ends, while it runs
  RolloutObservation seen;          // in the step, or in the last one
};

class Rollouts {
 public:
  struct Parts {  // all outlive it, and the alarm is stopped before it goes
    const Registry& registry;
    const ModelMetrics& metrics;
    const Shadows& shadows;
    Alarm& alarm;
  };
  // The decision, which is not kWait, about the model's rollout if it is still this one. Called
  // again after a while as long as no policy comes of it. Must not block.
  using Act = std::function<void(const std::string& model, const Rollout& rollout,
                                 RolloutDecision decision, const RolloutObservation& seen)>;

  Rollouts(Parts parts, Act act) : parts_(parts), act_(std::move(act)) {}

  // The model's policy is now this one.
  void Follow(const std::string& model, const TrafficPolicy& policy);
  // Of a rollout to that version nothing comes any more.
  void NoteRemoved(const std::string& model, const std::string& version);
  // Of a model that is gone nothing is kept.
  void Forget(const std::string& model);

  // The last rollout of the model, if there was any.
  std::optional<RolloutView> View(const std::string& model) const;

 private:
  // What had been counted of a version at a moment.
  struct Counts {
    RequestCounts requests;
    ShadowFigures copies;
  };
  struct Followed {
    Rollout rollout;
    double share = 0;           // of the requests that `to` gets
    std::uint64_t number = 0;   // of this step; tells its ticks from those of others
    std::int64_t begun_ms = 0;  // since 1970, of the rollout, or of this process's share in it
    std::int64_t since_ms = 0;  // of the step
    Clock::time_point since;    // when the step began, or its version became ready
    Counts before;              // what had been counted then
    bool found = false;         // the version was there in this process's life,
    bool removed = false;       // and was removed
    RolloutObservation seen;
  };

  Counts CountsOf(const std::string& model, const std::string& version) const;
  // `failure` says why for kFailed.
  RolloutObservation::Target TargetOf(const std::string& model, Followed& followed,
                                      std::string& failure) const;
  RolloutObservation Observe(const std::string& model, Followed& followed) const;
  void TickLater(const std::string& model, std::uint64_t number, Clock::duration wait);
  void Tick(const std::string& model, std::uint64_t number);

  const Parts parts_;
  const Act act_;
  mutable std::mutex mutex_;  // guards what follows
  std::uint64_t numbers_ = 0;
  std::map<std::string, Followed, std::less<>> followed_;  // by model
};

}  // namespace plinth
