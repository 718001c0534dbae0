// Keeps what is deployed in step with a configuration of TF Serving's: the folders of the models
// that it names, and what it says is to be served, which may change while the server runs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "repository/foreign/tfserving_models.h"
#include "serving/folder_sync.h"
#include "serving/service.h"

namespace plinth {

class TfServingSync {
 public:
  using Clock = std::chrono::steady_clock;
  using Interval = FolderSync::Interval;
  using Done = std::move_only_function<void(Status)>;

  struct Options {
    std::string config_file{};      // read again when it changes; empty: none
    Interval config_poll{0};        // from look to look at it; 0: only when asked
    FolderSync::Options folders{};  // how the models' folders are watched
  };

  // As of FolderSync. `models` is what is served at first.
  TfServingSync(Service& service, std::shared_ptr<TfServingModels> models, Options options,
                std::shared_ptr<const void> until_loaded);
  // Answers those that wait.
  ~TfServingSync();

  // Looks now, at the configuration's file, too. Any thread.
  void LookNow();

  // Serves what `config` says and nothing else. `done` is called once each of its models has a
  // version that is ready: INVALID_ARGUMENT for a configuration that is none; NOT_FOUND for a model
  // without versions; the failure of one whose versions have all failed. Paths must be within the
  // model roots. Any thread.
  void Reload(TfServingConfig config, Done done);

 private:
  // What is told from other threads, perhaps after the end of this object.
  class Progress;

  Result<ModelFolder> Scan();
  void ReadFileAgain();
  FolderSync::Options FolderOptions();

  Service& service_;
  const std::shared_ptr<TfServingModels> models_;
  const Options options_;
  const std::shared_ptr<Progress> progress_;
  std::atomic<bool> asked_{false};
  // Of the watcher's thread:
  TfServingConfig from_file_;
  std::string file_problem_;  // what was said of it last
  Clock::time_point file_read_ = Clock::now();

  FolderSync folder_;  // the last member: it calls the others
};

}  // namespace plinth
