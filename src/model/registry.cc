#include "model/registry.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/natural_order.h"

namespace plinth {
namespace {

using VersionPtr = std::shared_ptr<ModelVersion>;

// A bound on what requests can make the server remember, failed loads included.
constexpr std::size_t kMaxVersions = 10'000;

std::uint64_t NextRegistryId() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

struct Entry {
  std::vector<VersionPtr> versions;  // in natural order, one of each name
  std::vector<VersionPtr> incoming;  // loading to replace the one of the same name in `versions`
};

auto FindVersion(std::vector<VersionPtr>& list, std::string_view version) {
  return std::ranges::find(list, version,
                           [](const VersionPtr& v) { return std::string_view(v->version()); });
}

void Insert(std::vector<VersionPtr>& list, VersionPtr version) {
  const auto at =
      std::ranges::lower_bound(list, version, [](const VersionPtr& a, const VersionPtr& b) {
        return NaturalLess(a->version(), b->version());
      });
  list.insert(at, std::move(version));
}

std::string Quoted(std::string_view name, std::string_view version) {
  return "model '" + std::string(name) + "' version '" + std::string(version) + "'";
}

// Why a version that is there gives no lease.
std::string WhyNotReady(const ModelVersion& version) {
  const VersionInfo info = version.Info();
  if (info.state == VersionState::kFailed) return "failed to load: " + info.error;
  return "is " + std::string(NameOf(info.state));
}

ModelInfo InfoOf(const std::string& name, const Entry& entry) {
  ModelInfo info{name, {}};
  for (const VersionPtr& version : entry.versions) info.versions.push_back(version->Info());
  return info;
}

}  // namespace

struct Registry::Snapshot {
  std::map<std::string, Entry, std::less<>> models;
};

Registry::Registry() : id_(NextRegistryId()), snapshot_(std::make_shared<Snapshot>()) {}
Registry::~Registry() = default;

Registry::SnapshotPtr Registry::Load() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

// Every thread keeps the snapshot that it used last and looks only at one number to know whether it
// is still the newest. An idle thread may so keep an old snapshot for long: harmless, since a
// retired version gives no leases and is unloaded without regard to who still knows its name.
const Registry::Snapshot& Registry::Current() const {
  struct Cache {
    std::uint64_t registry = 0;
    std::uint64_t generation = 0;
    SnapshotPtr snapshot;
  };
  thread_local Cache cache;
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  if (cache.registry != id_ || cache.generation != generation) {
    cache = Cache{id_, generation, Load()};
  }
  return *cache.snapshot;
}

// Requires mutex_.
void Registry::Replace(SnapshotPtr next) {
  snapshot_ = std::move(next);
  generation_.fetch_add(1, std::memory_order_release);
}

Status Registry::Reserve(const VersionPtr& version, bool replace) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  std::size_t total = 0;
  for (const auto& [name, entry] : next->models) total += entry.versions.size();
  if (total >= kMaxVersions) {
    return Fail(Code::kFailedPrecondition,
                "there are " + std::to_string(total) +
                    " versions already, which is the limit; remove some");
  }
  Entry& entry = next->models[version->name()];
  if (FindVersion(entry.incoming, version->version()) != entry.incoming.end()) {
    return Fail(Code::kAlreadyExists, Quoted(version->name(), version->version()) +
                                          " is being replaced by another request right now");
  }
  const auto old = FindVersion(entry.versions, version->version());
  if (old == entry.versions.end()) {
    Insert(entry.versions, version);
  } else if ((*old)->state() == VersionState::kFailed) {
    *old = version;
  } else if (!replace) {
    return Fail(Code::kAlreadyExists,
                Quoted(version->name(), version->version()) + " is already deployed (" +
                    std::string(NameOf((*old)->state())) +
                    "); give another version, or \"replace\": true to swap it");
  } else {
    entry.incoming.push_back(version);
  }
  Replace(std::move(next));
  return {};
}

VersionPtr Registry::Publish(const VersionPtr& version) {
  version->Open();
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  const auto model = next->models.find(version->name());
  if (model == next->models.end()) return version;  // removed while it was loading
  Entry& entry = model->second;
  if (std::erase(entry.incoming, version) == 0) {
    const bool listed = std::ranges::find(entry.versions, version) != entry.versions.end();
    // Already in the list, and ready by Open(); the new snapshot only makes readers look again.
    Replace(std::move(next));
    return listed ? nullptr : version;
  }
  const auto old = FindVersion(entry.versions, version->version());
  VersionPtr replaced;
  if (old == entry.versions.end()) {
    Insert(entry.versions, version);
  } else {
    replaced = std::exchange(*old, version);
  }
  Replace(std::move(next));
  return replaced;
}

