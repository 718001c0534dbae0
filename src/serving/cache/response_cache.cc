#include "serving/cache/response_cache.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "serving/cache/compact_copy.h"

namespace plinth {
namespace {

// Entries of a shard at least, so that it has enough of them to choose from, and the most shards.
constexpr std::size_t kShardEntries = 256;
constexpr std::size_t kMostShards = 1024;

// What an entry costs beside its outputs: its node, its share of the index and of the ghosts, the
// shared pointer's own.
constexpr std::size_t kEntryOverhead = 256;

// One answer takes at most this share of all bytes.
constexpr std::size_t kLargestShare = 8;

// How many expired entries an insertion clears away: more than one, so that they become fewer, few,
// so that it stays short.
constexpr std::size_t kExpiredPerInsert = 4;

std::size_t ShardsFor(std::size_t entries) {
  return std::clamp<std::size_t>(std::bit_floor(entries / kShardEntries), 1, kMostShards);
}

Hash128 Identify(std::uint64_t load_id, const VersionCache::Options& options) {
  Hasher128 hasher;
  hasher.Number(load_id);
  hasher.Text(options.model);
  hasher.Text(options.version);
  return hasher.Finish();
}

// Only the elements: where a slice begins in the memory that it shares makes no difference.
void AddStrings(Hasher128& hasher, const Tensor& tensor) {
  const auto offsets = tensor.offsets();
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) hasher.Number(offsets[i + 1] - offsets[i]);
  hasher.Bytes(tensor.data().bytes().subspan(offsets.front(), offsets.back() - offsets.front()));
}

void AddTensor(Hasher128& hasher, const NamedTensor& input) {
  const Tensor& tensor = input.tensor;
  hasher.Text(input.name);
  hasher.Number(static_cast<std::uint64_t>(tensor.dtype()));
  hasher.Number(tensor.shape().rank());
  for (const std::int64_t dim : tensor.shape().dims())
    hasher.Number(static_cast<std::uint64_t>(dim));
  if (tensor.dtype() == DType::kBytes) {
    AddStrings(hasher, tensor);
  } else {
    hasher.Bytes(tensor.data().bytes());
  }
}

}  // namespace

// ---- VersionCache

VersionCache::VersionCache(std::shared_ptr<ResponseCache> process, std::uint64_t load_id,
                           const Options& options)
    : process_(std::move(process)),
      identity_(Identify(load_id, options)),
      ttl_(options.ttl),
      shards_(ShardsFor(options.entries)) {
  const std::size_t entries = std::max<std::size_t>(options.entries, 1);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    shards_[i].capacity = entries / shards_.size() + (i < entries % shards_.size() ? 1 : 0);
  }
}

VersionCache::~VersionCache() {
  process_->Remove(*this);
  Close();
}

Hash128 VersionCache::KeyOf(std::span<const NamedTensor> inputs,
                            std::span<const std::uint32_t> wanted,
                            std::span<const CacheParameter> parameters) const {
  Hasher128 hasher;
  hasher.Number(identity_.low);
  hasher.Number(identity_.high);
  hasher.Number(inputs.size());
  for (const NamedTensor& input : inputs) AddTensor(hasher, input);
  hasher.Number(wanted.size());
  for (const std::uint32_t output : wanted) hasher.Number(output);
  hasher.Number(parameters.size());
  for (const CacheParameter& parameter : parameters) {
    hasher.Text(parameter.name);
    hasher.Text(parameter.value);
  }
  return hasher.Finish();
}

VersionCache::Time VersionCache::Now() const {
  return ttl_.count() > 0 ? process_->now_() : Time{};
}

void VersionCache::Release(std::size_t bytes) {
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  process_->Release(bytes);
}

VersionCache::Found VersionCache::Find(const Hash128& key) {
  Shard& shard = ShardOf(key);
  Trash trash;
  const std::lock_guard lock(shard.mutex);
  if (const Entry* entry = shard.entries.Find(key)) {
    if (!HasExpired(*entry, Now())) {
      ++shard.stats.hits;
      return entry->outputs;
    }
    ++shard.stats.expirations;
    Discard(shard.entries.Remove(key), trash);
  }
  std::shared_ptr<Flight>& flight = shard.flights[key];
  if (flight != nullptr) {
    ++shard.stats.joins;
    return flight;
  }
  flight = std::make_shared<Flight>(shared_from_this(), key);
  ++shard.stats.misses;
  return Lead(flight);
}

// A flight that lands keeps its answer first and is dropped then, and Find() looks for both under
// one lock: it always sees one of them.
SharedOutputs VersionCache::Keep(const Hash128& key, const std::vector<NamedTensor>& outputs) {
  const std::size_t bytes = CompactBytes(outputs) + kEntryOverhead;
  if (closed_.load(std::memory_order_relaxed) || !process_->Reserve(bytes)) return nullptr;
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  try {
    auto kept = std::make_shared<const std::vector<NamedTensor>>(CompactCopy(outputs));
    if (Insert(key, {kept, bytes, Time{}})) return kept;
  } catch (const std::bad_alloc&) {
    // There is no room for a cache: the answer goes out all the same.
  }
  Release(bytes);
  return nullptr;
}

