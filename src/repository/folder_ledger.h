// What was done about each version that lies in the folder of models, and so what is to be done
// now that the folder looks as it does.
//
// Each version is judged by itself: it is acted on once its files have been the same for the settle
// time and nobody is writing them, so a model that takes minutes to be copied holds up no other. A
// version is acted on once for each state of its files, whatever came of it: what failed is tried
// again, and what was removed by a request comes back, only with other files. Versions that are
// gone are to be removed only when no other of their model is still on its way, so that a model
// whose version folder was renamed is never without one.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/hash128.h"
#include "repository/model_folder.h"

namespace plinth {

class FolderLedger {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Key {
    std::string model;
    std::string version;
    auto operator<=>(const Key&) const = default;
  };
  struct Changes {
    std::vector<FolderModel> deploy;  // in place of what is deployed by that name, if anything
    std::vector<Key> remove;
    bool unsettled = false;  // more is to come: look again after the settle time
  };
  // Whether somebody is still writing a model's files.
  using IsUnfinished = std::function<bool(const FolderModel&)>;

  explicit FolderLedger(std::chrono::milliseconds settle) : settle_(settle) {}

  // The changes from what was done so far to `folder`, each to be followed by Ended(). `at_once`
  // without the settle time.
  Changes Update(ModelFolder folder, Time now, bool at_once, const IsUnfinished& unfinished);

  // The deployment or removal of a version that Update() gave has ended. `again`: it could not be
  // tried, and is given once more.
  void Ended(const Key& key, bool again);

 private:
  struct Entry {
    std::optional<Hash128> seen;  // its files at the last look; none: it is not there
    Time since;                   // when they were first seen so
    std::optional<Hash128> done;  // the files that were last deployed, or failed to be
    enum { kNothing, kDeploying, kRemoving } doing = kNothing;
    std::uint64_t look = 0;  // when it was last listed
  };

  void Note(const ModelFolder& folder, Time now);
  bool IsSettled(const Entry& entry, Time now, bool at_once) const;
  void Deploy(std::vector<FolderModel> models, Time now, bool at_once,
              const IsUnfinished& unfinished, Changes& changes);
  void Remove(Time now, bool at_once, Changes& changes);

  const std::chrono::milliseconds settle_;
  std::uint64_t looks_ = 0;
  std::map<Key, Entry> entries_;
  std::set<std::string> arriving_;  // models of which a version is on its way
};

}  // namespace plinth
