#include "serving/release/shadow_record.h"

#include <algorithm>

namespace plinth {
namespace {
constexpr std::size_t kMaxReason = 1'000;
}  // namespace

bool ShadowRecord::Enter(std::uint64_t most) {
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) < most) return true;
  Leave();
  return false;
}

void ShadowRecord::AddError(std::string_view message) {
  metrics_.requests->Add();
  metrics_.errors->Add();
  const std::lock_guard lock(mutex_);
  ++figures_.requests;
  ++figures_.errors;
  AddDisagreement(message);
}

void ShadowRecord::AddComparison(const OutputComparison& comparison) {
  metrics_.requests->Add();
  const std::lock_guard lock(mutex_);
  ++figures_.requests;
  figures_.outcomes += comparison.outcomes;
  figures_.agreeing += comparison.agreeing;
  figures_.max_abs = std::max(figures_.max_abs, comparison.max_abs);
  sum_abs_ += comparison.sum_abs;
  finite_ += comparison.finite;
  metrics_.max_abs->Set(figures_.max_abs);
  if (!comparison.agrees()) AddDisagreement(comparison.mismatch);
}

void ShadowRecord::AddDisagreement(std::string_view reason) {
  metrics_.disagreements->Add();
  ++figures_.disagreed;
  if (!reason.empty()) figures_.reason = reason.substr(0, kMaxReason);
}

ShadowFigures ShadowRecord::figures() const {
  const std::lock_guard lock(mutex_);
  ShadowFigures figures = figures_;
  figures.dropped = metrics_.dropped->value();
  figures.in_flight = in_flight_.load(std::memory_order_relaxed);
  figures.mean_abs = finite_ == 0 ? 0 : sum_abs_ / static_cast<double>(finite_);
  return figures;
}

}  // namespace plinth
