#include "serving/job.h"

#include <algorithm>
#include <utility>

namespace plinth {

Clock::time_point LastDeadline(std::span<const Job> jobs) {
  if (jobs.empty()) return Clock::time_point::max();
  return std::ranges::max_element(jobs, {}, &Job::deadline)->deadline;
}

std::function<bool()> AllGone(std::span<const Job> jobs) {
  if (jobs.empty()) return {};
  std::vector<std::function<bool()>> gone;
  gone.reserve(jobs.size());
  for (const Job& job : jobs) {
    if (!job.cancelled) return {};
    gone.push_back(job.cancelled);
  }
  return [gone = std::move(gone)] {
    return std::ranges::all_of(gone, [](const auto& is_gone) { return is_gone(); });
  };
}

}  // namespace plinth
