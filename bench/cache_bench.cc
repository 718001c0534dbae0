// What the response cache costs and what it brings.
//
//   cache_bench [costs|ratios|all] [requests of a trace, default 1000000]
//
// The first table: nanoseconds for each step of a request that hits and of one that misses a full
// cache, by size of the input. The second: the share of hits on synthetic traces, against LRU and
// against the optimum (Belady: evict what is needed last, or do not admit it), which no cache can
// reach that does not know the future.
#include <ctime>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <list>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "serving/cache/response_cache.h"
#include "serving/cache/s3fifo.h"

namespace plinth {
namespace {

using Clock = std::chrono::steady_clock;

// ---- costs

// Of the calling thread: what others do on the machine at the same time does not count.
std::int64_t CpuNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// CPU nanoseconds of one call, the median of eleven series.
template <typename Call>
double NanosecondsOf(std::uint64_t calls, Call call) {
  std::vector<double> series;
  for (int repeat = 0; repeat < 11; ++repeat) {
    const std::int64_t start = CpuNanoseconds();
    for (std::uint64_t i = 0; i < calls; ++i) call(i);
    series.push_back(static_cast<double>(CpuNanoseconds() - start) / static_cast<double>(calls));
  }
  std::ranges::nth_element(series, series.begin() + 5);
  return series[5];
}

std::vector<NamedTensor> Floats(const std::string& name, std::int64_t count) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, {1, count});
  std::ranges::fill(tensor.mutable_values<float>(), 0.5F);
  return {{name, std::move(tensor)}};
}

Hash128 Spread(std::uint64_t i) {
  Hasher128 hasher;
  hasher.Number(i);
  return hasher.Finish();
}

