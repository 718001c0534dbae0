// What is deployed, kept across restarts: deployments, how each model's traffic is released, and
// the log of what happened. One SQLite file of one process at a time.
//
//   auto store = StateStore::Open("models/.plinth/state.db");
//   if (!store) return Fail(store.error());
//   Status kept = (*store)->Commit({.put = {{"digits", "v1", spec}}});
//   // Only now is the deployment acknowledged.
//
// Invariants:
// - A change is applied as a whole or not at all, and is on the disk when Commit() returns: neither
//   a killed process nor a lost power supply undoes it or leaves half of it.
// - A Commit() that failed has changed nothing, and the next one starts from the same state.
// - What the texts called JSON say is the caller's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace plinth {

struct StoredVersion {
  std::string model;
  std::string version;
  std::string spec;  // JSON: how it was deployed
  bool operator==(const StoredVersion&) const = default;
};

struct StoredModel {
  std::string model;
  std::string release;  // JSON: traffic, labels, rollout
  bool operator==(const StoredModel&) const = default;
};

struct StoredState {
  std::vector<StoredVersion> versions;  // in the order in which they were first deployed
  std::vector<StoredModel> models;      // by name
};

struct Event {
  std::int64_t id = 0;       // rises with every event; given by the store
  std::int64_t time_ms = 0;  // since 1970, UTC; 0: the time of the commit
  std::string model{};
  std::string version{};  // empty: of the model as a whole
  std::string kind{};
  std::string message{};  // cut to kMaxEventMessage bytes
};

// One step. Within it removals come first, then what is put in place.
struct StateChange {
  std::vector<StoredVersion> put{};  // new, or in place of the same version's
  std::vector<std::pair<std::string, std::string>> removed{};  // model, version; may be absent
  std::vector<StoredModel> release{};    // new, or in place of the same model's
  std::vector<std::string> forgotten{};  // models whose release goes; their events stay
  std::vector<Event> events{};           // with id 0

  bool only_events() const {
    return put.empty() && removed.empty() && release.empty() && forgotten.empty();
  }
  bool empty() const { return only_events() && events.empty(); }
};

// Any thread. Calls wait for each other and for the disk: not for I/O threads.
class StateStore {
 public:
  // More events than these are not kept: the oldest go.
  static constexpr std::size_t kMaxEventsOfModel = 1'000;
  static constexpr std::size_t kMaxEvents = 100'000;
  static constexpr std::size_t kMaxEventMessage = 4'096;

  // Opens the file for this process alone; one that is not there is made, with its folder, for
  // this user's eyes only. A file, or its folder, that cannot be written is opened to be read.
  // FAILED_PRECONDITION: something is there that is not a state file, is damaged, is of a newer
  // Plinth or cannot be read. UNAVAILABLE: in use by another process, or no space to make it.
  // PERMISSION_DENIED: it cannot be made.
  static Result<std::unique_ptr<StateStore>> Open(const std::string& path);

  // The same without a file: all is forgotten with the object.
  static std::unique_ptr<StateStore> InMemory();

  ~StateStore();

  // An empty change always succeeds. INVALID_ARGUMENT: a model or version without a name.
  // FAILED_PRECONDITION: the file is read-only, damaged, or no longer where it was. UNAVAILABLE:
  // the disk is full or fails; a later try may succeed.
  Status Commit(const StateChange& change);

  Result<StoredState> Load();

  // The newest events of a model, the newest first: at most `limit`, and only those older than
  // `before_id` unless that is 0. None for a model that is not known.
  Result<std::vector<Event>> Events(std::string_view model, std::size_t limit,
                                    std::int64_t before_id = 0);

  bool read_only() const;
  const std::string& path() const;  // empty: in memory

 private:
  struct Impl;
  explicit StateStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace plinth
