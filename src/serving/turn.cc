#include "serving/turn.h"

#include <algorithm>
#include <utility>

namespace plinth {
namespace {

struct Gathered {
  Gatherer* gatherer;
  std::vector<Job> jobs;
};

thread_local bool has_turns = false;
thread_local std::vector<Gathered> gathered;
thread_local std::vector<std::move_only_function<void()>> calls;

}  // namespace

bool HasTurns() { return has_turns; }

void Gather(Gatherer& gatherer, Job job) {
  auto at = std::ranges::find(gathered, &gatherer, &Gathered::gatherer);
  if (at == gathered.end()) at = gathered.insert(at, {&gatherer, {}});
  at->jobs.push_back(std::move(job));
}

void AtTurnEnd(std::move_only_function<void()> call) {
  if (!has_turns) return call();
  calls.push_back(std::move(call));
}

void EndTurn() {
  has_turns = true;
  // What is run may gather again: an answer may set off the next request.
  while (!gathered.empty()) {
    for (Gathered& part : std::exchange(gathered, {})) {
      part.gatherer->RunGathered(std::move(part.jobs));
    }
  }
  for (auto& call : std::exchange(calls, {})) call();
}

}  // namespace plinth
