#include "serving/cache_gate.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "serving/run.h"

namespace plinth {

CacheGate::CacheGate(std::shared_ptr<VersionCache> cache, ModelVersion& version,
                     const VersionMetrics& metrics, Alarm& alarm, const CallableModels& models,
                     Forward forward)
    : cache_(std::move(cache)),
      version_(version),
      metrics_(metrics),
      alarm_(alarm),
      models_(models),
      asks_others_(version.signature().waits),
      forward_(std::move(forward)) {}

Hash128 CacheGate::KeyOf(const Job& job) const {
  if (!asks_others_ && job.Parameters().empty()) return cache_->KeyOf(job.inputs, job.wanted, {});
  const std::string generation = asks_others_ ? std::to_string(models_.generation()) : "";
  const CacheParameter parameters[] = {{"generation", generation},
                                       {"parameters", job.Parameters()}};
  return cache_->KeyOf(job.inputs, job.wanted, parameters);
}

void CacheGate::Submit(Job job) {
  const Time begin = Clock::now();
  const Hash128 key = KeyOf(job);
  for (;;) {
    auto found = cache_->Find(key);
    if (const auto* outputs = std::get_if<SharedOutputs>(&found)) {
      metrics_.cache_hits->Add();
      metrics_.timings->Hit(Clock::now() - begin);
      return job.done(Answer{.outputs = **outputs, .cached = true});
    }
    if (auto* lead = std::get_if<plinth::Lead>(&found)) {
      metrics_.cache_misses->Add();
      metrics_.timings->Miss(Clock::now() - begin);
      return Lead(std::move(*lead), std::move(job));
    }
    // Else the flight was dropped between the finding and the joining: look again.
    if (Wait(std::get<std::shared_ptr<Flight>>(found), job)) return;
  }
}

// Sends the request on; its answer ends the flight.
void CacheGate::Lead(plinth::Lead lead, Job job) {
  job.done = [lead = std::move(lead), done = std::move(job.done)](Result<Answer> answer) mutable {
    // Kept before it is given: who asks again because of the answer finds it.
    if (answer) {
      lead.Succeed(answer->outputs);
    } else {
      lead.Fail(answer.error());
    }
    done(std::move(answer));
  };
  forward_(std::move(job));
}

// Has the request wait for the flight. False if the flight takes nobody any more; the job is then
// as it was.
bool CacheGate::Wait(const std::shared_ptr<Flight>& flight, Job& job) {
  // The follower may be called, and drop the last lease, before Join() returns.
  const auto keep = version_.shared_from_this();
  const Handle handle = Add(flight, std::move(job));
  const auto id =
      flight->Join([this, handle](Flight::Turn turn) { TakeTurn(handle, std::move(turn)); },
                   version_.config().max_queue);
  if (!id) {
    job = Take(handle);
    if (id.error() == Flight::NotJoined::kGone) return false;
    job.done(Fail(Code::kResourceExhausted,
                  std::to_string(version_.config().max_queue) + " requests to model '" +
                      version_.name() + "' wait for equal ones that are running, and no more may"));
    return true;
  }
  metrics_.cache_joins->Add();
  const std::lock_guard lock(mutex_);
  if (const auto at = waiting_.find(handle); at != waiting_.end()) {
    at->second.id = *id;
    at->second.joined = true;
    SetAlarm(at->second.job.deadline);
  }
  return true;
}

// What the flight tells one who waits for it.
void CacheGate::TakeTurn(Handle handle, Flight::Turn turn) {
  Job job = Take(handle);
  if (const auto* outputs = std::get_if<SharedOutputs>(&turn)) {
    metrics_.timings->Hit({});
    job.done(Answer{.outputs = **outputs, .cached = true});
  } else if (auto* lead = std::get_if<plinth::Lead>(&turn)) {
    metrics_.timings->Miss({});
    Lead(std::move(*lead), std::move(job));
  } else {
    job.done(Fail(std::move(std::get<Error>(turn))));
  }
}

CacheGate::Handle CacheGate::Add(const std::shared_ptr<Flight>& flight, Job job) {
  const std::lock_guard lock(mutex_);
  const Handle handle = next_handle_++;
  waiting_.emplace(handle, Waiting{std::move(job), flight});
  return handle;
}

Job CacheGate::Take(Handle handle) {
  const std::lock_guard lock(mutex_);
  return std::move(waiting_.extract(handle).mapped().job);
}

void CacheGate::SetAlarm(Time when) {
  if (when >= alarm_at_) return;
  alarm_at_ = when;
  alarm_.At(when, [this, version = version_.weak_from_this()] {
    if (const auto keep = version.lock()) Expire();
  });
}

// Refuses those whose deadline has passed.
void CacheGate::Expire() {
  const Time now = Clock::now();
  struct Due {
    Handle handle;
    std::shared_ptr<Flight> flight;
    Flight::Id id;
  };
  std::vector<Due> due;
  {
    const std::lock_guard lock(mutex_);
    if (now < alarm_at_) return;
    alarm_at_ = Time::max();
    Time next = Time::max();
    for (const auto& [handle, waiting] : waiting_) {
      if (!waiting.joined) continue;
      if (waiting.job.deadline <= now) {
        due.push_back({handle, waiting.flight, waiting.id});
      } else {
        next = std::min(next, waiting.job.deadline);
      }
    }
    SetAlarm(next);
  }
  for (const Due& one : due) {
    // Who cannot be withdrawn is being answered at this moment.
    if (!one.flight->Withdraw(one.id)) continue;
    Job job = Take(one.handle);
    RefuseDead({&job, 1}, now);
  }
}

}  // namespace plinth
