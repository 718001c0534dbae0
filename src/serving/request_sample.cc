#include "serving/request_sample.h"

#include "serving/cache/compact_copy.h"

namespace plinth {
namespace {

std::atomic<std::size_t> g_bytes_of_all{0};

}  // namespace

RequestSample::Inputs RequestSample::Copy(const Inputs& inputs) {
  // Mostly false: only then is more than a load paid.
  if (!wanted_.load(std::memory_order_relaxed)) return {};
  if (CompactBytes(inputs) > kMaxBytes || g_bytes_of_all.load() > kMaxBytesOfAll) return {};
  if (!wanted_.exchange(false, std::memory_order_relaxed)) return {};
  return CompactCopy(inputs);
}

void RequestSample::Keep(Inputs inputs) {
  const std::size_t bytes = inputs.empty() ? 0 : CompactBytes(inputs);
  const std::lock_guard lock(mutex_);
  g_bytes_of_all.fetch_add(bytes);
  g_bytes_of_all.fetch_sub(std::exchange(bytes_, bytes));
  kept_ = std::move(inputs);
}

RequestSample::Inputs RequestSample::Get() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

}  // namespace plinth