void PrintCosts(std::size_t entries) {
  const auto process = ResponseCache::Create(std::size_t{1} << 30);
  const auto cache = process->Open(
      {.model = "digits", .version = "v1", .entries = entries, .ttl = std::chrono::minutes(1)});
  const auto outputs = Floats("probabilities", 10);
  std::uint64_t next = 0;
  const auto miss = [&](std::uint64_t) {
    auto found = cache->Find(Spread(next++));
    std::get<Lead>(found).Succeed(outputs);
  };
  for (std::size_t i = 0; i < 3 * entries; ++i) miss(i);
  const double miss_ns = NanosecondsOf(100'000, miss);
  const double spread_ns = NanosecondsOf(100'000, [](std::uint64_t i) {
    volatile std::uint64_t sink = Spread(i).low;
    (void)sink;
  });

  std::vector<Hash128> hot;
  for (std::size_t i = 0; i < entries / 2; ++i) hot.push_back(Spread(next - 1 - i));
  std::ranges::shuffle(hot, std::mt19937_64(1));
  std::uint64_t lost = 0;
  const auto hit = [&](std::uint64_t i) {
    const auto found = cache->Find(hot[i % hot.size()]);
    lost += std::holds_alternative<SharedOutputs>(found) ? 0 : 1;
  };
  const double hit_ns = NanosecondsOf(500'000, hit);

  fmt::print("cache of {} answers of 10 floats, full, one thread; CPU nanoseconds\n\n", entries);
  fmt::print("{:>12} {:>8} {:>8} {:>8} {:>12} {:>12}\n", "input bytes", "key", "find", "miss",
             "hit in all", "miss in all");
  for (const std::int64_t floats : {4, 64, 784, 3'072, 150'528}) {
    const auto inputs = Floats("x", floats);
    const double key_ns = NanosecondsOf(floats > 10'000 ? 200 : 20'000, [&](std::uint64_t) {
      volatile std::uint64_t sink = cache->KeyOf(inputs, {}, {}).low;
      (void)sink;
    });
    const double miss_only = miss_ns - spread_ns;
    fmt::print("{:>12} {:>8.0f} {:>8.0f} {:>8.0f} {:>12.0f} {:>12.0f}\n", floats * 4, key_ns,
               hit_ns, miss_only, key_ns + hit_ns, key_ns + miss_only);
  }
  fmt::print("\n(miss: find, lead, copy of the outputs, insertion, eviction of another){}\n\n",
             lost > 0 ? " SOME HITS MISSED" : "");
}

void PrintThreads() {
  const auto process = ResponseCache::Create(std::size_t{1} << 30);
  const auto cache = process->Open({.model = "digits", .version = "v1", .entries = 10'000});
  const auto outputs = Floats("probabilities", 10);
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    auto found = cache->Find(Spread(i));
    std::get<Lead>(found).Succeed(outputs);
  }
  constexpr std::uint64_t kFinds = 2'000'000;
  for (const unsigned count : {1u, 2u, 4u}) {
    std::vector<std::thread> threads;
    const auto start = Clock::now();
    for (unsigned t = 0; t < count; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (std::uint64_t i = 0; i < kFinds; ++i) (void)cache->Find(Spread(random() % 5'000));
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = Clock::now() - start;
    fmt::print("{} thread{}: {:.1f} million hits/s\n", count, count == 1 ? "" : "s",
               static_cast<double>(kFinds * count) / took.count() / 1e6);
  }
  fmt::print("\n");
}

// ---- hit ratios

using Trace = std::vector<std::uint64_t>;

// Keys 0 .. keys - 1, key k with probability proportional to (k + 1)^-alpha.
Trace ZipfTrace(std::size_t size, std::size_t keys, double alpha, std::uint64_t seed) {
  std::vector<double> cumulative(keys);
  double sum = 0;
  for (std::size_t k = 0; k < keys; ++k)
    cumulative[k] = sum += std::pow(static_cast<double>(k + 1), -alpha);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, sum);
  Trace trace(size);
  for (std::uint64_t& key : trace) {
    key = static_cast<std::uint64_t>(std::ranges::lower_bound(cumulative, uniform(random)) -
                                     cumulative.begin());
  }
  return trace;
}

// Every tenth thousand of requests is a scan: keys that are asked for once.
Trace WithScans(Trace trace) {
  std::uint64_t fresh = std::uint64_t{1} << 40;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (i / 1'000 % 10 == 9) trace[i] = fresh++;
  }
  return trace;
}

// The popular keys change: every fifth of the trace they are others.
Trace WithDrift(Trace trace, std::size_t keys) {
  for (std::size_t i = 0; i < trace.size(); ++i) trace[i] += i / (trace.size() / 5) * keys / 4;
  return trace;
}

double S3FifoRatio(const Trace& trace, std::size_t capacity) {
  S3Fifo<char> cache;
  std::size_t hits = 0;
  for (const std::uint64_t key : trace) {
    const Hash128 hash = Spread(key);
    if (cache.Find(hash) != nullptr) {
      ++hits;
      continue;
    }
    if (cache.size() >= capacity) cache.EvictOne();
    cache.Insert(hash, 0);
  }
  return static_cast<double>(hits) / static_cast<double>(trace.size());
}

double LruRatio(const Trace& trace, std::size_t capacity) {
  std::list<std::uint64_t> order;
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places;
  std::size_t hits = 0;
  for (const std::uint64_t key : trace) {
    if (const auto it = places.find(key); it != places.end()) {
      ++hits;
      order.splice(order.begin(), order, it->second);
      continue;
    }
    if (order.size() >= capacity) {
      places.erase(order.back());
      order.pop_back();
    }
    order.push_front(key);
    places[key] = order.begin();
  }
  return static_cast<double>(hits) / static_cast<double>(trace.size());
}

double OptimalRatio(const Trace& trace, std::size_t capacity) {
  constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> next_use(trace.size(), kNever);
  std::unordered_map<std::uint64_t, std::size_t> seen;
  for (std::size_t i = trace.size(); i-- > 0;) {
    if (const auto it = seen.find(trace[i]); it != seen.end()) next_use[i] = it->second;
    seen[trace[i]] = i;
  }
  std::set<std::pair<std::size_t, std::uint64_t>> by_next_use;  // of what is in the cache
  std::unordered_map<std::uint64_t, std::size_t> inside;
  std::size_t hits = 0;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (const auto it = inside.find(trace[i]); it != inside.end()) {
      ++hits;
      by_next_use.erase({it->second, trace[i]});
    }
    by_next_use.emplace(next_use[i], trace[i]);
    inside[trace[i]] = next_use[i];
    if (by_next_use.size() > capacity) {
      const auto last = std::prev(by_next_use.end());
      inside.erase(last->second);
      by_next_use.erase(last);
    }
  }
  return static_cast<double>(hits) / static_cast<double>(trace.size());
}

void PrintHitRatios(std::size_t requests) {
  constexpr std::size_t kKeys = 100'000;
  std::vector<std::pair<std::string, Trace>> traces;
  for (const double alpha : {0.7, 0.9, 1.1}) {
    traces.emplace_back(fmt::format("zipf {}", alpha), ZipfTrace(requests, kKeys, alpha, 1));
  }
  traces.emplace_back("zipf 0.9, scans", WithScans(ZipfTrace(requests, kKeys, 0.9, 2)));
  traces.emplace_back("zipf 0.9, drift", WithDrift(ZipfTrace(requests, kKeys, 0.9, 3), kKeys));
  fmt::print("share of hits, {} requests over {} keys\n\n", requests, kKeys);
  fmt::print("{:<16} {:>8} {:>8} {:>8} {:>8} {:>18}\n", "trace", "entries", "LRU", "S3-FIFO",
             "optimum", "S3-FIFO/optimum");
  for (const auto& [name, trace] : traces) {
    for (const std::size_t capacity : {100u, 1'000u, 10'000u}) {
      const double s3fifo = S3FifoRatio(trace, capacity);
      const double optimal = OptimalRatio(trace, capacity);
      fmt::print("{:<16} {:>8} {:>8.3f} {:>8.3f} {:>8.3f} {:>18.3f}\n", name, capacity,
                 LruRatio(trace, capacity), s3fifo, optimal, s3fifo / optimal);
    }
  }
}

}  // namespace
}  // namespace plinth

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "all";
  std::size_t requests = 1'000'000;
  bool right = what == "costs" || what == "ratios" || what == "all";
  if (argc > 2) {
    const std::string_view text(argv[2]);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), requests);
    right &= read.ec == std::errc() && read.ptr == text.data() + text.size() && requests >= 1'000;
  }
  if (!right) {
    fmt::print(stderr, "cache_bench [costs|ratios|all] [requests of a trace, at least 1000]\n");
    return 2;
  }
  if (what != "ratios") {
    for (const std::size_t entries : {1'000u, 10'000u}) plinth::PrintCosts(entries);
    plinth::PrintThreads();
  }
  if (what != "costs") plinth::PrintHitRatios(requests);
}
