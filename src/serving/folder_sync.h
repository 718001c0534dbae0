// Keeps what is deployed in step with the folder of --models: what comes there is deployed, what
// changes is deployed anew beside what answers, and what goes is removed. What requests have
// deployed or removed is left as it is.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "repository/folder_ledger.h"
#include "repository/folder_watcher.h"
#include "repository/model_folder.h"
#include "serving/service.h"

namespace plinth {

class FolderSync {
 public:
  using Interval = FolderWatcher::Interval;

  struct Options {
    std::string folder{};  // that is watched
    // Looks what is there; what a folder of models looks like is a matter of its layout.
    std::function<Result<ModelFolder>()> scan{};
    // Called after a deployment or a removal has ended, from any thread, as long as the service
    // lives.
    std::function<void()> ended{};
    FolderWatcher::Mode mode = FolderWatcher::Mode::kAuto;
    Interval settle{300};  // for how long files must have been the same to be acted on
    Interval poll{2000};   // from look to look where changes are not heard of
  };

  // Begins with what is there now; `until_loaded` is let go when that has been loaded, or has
  // failed to be. The service must outlive all deployments, which it does by waiting for them.
  FolderSync(Service& service, Options options, std::shared_ptr<const void> until_loaded);

  // Looks now, and acts without the settle time. Any thread.
  void LookNow() { watcher_.LookNow(); }

 private:
  // What the deployments' ends, on other threads, tell.
  struct Ledger {
    explicit Ledger(Interval settle) : ledger(settle) {}
    void Ended(const FolderLedger::Key& key, bool again) {
      const std::lock_guard lock(mutex);
      ledger.Ended(key, again);
    }

    std::mutex mutex;  // guards what follows
    FolderLedger ledger;
  };

  std::optional<Interval> Look(bool asked);
  void Deploy(FolderModel model, std::shared_ptr<const void> until_loaded);
  void Report(const Result<ModelFolder>& folder);

  Service& service_;
  const Options options_;
  const std::shared_ptr<Ledger> ledger_;
  // Of the watcher's thread:
  std::shared_ptr<const void> until_loaded_;
  std::set<std::string> reported_;  // what was said of the folder at the last look
  FolderWatcher watcher_;           // the last member: it calls Look()
};

}  // namespace plinth
