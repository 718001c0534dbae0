#include "model/registry.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/natural_order.h"
#include "traffic/sticky_map.h"
#include "traffic/traffic_router.h"

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
  TrafficPolicyPtr policy;           // nullptr: none
  // How the policy shares requests among the ready ones; nullptr where the newest answers all.
  std::shared_ptr<const TrafficRouter> router;
  std::vector<VersionPtr> ready;  // or resting: what the router's indices mean
};

template <typename List>
auto FindVersion(List& list, std::string_view version) {
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

// The names of all versions, for a message.
std::string Listed(const std::vector<VersionPtr>& versions) {
  std::string names;
  for (const VersionPtr& v : versions) names += (names.empty() ? "" : ", ") + v->version();
  return names;
}

// With `loaded_only` those that rest are passed over; else one that rests and would answer if it
// were loaded is not passed over for an older one.
Result<VersionLease> AcquireNewest(std::string_view name, const std::vector<VersionPtr>& versions,
                                   bool loaded_only) {
  for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
    if (auto lease = (*it)->TryAcquire()) return std::move(*lease);
    if (!loaded_only && (*it)->resting())
      return Fail(Code::kUnavailable, Quoted(name, (*it)->version()) + " rests");
  }
  std::string why;
  for (const VersionPtr& v : versions) {
    why += (why.empty() ? "" : "; ") + v->version() + " " + WhyNotReady(*v);
  }
  return Fail(Code::kUnavailable, "model '" + std::string(name) + "' has no ready version: " + why);
}

// The version of that name, if there is one, else what the label stands for.
std::string_view MeantBy(const Entry& entry, std::string_view version) {
  if (entry.policy == nullptr || FindVersion(entry.versions, version) != entry.versions.end()) {
    return version;
  }
  const auto label = entry.policy->labels.find(version);
  return label == entry.policy->labels.end() ? version : label->second;
}

Result<VersionLease> AcquireNamed(std::string_view name, const Entry& entry,
                                  std::string_view version) {
  const std::string_view meant = MeantBy(entry, version);
  const auto found = FindVersion(entry.versions, meant);
  if (found == entry.versions.end()) {
    const std::string label = meant == version ? "" : " (label '" + std::string(version) + "')";
    return Fail(Code::kNotFound, Quoted(name, meant) + label +
                                     " is not deployed; there are: " + Listed(entry.versions));
  }
  if (auto lease = (*found)->TryAcquire()) return std::move(*lease);
  return Fail(Code::kUnavailable, Quoted(name, meant) + " " + WhyNotReady(**found));
}

Result<Routed> AcquireRouted(std::string_view name, const Entry& entry, const KeyLookup& key) {
  if (entry.router == nullptr) {
    auto newest = AcquireNewest(name, entry.versions, false);
    if (!newest) return Fail(std::move(newest.error()));
    return Routed{*std::move(newest), {}};
  }
  std::optional<std::uint64_t> hash;
  if (const StickyKey& sticky = entry.router->sticky();
      sticky.source != StickyKey::Source::kNone && key) {
    if (const auto value = key(sticky)) hash = HashOfStickyKey(*value);
  }
  const std::size_t primary = entry.router->Pick(hash);
  Routed routed;
  if (auto lease = entry.ready[primary]->TryAcquire()) {
    routed.version = std::move(*lease);
  } else if (entry.ready[primary]->resting()) {
    return Fail(Code::kUnavailable, Quoted(name, entry.ready[primary]->version()) + " rests");
  } else {
    auto newest = AcquireNewest(name, entry.versions, true);
    if (!newest) return Fail(std::move(newest.error()));
    routed.version = *std::move(newest);
  }
  if (const auto shadow = entry.router->PickShadow(primary)) {
    if (auto lease = entry.ready[*shadow]->TryAcquire()) routed.shadow = std::move(*lease);
  }
  return routed;
}

Result<RoutePreview> PreviewOf(std::string_view name, const Entry& entry) {
  auto newest = AcquireNewest(name, entry.versions, entry.router != nullptr);
  if (!newest) return Fail(std::move(newest.error()));
  RoutePreview preview{
      .version = *std::move(newest), .settled = entry.router == nullptr, .sticky_field = {}};
  if (!preview.settled) {
    const StickyKey& sticky = entry.router->sticky();
    if (sticky.source == StickyKey::Source::kField) preview.sticky_field = sticky.name;
  }
  return preview;
}

// Makes the entry's router for the versions that are ready now.
void Reroute(Entry& entry, TrafficPolicyPtr policy) {
  entry.policy = std::move(policy);
  const std::shared_ptr<const TrafficRouter> previous = std::exchange(entry.router, nullptr);
  entry.ready.clear();
  if (entry.policy == nullptr || entry.policy->versions.empty()) return;
  std::vector<std::string> names;
  for (const VersionPtr& version : entry.versions) {
    if (version->state() != VersionState::kReady && !version->resting()) continue;
    entry.ready.push_back(version);
    names.push_back(version->version());
  }
  if (names.empty()) return;
  entry.router = std::make_shared<TrafficRouter>(*entry.policy, names, previous.get());
}

// The versions that may answer a request which names none, the likely and the unlikely.
std::vector<VersionPtr> MayAnswer(const Entry& entry) {
  if (entry.router == nullptr) {
    const auto newest = std::ranges::find_if(
        entry.versions.rbegin(), entry.versions.rend(),
        [](const VersionPtr& v) { return v->state() == VersionState::kReady || v->resting(); });
    if (newest == entry.versions.rend()) return {};
    return {*newest};
  }
  std::vector<std::string> names;
  for (const VersionPtr& version : entry.ready) names.push_back(version->version());
  const std::vector<double> shares = EffectiveShares(*entry.policy, names);
  std::vector<VersionPtr> versions;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] > 0) versions.push_back(entry.ready[i]);
  }
  return versions;
}

