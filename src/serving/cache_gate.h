// A version's requests on their way past its answer cache: answered from it, joined to an equal
// request that is running, or sent on.
//
// Invariants:
//   - every request that is sent on and may be kept ends its flight when it is answered, whatever
//     the answer;
//   - a request that waits for another is answered by that one's answer or at its own deadline,
//     whichever comes first, exactly once;
//   - no lock is held while a request is answered or sent on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "model/model_version.h"
#include "serving/alarm.h"
#include "serving/cache/response_cache.h"
#include "serving/call_scope.h"
#include "serving/job.h"
#include "serving/model_metrics.h"

namespace plinth {

class CacheGate {
 public:
  using Forward = std::function<void(Job)>;

  // `version`, `metrics`, `alarm` and `models` outlive the gate. At most config.max_queue requests
  // wait for others; more are refused. Answers of a version that may ask others are good until
  // anything of these is changed.
  CacheGate(std::shared_ptr<VersionCache> cache, ModelVersion& version,
            const VersionMetrics& metrics, Alarm& alarm, const CallableModels& models,
            Forward forward);

  void Submit(Job job);

  VersionCache& cache() { return *cache_; }

 private:
  using Time = Clock::time_point;

  // A request that waits for an equal one.
  struct Waiting {
    Job job;
    std::shared_ptr<Flight> flight;
    Flight::Id id = 0;
    bool joined = false;  // `id` is known
  };
  using Handle = std::uint64_t;

  Hash128 KeyOf(const Job& job) const;
  void Lead(plinth::Lead lead, Job job);
  bool Wait(const std::shared_ptr<Flight>& flight, Job& job);
  void TakeTurn(Handle handle, Flight::Turn turn);
  void Expire();

  Handle Add(const std::shared_ptr<Flight>& flight, Job job);
  Job Take(Handle handle);
  void SetAlarm(Time when);  // requires mutex_

  const std::shared_ptr<VersionCache> cache_;
  ModelVersion& version_;
  const VersionMetrics& metrics_;
  Alarm& alarm_;
  const CallableModels& models_;
  const bool asks_others_;
  const Forward forward_;

  std::mutex mutex_;  // guards what follows
  std::unordered_map<Handle, Waiting> waiting_;
  Handle next_handle_ = 0;
  Time alarm_at_ = Time::max();
};

}  // namespace plinth
