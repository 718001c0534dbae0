#include "serving/cache/flight.h"

#include <new>

namespace plinth {

// ---- Lead

void Lead::Succeed(const std::vector<NamedTensor>& outputs) {
  if (const auto flight = std::exchange(flight_, nullptr)) flight->Succeed(outputs);
}

void Lead::Fail(const Error& error) {
  if (error.code == Code::kCancelled || error.code == Code::kDeadlineExceeded) return Abandon();
  if (const auto flight = std::exchange(flight_, nullptr)) flight->Fail(error);
}

void Lead::Abandon() {
  if (const auto flight = std::exchange(flight_, nullptr)) flight->Abandon();
}

// ---- Flight

std::expected<Flight::Id, Flight::NotJoined> Flight::Join(Follower&& follower,
                                                          std::int64_t most_followers) {
  std::unique_lock lock(mutex_);
  const Id id = next_id_++;
  switch (state_) {
    case State::kLed:
      if (table_->followers.fetch_add(1, std::memory_order_relaxed) >= most_followers) {
        table_->followers.fetch_sub(1, std::memory_order_relaxed);
        return std::unexpected(NotJoined::kFull);
      }
      followers_.emplace(id, std::move(follower));
      break;
    case State::kAbandoned:
      state_ = State::kLed;
      lock.unlock();
      follower(Lead(shared_from_this()));
      break;
    case State::kGone:
      return std::unexpected(NotJoined::kGone);
    case State::kSucceeded:  // what was landed never changes again
      lock.unlock();
      follower(outputs_);
      break;
    case State::kFailed:
      lock.unlock();
      follower(error_);
      break;
  }
  return id;
}

std::optional<Flight::Follower> Flight::Withdraw(Id id) {
  const std::lock_guard lock(mutex_);
  const auto it = followers_.find(id);
  if (it == followers_.end()) return std::nullopt;
  std::optional<Follower> follower(std::move(it->second));
  followers_.erase(it);
  table_->followers.fetch_sub(1, std::memory_order_relaxed);
  return follower;
}

bool Flight::Retire() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kLed) return false;
  if (state_ == State::kAbandoned) state_ = State::kGone;
  return true;
}

void Flight::Succeed(const std::vector<NamedTensor>& outputs) {
  SharedOutputs shared = table_->Keep(key_, outputs);
  try {
    // Not kept: those who wait share the leader's own.
    if (shared == nullptr) shared = std::make_shared<const std::vector<NamedTensor>>(outputs);
  } catch (const std::bad_alloc&) {
    return Land(State::kFailed, nullptr,
                {Code::kOutOfMemory, "the answer does not fit into memory"});
  }
  Land(State::kSucceeded, std::move(shared), {});
}

void Flight::Fail(const Error& error) { Land(State::kFailed, nullptr, error); }

void Flight::Land(State state, SharedOutputs outputs, const Error& error) {
  Followers followers;
  {
    const std::lock_guard lock(mutex_);
    state_ = state;
    outputs_ = std::move(outputs);
    error_ = error;
    followers.swap(followers_);
  }
  table_->followers.fetch_sub(static_cast<std::int64_t>(followers.size()),
                              std::memory_order_relaxed);
  table_->Drop(*this);
  for (auto& [id, follower] : followers) {
    if (state == State::kSucceeded) {
      follower(outputs_);
    } else {
      follower(error_);
    }
  }
}

void Flight::Abandon() {
  {
    const std::lock_guard lock(mutex_);
    if (handing_over_) {
      given_up_meanwhile_ = true;
      return;
    }
    handing_over_ = true;
  }
  while (auto next = TakeNext()) {
    (*next)(Lead(shared_from_this()));
    const std::lock_guard lock(mutex_);
    if (!std::exchange(given_up_meanwhile_, false)) {
      handing_over_ = false;
      return;
    }
  }
  table_->Drop(*this);
}

std::optional<Flight::Follower> Flight::TakeNext() {
  const std::lock_guard lock(mutex_);
  if (followers_.empty()) {
    state_ = State::kAbandoned;
    handing_over_ = false;
    return std::nullopt;
  }
  const auto first = followers_.begin();
  std::optional<Follower> follower(std::move(first->second));
  followers_.erase(first);
  table_->followers.fetch_sub(1, std::memory_order_relaxed);
  return follower;
}

}  // namespace plinth
