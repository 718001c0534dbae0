// What an event loop's thread gathers while it handles the events of one turn, to do it together
// at the turn's end.
//
// Requests that arrive in the same turn have arrived at the same time as far as their clients can
// tell, so that running them as one batch at its end makes none of them wait for another. A thread
// takes part by calling EndTurn() at the end of every turn; on all others nothing is gathered.
#pragma once

#include <functional>
#include <vector>

#include "serving/job.h"

namespace plinth {

// Runs what was gathered for it.
class Gatherer {
 public:
  virtual ~Gatherer() = default;
  virtual void RunGathered(std::vector<Job> jobs) = 0;
};

// Whether this thread will call EndTurn().
bool HasTurns();

// Keeps the job until the end of the turn. The job keeps the gatherer alive. Requires HasTurns().
void Gather(Gatherer& gatherer, Job job);

// Calls `call` once the answers of this turn are written: at its end, after what was gathered. At
// once on a thread without turns.
void AtTurnEnd(std::move_only_function<void()> call);

void EndTurn();

}  // namespace plinth
