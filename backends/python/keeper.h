// Keeps a worker for a model: starts it, writes what it says to the log, and starts another when it
// has ended.
#pragma once

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "common/failure.h"
#include "python/log_lines.h"
#include "python/messages.h"
#include "python/program.h"
#include "python/settings.h"
#include "python/stop_event.h"
#include "python/worker.h"

namespace plinth::python {

class Keeper : public Program {
 public:
  // Returns when the first worker has loaded the model, or why there is none.
  static kit::Result<std::unique_ptr<Program>> Start(Settings settings);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  // Ends the worker: in order if it does so in time. No worker is executing.
  ~Keeper() override;

  // What the first worker said; those that follow must say the same.
  const Loaded& loaded() const override { return loaded_; }

  kit::Status Execute(const plinth_execute_request& request, const kit::Signature& signature,
                      kit::OutputWriter& outputs) override;

 private:
  explicit Keeper(Settings settings) : settings_(std::move(settings)) {}

  // The worker that has loaded the model. UNAVAILABLE: it has died and there is no other yet.
  kit::Result<std::shared_ptr<Worker>> Get();

  // Why `worker` has ended, as soon as that is known: UNAVAILABLE.
  kit::Failure WhyEnded(const std::shared_ptr<Worker>& worker);

  // The thread: it starts the workers, and they live no longer than it.
  void Run(std::promise<kit::Status> first);
  // From its start to its end; the status is that of its load. `first` is told it as soon as it is
  // known.
  kit::Status RunWorker(std::promise<kit::Status>* first);
  // The same where nothing is thrown: RESOURCE_EXHAUSTED.
  kit::Status TryWorker(std::promise<kit::Status>* first);
  kit::Status CheckSame(const Loaded& loaded) const;
  void Publish(std::shared_ptr<Worker> worker, std::string why);
  // Until the process has ended or stop_ is set.
  void Watch(Worker& worker, LogLines& lines);
  // How it ended, "was killed by signal 9 (Killed), its last line was: ...". Kills it if it takes
  // too long.
  std::string AwaitEnd(Worker& worker, LogLines& lines);

  const Settings settings_;
  const StopEvent stop_;
  Loaded loaded_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::shared_ptr<Worker> worker_;  // nullptr: there is none
  std::string why_;                 // how the last one ended
  std::thread thread_;              // the last member: it uses all others
};

}  // namespace plinth::python
