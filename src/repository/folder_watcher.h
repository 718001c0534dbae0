// Has a folder looked at whenever it may have changed, on a thread of its own.
//
// A look is a complete one, so what is heard here is only when to take it: by inotify, at intervals
// where that cannot be had or tells too little (a network file system), and when asked for. The
// folder need not be there; it may go and come back. A change during a look leads to another look.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/file_descriptor.h"
#include "repository/tree_watch.h"

namespace plinth {

class FolderWatcher {
 public:
  using Clock = std::chrono::steady_clock;
  using Interval = std::chrono::milliseconds;

  enum class Mode {
    kAuto,  // inotify where it hears of changes, else as kPoll
    kPoll,  // a look every `poll`
    kOff,   // only looks that are asked for
  };
  struct Options {
    Mode mode = Mode::kAuto;
    Interval poll{2000};
    Interval gap{300};  // least time from one look to the next that an event leads to
    // With inotify a look is taken every `backstop`, too, for what it does not hear of: files
    // behind links, other mounts.
    Interval backstop{30'000};
  };

  // `asked` for the first look and for those by LookNow(); with kOff for all. Gives after what time
  // to look again if nothing happens before. Not called twice at once.
  using Look = std::function<std::optional<Interval>(bool asked)>;

  // Takes the first look at once.
  FolderWatcher(std::string folder, Options options, Look look);
  // Waits for a look that is being taken.
  ~FolderWatcher();

  // Any thread.
  void LookNow();

 private:
  void Run();
  void StartListening();
  // Whether inotify will tell of the next change.
  bool Listen();
  void Wait(std::optional<Interval> interval);
  std::optional<Interval> LookGuarded(bool asked);

  const std::string folder_;
  const Options options_;
  const Look look_;
  FileDescriptor wakeup_;  // an eventfd
  std::atomic<bool> stopping_{false};
  std::atomic<bool> asked_{true};
  std::optional<TreeWatch> watch_;  // of the thread, as what follows
  Clock::time_point last_look_;     // its end
  Interval rest_{0};                // least time to the next look that was not asked for
  std::thread thread_;
};

}  // namespace plinth
