// Single flight: equal requests that are asked for while one of them runs wait for its answer
// instead of running themselves.
//
// A flight has one leader at a time, who holds its Lead, and any number of followers. It ends when
// the leader succeeds or fails; then every follower is called with what the leader got. A leader
// who gives up (its client went away, its deadline passed) has learnt nothing about the answer: the
// follower who waits longest is made the leader, the others go on waiting. If there is none, the
// flight is abandoned: the next to join leads, unless the table has dropped it by then.
//
// Followers are called without any lock held, on the thread on which the leader ended, each exactly
// once unless it is withdrawn before. A follower's deadline and its client's going are its own
// affair: it withdraws. All of this from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash128.h"
#include "base/status.h"
#include "tensor/tensor.h"

namespace plinth {

// The outputs of an answer as the cache and those who wait share them: never changed.
using SharedOutputs = std::shared_ptr<const std::vector<NamedTensor>>;

class Flight;

// The duty to end a flight. Moves, is never copied; dropping it unused is the same as Abandon().
class Lead {
 public:
  explicit Lead(std::shared_ptr<Flight> flight) : flight_(std::move(flight)) {}
  Lead(Lead&&) noexcept = default;
  Lead& operator=(Lead other) noexcept {
    flight_.swap(other.flight_);
    return *this;
  }
  ~Lead() { Abandon(); }

  // Whichever comes first ends the leadership; later calls do nothing.
  void Succeed(const std::vector<NamedTensor>& outputs);
  // kCancelled and kDeadlineExceeded are the leader's own and count as Abandon().
  void Fail(const Error& error);
  void Abandon();

 private:
  std::shared_ptr<Flight> flight_;
};

class Flight : public std::enable_shared_from_this<Flight> {
 public:
  // What a follower is told: the answer, the leader's failure, or that it leads now.
  using Turn = std::variant<SharedOutputs, Error, Lead>;
  using Follower = std::move_only_function<void(Turn)>;
  using Id = std::uint64_t;

  // Where flights are found by their key, and where their answers are kept.
  class Table {
   public:
    virtual ~Table() = default;
    // Keeps a copy of the outputs if it can and returns that, else nullptr.
    virtual SharedOutputs Keep(const Hash128& key, const std::vector<NamedTensor>& outputs) = 0;
    // The flight is no longer found, unless somebody leads it by now.
    virtual void Drop(Flight& flight) = 0;

    // How many followers all flights of the table have.
    std::atomic<std::int64_t> followers{0};
  };

  Flight(std::shared_ptr<Table> table, const Hash128& key) : table_(std::move(table)), key_(key) {}

  const Hash128& key() const { return key_; }

  // Why a flight takes no follower: as many wait as may, or it has been abandoned and is found no
  // more: the table is to be asked again.
  enum class NotJoined { kFull, kGone };

  // Waits for the end of the flight, if fewer than `most_followers` do in the whole table; else the
  // follower is left as it is. May call the follower before it returns.
  std::expected<Id, NotJoined> Join(Follower&& follower, std::int64_t most_followers);

  // Takes a follower back. Nothing if it has been called or is about to be.
  std::optional<Follower> Withdraw(Id id);

  // For the table, when it drops the flight: false if somebody leads it, who has yet to end it.
  bool Retire();

 private:
  friend class Lead;
  enum class State { kLed, kAbandoned, kGone, kSucceeded, kFailed };
  using Followers = std::map<Id, Follower>;  // in order of arrival

  void Succeed(const std::vector<NamedTensor>& outputs);
  void Fail(const Error& error);
  void Abandon();
  void Land(State state, SharedOutputs outputs, const Error& error);
  // The next to lead; nothing if nobody waits: the flight is abandoned then.
  std::optional<Follower> TakeNext();

  const std::shared_ptr<Table> table_;
  const Hash128 key_;

  mutable std::mutex mutex_;  // guards what follows
  State state_ = State::kLed;
  Followers followers_;
  Id next_id_ = 0;
  SharedOutputs outputs_;  // once kSucceeded
  Error error_;            // once kFailed
  // A follower is being told that it leads. If it gives up meanwhile, the teller goes on with the
  // next: no recursion.
  bool handing_over_ = false;
  bool given_up_meanwhile_ = false;
};

}  // namespace plinth