void Registry::Abandon(const VersionPtr& version) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  const auto model = next->models.find(version->name());
  if (model == next->models.end()) return;
  if (std::erase(model->second.incoming, version) == 0) return;
  const auto& versions = model->second.versions;
  const auto kept = std::ranges::find(versions, version->version(), &ModelVersion::version);
  if (kept != versions.end()) (*kept)->NoteFailedReload(version->Info().error);
  Replace(std::move(next));
}

Result<std::vector<VersionPtr>> Registry::Remove(std::string_view name, std::string_view version) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  const auto model = next->models.find(name);
  if (model == next->models.end()) {
    return Fail(Code::kNotFound, "model '" + std::string(name) + "' is not deployed");
  }
  Entry& entry = model->second;
  std::vector<VersionPtr> removed;
  const auto take = [&](std::vector<VersionPtr>& list) {
    std::erase_if(list, [&](const VersionPtr& v) {
      if (!version.empty() && v->version() != version) return false;
      removed.push_back(v);
      return true;
    });
  };
  take(entry.versions);
  take(entry.incoming);
  if (removed.empty()) {
    return Fail(Code::kNotFound, Quoted(name, version) + " is not deployed");
  }
  if (entry.versions.empty() && entry.incoming.empty()) next->models.erase(model);
  Replace(std::move(next));
  return removed;
}

Result<VersionLease> Registry::Resolve(std::string_view name, std::string_view version) const {
  // A version that is replaced is retired after its successor is published. So a refusal is final
  // only if nothing was published since the snapshot was taken.
  for (;;) {
    const std::uint64_t generation = generation_.load(std::memory_order_acquire);
    auto lease = ResolveIn(Current(), name, version);
    if (lease || generation == generation_.load(std::memory_order_acquire)) return lease;
  }
}

Result<VersionLease> Registry::ResolveIn(const Snapshot& now, std::string_view name,
                                         std::string_view version) {
  const auto model = now.models.find(name);
  if (model == now.models.end()) {
    return Fail(Code::kNotFound, "model '" + std::string(name) + "' is not deployed");
  }
  const std::vector<VersionPtr>& versions = model->second.versions;
  for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
    if (!version.empty() && (*it)->version() != version) continue;
    if (auto lease = (*it)->TryAcquire()) return std::move(*lease);
    if (!version.empty()) {
      return Fail(Code::kUnavailable, Quoted(name, version) + " " + WhyNotReady(**it));
    }
  }
  if (version.empty()) {
    std::string why;
    for (const VersionPtr& v : versions) {
      why += (why.empty() ? "" : "; ") + v->version() + " " + WhyNotReady(*v);
    }
    return Fail(Code::kUnavailable,
                "model '" + std::string(name) + "' has no ready version: " + why);
  }
  std::string known;
  for (const VersionPtr& v : versions) known += (known.empty() ? "" : ", ") + v->version();
  return Fail(Code::kNotFound, Quoted(name, version) + " is not deployed; there are: " + known);
}

std::vector<VersionPtr> Registry::Servable() const {
  const SnapshotPtr now = Load();
  std::vector<VersionPtr> servable;
  for (const auto& [name, entry] : now->models) {
    for (const VersionPtr& version : entry.versions) {
      if (version->state() == VersionState::kReady) servable.push_back(version);
    }
  }
  return servable;
}

VersionPtr Registry::Find(std::string_view name, std::string_view version) const {
  const SnapshotPtr now = Load();
  const auto model = now->models.find(name);
  if (model == now->models.end()) return nullptr;
  const auto& versions = model->second.versions;
  const auto found = std::ranges::find(versions, version, &ModelVersion::version);
  return found == versions.end() ? nullptr : *found;
}

bool Registry::Holds(const ModelVersion& version) const {
  const SnapshotPtr now = Load();
  const auto model = now->models.find(version.name());
  if (model == now->models.end()) return false;
  const auto is_it = [&](const VersionPtr& v) { return v.get() == &version; };
  return std::ranges::any_of(model->second.versions, is_it) ||
         std::ranges::any_of(model->second.incoming, is_it);
}

std::vector<ModelInfo> Registry::List() const {
  const SnapshotPtr now = Load();
  std::vector<ModelInfo> list;
  list.reserve(now->models.size());
  for (const auto& [name, entry] : now->models) list.push_back(InfoOf(name, entry));
  return list;
}

Result<ModelInfo> Registry::Describe(std::string_view name) const {
  const SnapshotPtr now = Load();
  const auto model = now->models.find(name);
  if (model == now->models.end()) {
    return Fail(Code::kNotFound, "model '" + std::string(name) + "' is not deployed");
  }
  return InfoOf(model->first, model->second);
}

}  // namespace plinth