void VersionCache::Drop(Flight& flight) {
  Shard& shard = ShardOf(flight.key());
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.flights.find(flight.key());
  if (it == shard.flights.end() || it->second.get() != &flight || !flight.Retire()) return;
  shard.flights.erase(it);
}

bool VersionCache::Insert(const Hash128& key, Entry entry) {
  Shard& shard = ShardOf(key);
  Trash trash;
  const std::lock_guard lock(shard.mutex);
  if (closed_.load(std::memory_order_relaxed)) return false;
  const Time now = Now();
  entry.expiry = now + ttl_;
  DiscardExpired(shard, kExpiredPerInsert, now, trash);
  if (shard.entries.size() >= shard.capacity) EvictOne(shard, now, trash);
  Discard(shard.entries.Insert(key, std::move(entry)), trash);
  return true;
}

void VersionCache::Discard(std::optional<Entry> entry, Trash& trash) {
  if (!entry) return;
  Release(entry->bytes);
  trash.Add(std::move(entry->outputs));
}

std::size_t VersionCache::DiscardExpired(Shard& shard, std::size_t most, Time now, Trash& trash) {
  std::size_t count = 0;
  for (; count < most; ++count) {
    const Entry* oldest = shard.entries.Oldest();
    if (oldest == nullptr || !HasExpired(*oldest, now)) break;
    Discard(shard.entries.RemoveOldest(), trash);
  }
  shard.stats.expirations += count;
  return count;
}

void VersionCache::EvictOne(Shard& shard, Time now, Trash& trash) {
  if (DiscardExpired(shard, 1, now, trash) > 0) return;
  Discard(shard.entries.EvictOne(), trash);
  ++shard.stats.evictions;
}

bool VersionCache::EvictAny(Trash& trash) {
  for (std::size_t tried = 0; tried < shards_.size(); ++tried) {
    Shard& shard = shards_[next_victim_.fetch_add(1, std::memory_order_relaxed) % shards_.size()];
    const std::lock_guard lock(shard.mutex);
    if (shard.entries.size() == 0) continue;
    EvictOne(shard, Now(), trash);
    return true;
  }
  return false;
}

void VersionCache::Close() {
  // Whoever inserts looks at this under the shard's lock: what went in before is taken out here,
  // nothing goes in after.
  closed_.store(true, std::memory_order_relaxed);
  for (Shard& shard : shards_) {
    for (bool more = true; more;) {
      Trash trash;
      const std::lock_guard lock(shard.mutex);
      for (std::size_t i = 0; i < Trash::kRoom; ++i) Discard(shard.entries.RemoveOldest(), trash);
      more = shard.entries.size() > 0;
    }
  }
}

void VersionCache::Sweep() {
  if (ttl_.count() == 0) return;
  for (Shard& shard : shards_) {
    for (bool more = true; more;) {
      Trash trash;
      const std::lock_guard lock(shard.mutex);
      more = DiscardExpired(shard, Trash::kRoom, Now(), trash) == Trash::kRoom;
    }
  }
}

CacheStats VersionCache::Stats() const {
  CacheStats sum;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum.hits += shard.stats.hits;
    sum.misses += shard.stats.misses;
    sum.joins += shard.stats.joins;
    sum.evictions += shard.stats.evictions;
    sum.expirations += shard.stats.expirations;
    sum.entries += shard.entries.size();
  }
  sum.bytes = bytes();
  return sum;
}

// ---- ResponseCache

std::shared_ptr<VersionCache> ResponseCache::Open(const VersionCache::Options& options) {
  auto cache = std::make_shared<VersionCache>(
      shared_from_this(), next_load_.fetch_add(1, std::memory_order_relaxed), options);
  const std::lock_guard lock(mutex_);
  versions_.push_back(cache.get());
  return cache;
}

void ResponseCache::Remove(const VersionCache& cache) {
  const std::lock_guard lock(mutex_);
  std::erase(versions_, &cache);
}

bool ResponseCache::Reserve(std::size_t size) {
  if (size > max_bytes_ / kLargestShare) return false;
  std::size_t used = bytes_.load(std::memory_order_relaxed);
  while (true) {
    if (used + size <= max_bytes_) {
      if (bytes_.compare_exchange_weak(used, used + size, std::memory_order_relaxed)) return true;
      continue;
    }
    VersionCache::Trash trash;
    if (!EvictFromLargest(trash)) return false;
    used = bytes_.load(std::memory_order_relaxed);
  }
}

bool ResponseCache::EvictFromLargest(VersionCache::Trash& trash) {
  const std::lock_guard lock(mutex_);
  const auto largest =
      std::ranges::max_element(versions_, {}, [](const VersionCache* v) { return v->bytes(); });
  return largest != versions_.end() && (*largest)->EvictAny(trash);
}

}  // namespace plinth
