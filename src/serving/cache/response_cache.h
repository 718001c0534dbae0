// Answers kept, so that equal requests run once.
//
// One ResponseCache for the process bounds the bytes; one VersionCache for each loaded version that
// wants a cache holds its entries, their number and how long they live. Loading the same files
// again makes another VersionCache, so no answer outlives the version that gave it.
//
//   auto cache = process_cache->Open({.model = "digits", .version = "v1", .entries = 1000});
//   auto found = cache->Find(cache->KeyOf(inputs, wanted, parameters));
//   if (auto* outputs = std::get_if<SharedOutputs>(&found)) {
//     // A hit: answer with **outputs; nothing is copied.
//   } else if (auto* lead = std::get_if<Lead>(&found)) {
//     // Run the request, then lead->Succeed(outputs) or lead->Fail(error).
//   } else {
//     // An equal request is running: std::get<std::shared_ptr<Flight>>(found)->Join(...), which
//     // may say that it is gone: Find() again.
//   }
//
// Invariants:
//   - bytes() never exceeds max_bytes, and a version never holds more than its entries; what leaves
//     the cache lives on only in the answers that still use it;
//   - an answer is never given at or after its expiry, which is its time of arrival in the cache
//     plus the ttl;
//   - a closed VersionCache holds nothing and keeps nothing;
//   - no lock is held while memory of tensors is copied or freed or a follower is called, and no
//     two locks of shards at once; the process's lock comes before a shard's.
// When bytes run out the version that holds most gives way, so a model with large answers cannot
// push out the others.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/hash128.h"
#include "serving/cache/flight.h"
#include "serving/cache/s3fifo.h"
#include "tensor/tensor.h"

namespace plinth {

class ResponseCache;

struct CacheStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;       // requests that had to run
  std::uint64_t joins = 0;        // requests that waited for an equal one
  std::uint64_t evictions = 0;    // for room
  std::uint64_t expirations = 0;  // for age
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

// A setting of a request that can change its answer.
struct CacheParameter {
  std::string_view name;
  std::string_view value;
};

class VersionCache final : public Flight::Table, public std::enable_shared_from_this<VersionCache> {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Found = std::variant<SharedOutputs, Lead, std::shared_ptr<Flight>>;

  struct Options {
    std::string_view model;
    std::string_view version;
    std::size_t entries = 0;           // the most; at least 1
    std::chrono::milliseconds ttl{0};  // 0: answers do not age
  };

  VersionCache(std::shared_ptr<ResponseCache> process, std::uint64_t load_id,
               const Options& options);
  ~VersionCache() override;

  // Covers everything that can change the answer: this load of this version, the inputs' names,
  // types, shapes and elements, the wanted outputs, the parameters. Requires the order that
  // CheckInputs() and CheckOutputs() give; the parameters sorted by name.
  Hash128 KeyOf(std::span<const NamedTensor> inputs, std::span<const std::uint32_t> wanted,
                std::span<const CacheParameter> parameters) const;

  // The answer, or the lead of a new flight, or the flight of an equal request. Throws
  // std::bad_alloc, on a miss only.
  Found Find(const Hash128& key);

  // The version is replaced or removed: drops everything and keeps nothing from now on. Flights go
  // on. Any thread, any number of times.
  void Close();

  // Drops what has expired: for a timer, so that answers nobody asks for again give their memory
  // back.
  void Sweep();

  CacheStats Stats() const;
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // Flight::Table
  SharedOutputs Keep(const Hash128& key, const std::vector<NamedTensor>& outputs) override;
  void Drop(Flight& flight) override;

 private:
  friend class ResponseCache;
  struct Entry {
    SharedOutputs outputs;
    std::size_t bytes;
    Time expiry;
  };
  struct Shard {
    mutable std::mutex mutex;  // guards what follows
    S3Fifo<Entry> entries;
    std::unordered_map<Hash128, std::shared_ptr<Flight>> flights;
    std::size_t capacity = 0;
    CacheStats stats;  // but entries and bytes
  };
  // What left a shard under its lock, to be freed after it. Has room for what one step can take
  // out.
  class Trash {
   public:
    static constexpr std::size_t kRoom = 8;
    void Add(SharedOutputs outputs) { outputs_[size_++] = std::move(outputs); }

   private:
    std::array<SharedOutputs, kRoom> outputs_;
    std::size_t size_ = 0;
  };

  Shard& ShardOf(const Hash128& key) { return shards_[key.high % shards_.size()]; }
  bool HasExpired(const Entry& entry, Time now) const {
    return ttl_.count() > 0 && now >= entry.expiry;
  }
  // The time if answers age; else it does not matter and is not asked for.
  Time Now() const;
  void Release(std::size_t bytes);

  bool Insert(const Hash128& key, Entry entry);
  // All require the shard's lock. Discard() counts the entry's bytes as free.
  void Discard(std::optional<Entry> entry, Trash& trash);
  // At most `most` entries; how many there were.
  std::size_t DiscardExpired(Shard& shard, std::size_t most, Time now, Trash& trash);
  void EvictOne(Shard& shard, Time now, Trash& trash);

  // Evicts one entry of any shard; false if there is none.
  bool EvictAny(Trash& trash);

  const std::shared_ptr<ResponseCache> process_;  // an idle thread may hold a version for long
  const Hash128 identity_;
  const std::chrono::milliseconds ttl_;
  std::vector<Shard> shards_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> next_victim_{0};
  std::atomic<bool> closed_{false};
};

class ResponseCache : public std::enable_shared_from_this<ResponseCache> {
 public:
  using Now = std::function<VersionCache::Time()>;

  // `max_bytes` for all answers together, bookkeeping included; an eighth of it for one. `now` is
  // asked from any thread.
  static std::shared_ptr<ResponseCache> Create(std::size_t max_bytes,
                                               Now now = std::chrono::steady_clock::now) {
    return std::shared_ptr<ResponseCache>(new ResponseCache(max_bytes, std::move(now)));
  }

  // A cache for a version that has just been loaded. Not for stateful models.
  std::shared_ptr<VersionCache> Open(const VersionCache::Options& options);

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  friend class VersionCache;

  ResponseCache(std::size_t max_bytes, Now now) : max_bytes_(max_bytes), now_(std::move(now)) {}

  // Takes `size` of the bytes, evicting what it must; false if that cannot be.
  bool Reserve(std::size_t size);
  void Release(std::size_t size) { bytes_.fetch_sub(size, std::memory_order_relaxed); }
  // Evicts one entry of the version that holds most; false if there is none.
  bool EvictFromLargest(VersionCache::Trash& trash);
  void Remove(const VersionCache& cache);

  const std::size_t max_bytes_;
  const Now now_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> next_load_{1};

  mutable std::mutex mutex_;             // guards what follows
  std::vector<VersionCache*> versions_;  // each takes itself out before it goes
};

}  // namespace plinth
