#include "repository/folder_ledger.h"

#include <utility>

namespace plinth {
namespace {

// How long a file that somebody has open for writing, but does not change, is waited for.
constexpr std::chrono::seconds kWriterPatience{60};

}  // namespace

FolderLedger::Changes FolderLedger::Update(ModelFolder folder, Time now, bool at_once,
                                           const IsUnfinished& unfinished) {
  Note(folder, now);
  Changes changes;
  arriving_.clear();
  Deploy(std::move(folder.models), now, at_once, unfinished, changes);
  Remove(now, at_once, changes);
  return changes;
}

void FolderLedger::Ended(const Key& key, bool again) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if ((entry.doing == Entry::kDeploying) == again) entry.done.reset();
  entry.doing = Entry::kNothing;
}

// Nothing is known of the versions of a model whose folder could not be read: they are as before.
void FolderLedger::Note(const ModelFolder& folder, Time now) {
  ++looks_;
  const auto note = [&](Entry& entry, std::optional<Hash128> seen) {
    entry.look = looks_;
    if (entry.seen == seen) return;
    entry.seen = seen;
    entry.since = now;
  };
  for (const FolderModel& model : folder.models) {
    note(entries_[{model.spec.name, model.spec.version}], model.fingerprint);
  }
  const std::set<std::string> unreadable(folder.unreadable.begin(), folder.unreadable.end());
  for (auto& [key, entry] : entries_) {
    if (entry.look != looks_ && !unreadable.contains(key.model)) note(entry, std::nullopt);
  }
}

bool FolderLedger::IsSettled(const Entry& entry, Time now, bool at_once) const {
  return entry.doing == Entry::kNothing && (at_once || now - entry.since >= settle_);
}

void FolderLedger::Deploy(std::vector<FolderModel> models, Time now, bool at_once,
                          const IsUnfinished& unfinished, Changes& changes) {
  for (FolderModel& model : models) {
    Entry& entry = entries_.at({model.spec.name, model.spec.version});
    const bool moves = entry.doing != Entry::kNothing || entry.seen != entry.done;
    if (moves) arriving_.insert(model.spec.name);
    if (entry.seen == entry.done && entry.doing != Entry::kRemoving) continue;
    if (!IsSettled(entry, now, at_once) ||
        (now - entry.since < kWriterPatience && unfinished(model))) {
      changes.unsettled = true;
      continue;
    }
    entry.done = entry.seen;
    entry.doing = Entry::kDeploying;
    changes.deploy.push_back(std::move(model));
  }
}

void FolderLedger::Remove(Time now, bool at_once, Changes& changes) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    auto& [key, entry] = *it;
    if (!entry.seen && !entry.done && entry.doing == Entry::kNothing) {
      it = entries_.erase(it);  // nothing is left of it
      continue;
    }
    ++it;
    if (entry.seen) continue;
    if (IsSettled(entry, now, at_once) && !arriving_.contains(key.model)) {
      entry.doing = Entry::kRemoving;
      changes.remove.push_back(key);
    } else {
      changes.unsettled = true;
    }
  }
}

}  // namespace plinth
