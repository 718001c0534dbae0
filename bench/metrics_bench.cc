// What a request's metrics cost: core by core as they are, and with one atomic for each number, as
// they would be without; then what a version takes of memory and a scrape of time.
// The whole request of a cheap model takes about 7 us of CPU time at 32 connections, so 70 ns are a
// hundredth of it.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "serving/infer.h"
#include "serving/model_metrics.h"
#include "telemetry/metrics.h"

namespace {

using namespace plinth;
using std::chrono::nanoseconds;

// How long requests take: a median of 20 us and a tail.
const std::vector<nanoseconds>& Latencies() {
  static const std::vector<nanoseconds> latencies = [] {
    std::mt19937 random(7);
    std::lognormal_distribution<double> draw(std::log(20'000.0), 1.0);
    std::vector<nanoseconds> values(4096);
    for (nanoseconds& value : values) value = nanoseconds(static_cast<std::int64_t>(draw(random)));
    return values;
  }();
  return latencies;
}

// ---- one atomic for each number

struct SharedHistogram {
  explicit SharedHistogram(const telemetry::Buckets& buckets) : counts(buckets.size()) {
    for (std::size_t i = 0; i + 1 < buckets.size(); ++i) bounds.push_back(buckets.bound(i));
  }
  void Observe(double value) {
    const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
    counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum.fetch_add(value, std::memory_order_relaxed);
  }

  std::vector<double> bounds;
  std::vector<std::atomic<std::uint64_t>> counts;
  std::atomic<double> sum{0};
};

struct SharedMetrics {
  std::atomic<std::uint64_t> submitted{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> cache_misses{0};
  SharedHistogram queue_duration{telemetry::LatencyBuckets()};
  SharedHistogram execution_duration{telemetry::LatencyBuckets()};
  SharedHistogram duration{telemetry::LatencyBuckets()};
  SharedHistogram batch_size{telemetry::SizeBuckets()};
};

// ---- all updates on the way of one request that is executed alone

void Request(SharedMetrics& metrics, nanoseconds took) {
  using Seconds = std::chrono::duration<double>;
  metrics.submitted.fetch_add(1, std::memory_order_relaxed);
  metrics.cache_misses.fetch_add(1, std::memory_order_relaxed);
  metrics.queue_duration.Observe(Seconds(took / 8).count());
  metrics.batch_size.Observe(1);
  metrics.execution_duration.Observe(Seconds(took / 2).count());
  metrics.requests.fetch_add(1, std::memory_order_relaxed);
  metrics.duration.Observe(Seconds(took).count());
}

void Request(VersionMetrics& metrics, nanoseconds took) {
  metrics.submitted->Add();
  metrics.cache_misses->Add();
  metrics.queue_duration->Observe(took / 8);
  metrics.batch_size->Observe(1.0);
  metrics.execution_duration->Observe(took / 2);
  metrics.requests->Add();
  metrics.duration->Observe(took);
}

template <typename Metrics>
void CountRequests(benchmark::State& state, std::vector<Metrics>& versions) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const std::vector<nanoseconds>& latencies = Latencies();
  std::size_t i = 0;
  for ([[maybe_unused]] auto _ : state) {
    // The versions in an order that no prefetcher knows.
    Request(versions[i * 2'654'435'761 % count], latencies[i % latencies.size()]);
    ++i;
  }
}

constexpr std::size_t kVersions = 1000;

ModelMetrics& Metrics() {
  static ModelMetrics metrics;
  return metrics;
}

void ByCore(benchmark::State& state) {
  static std::vector<VersionMetrics> versions = [] {
    std::vector<VersionMetrics> made;
    for (std::size_t i = 0; i < kVersions; ++i) {
      made.push_back(Metrics().For(fmt::format("model-{}", i), "v1"));
    }
    return made;
  }();
  CountRequests(state, versions);
}

void Shared(benchmark::State& state) {
  static std::vector<SharedMetrics> versions(kVersions);
  CountRequests(state, versions);
}

// Three of these are on the way of a request whether it is measured or not, but for the deadline.
void ReadClock(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(Clock::now());
}

// ---- memory and scrape

// Memory in use that this process got from malloc.
double Allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

void Scrape(benchmark::State& state) {
  const auto models = static_cast<std::size_t>(state.range(0));
  std::vector<ModelInfo> list;
  list.reserve(models);
  ModelMetrics metrics;
  double memory = 0;
  for (std::size_t i = 0; i < models; ++i) {
    const std::string name = fmt::format("model-{}", i);
    const double before = Allocated();
    const VersionMetrics version = metrics.For(name, "v1");
    memory += Allocated() - before;
    list.push_back({name, std::vector<VersionInfo>(1)});
    for (const nanoseconds latency : Latencies()) version.duration->Observe(latency);
  }
  std::size_t size = 0;
  for ([[maybe_unused]] auto _ : state) size = metrics.Render(list).size();
  state.counters["text_bytes"] = static_cast<double>(size);
  state.counters["bytes_per_version"] = memory / static_cast<double>(models);
}

BENCHMARK(Shared)->Arg(1)->Arg(kVersions)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(ByCore)->Arg(1)->Arg(kVersions)->Threads(1)->Threads(2)->UseRealTime();
BENCHMARK(ReadClock);
BENCHMARK(Scrape)->Arg(1)->Arg(100)->Arg(kVersions)->Unit(benchmark::kMicrosecond);

}  // namespace