std::unexpected<Error> NotDeployed(std::string_view name) {
  return Fail(Code::kNotFound, "model '" + std::string(name) + "' is not deployed");
}

ModelInfo InfoOf(const std::string& name, const Entry& entry) {
  ModelInfo info{name, {}, entry.policy};
  for (const VersionPtr& version : entry.versions) info.versions.push_back(version->Info());
  return info;
}

}  // namespace

Error NoSuchVersion(const ModelInfo& model, std::string_view version) {
  std::string known;
  for (const VersionInfo& info : model.versions) {
    known += (known.empty() ? "" : ", ") + info.version;
  }
  return {Code::kNotFound, "model '" + model.name + "' has no version '" + std::string(version) +
                               "'; it has " + known};
}

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

// Publishes the next snapshot, in which nothing but the model `name` has changed. Requires mutex_.
void Registry::Replace(std::shared_ptr<Snapshot> next, const std::string& name) {
  if (const auto model = next->models.find(name); model == next->models.end()) {
    policies_.erase(name);
  } else {
    const auto policy = policies_.find(name);
    Reroute(model->second, policy == policies_.end() ? nullptr : policy->second);
  }
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
  } else if (version->spec().origin == Origin::kFolder &&
             (*old)->spec().origin != Origin::kFolder) {
    return Fail(Code::kAlreadyExists,
                Quoted(version->name(), version->version()) +
                    " is deployed by a request, which what lies in the models folder does not "
                    "replace");
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
  Replace(std::move(next), version->name());
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
    Replace(std::move(next), version->name());
    return listed ? nullptr : version;
  }
  const auto old = FindVersion(entry.versions, version->version());
  VersionPtr replaced;
  if (old == entry.versions.end()) {
    Insert(entry.versions, version);
  } else {
    replaced = std::exchange(*old, version);
  }
  Replace(std::move(next), version->name());
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
  Replace(std::move(next), version->name());
}

Result<std::vector<VersionPtr>> Registry::Remove(std::string_view name, std::string_view version) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  const auto model = next->models.find(name);
  if (model == next->models.end()) return NotDeployed(name);
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
  const std::string model_name = model->first;
  if (entry.versions.empty() && entry.incoming.empty()) next->models.erase(model);
  Replace(std::move(next), model_name);
  return removed;
}

// What `look` gives for the model's entry. A version that is replaced is retired after its
// successor is published. So a refusal is final only if nothing was published since the snapshot
// was taken.
template <typename Look>
auto Registry::Retrying(std::string_view name, Look look) const {
  for (;;) {
    const std::uint64_t generation = generation_.load(std::memory_order_acquire);
    const Snapshot& now = Current();
    const auto model = now.models.find(name);
    decltype(look(model->second)) found =
        model == now.models.end() ? NotDeployed(name) : look(model->second);
    if (found || generation == generation_.load(std::memory_order_acquire)) return found;
  }
}

Result<VersionLease> Registry::Resolve(std::string_view name, std::string_view version) const {
  if (version.empty()) {
    auto routed = Route(name, {});
    if (!routed) return Fail(std::move(routed.error()));
    return std::move(routed->version);
  }
  return Retrying(name, [&](const Entry& entry) { return AcquireNamed(name, entry, version); });
}

Result<Routed> Registry::Route(std::string_view name, const KeyLookup& key) const {
  return Retrying(name, [&](const Entry& entry) { return AcquireRouted(name, entry, key); });
}

Result<RoutePreview> Registry::Preview(std::string_view name) const {
  return Retrying(name, [&](const Entry& entry) { return PreviewOf(name, entry); });
}

void Registry::SetTraffic(const std::string& name, TrafficPolicyPtr policy) {
  const std::lock_guard lock(mutex_);
  if (policy == nullptr) {
    policies_.erase(name);
  } else {
    policies_[name] = std::move(policy);
  }
  auto next = std::make_shared<Snapshot>(*snapshot_);
  if (next->models.contains(name)) Replace(std::move(next), name);
}

TrafficPolicyPtr Registry::Traffic(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto policy = policies_.find(name);
  return policy == policies_.end() ? nullptr : policy->second;
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

std::vector<VersionPtr> Registry::Resting(std::string_view name, std::string_view version) const {
  const SnapshotPtr now = Load();
  const auto model = now->models.find(name);
  if (model == now->models.end()) return {};
  const Entry& entry = model->second;
  std::vector<VersionPtr> asked;
  if (version.empty()) {
    asked = MayAnswer(entry);
  } else if (const auto found = FindVersion(entry.versions, MeantBy(entry, version));
             found != entry.versions.end()) {
    asked.push_back(*found);
  }
  std::erase_if(asked, [](const VersionPtr& v) { return !v->resting(); });
  return asked;
}

bool Registry::Exchange(const VersionPtr& version, const VersionPtr& resting) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot_);
  const auto model = next->models.find(version->name());
  if (model == next->models.end()) return false;
  auto& versions = model->second.versions;
  const auto place = std::ranges::find(versions, version);
  if (place == versions.end()) return false;
  *place = resting;
  Replace(std::move(next), version->name());
  return true;
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
  if (model == now->models.end()) return NotDeployed(name);
  return InfoOf(model->first, model->second);
}

}  // namespace plinth
