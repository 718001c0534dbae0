#include "repository/folder_watcher.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/log.h"
#include "repository/model_files.h"

namespace plinth {
namespace {

// Looks at a folder of many files must not cost much of a processor: after each the thread rests
// this many times as long.
constexpr int kRestsOfALook = 4;

}  // namespace

FolderWatcher::FolderWatcher(std::string folder, Options options, Look look)
    : folder_(std::move(folder)),
      options_(options),
      look_(std::move(look)),
      wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {}

FolderWatcher::~FolderWatcher() {
  stopping_.store(true);
  ::eventfd_write(wakeup_.get(), 1);
  thread_.join();
}

void FolderWatcher::LookNow() {
  asked_.store(true);
  ::eventfd_write(wakeup_.get(), 1);
}

void FolderWatcher::Run() {
  ::pthread_setname_np(::pthread_self(), "plinth-watch");
  StartListening();
  while (!stopping_.load()) {
    const auto start = Clock::now();
    const bool listening = Listen();
    const bool asked = asked_.exchange(false);
    const auto again = LookGuarded(asked || options_.mode == Mode::kOff);
    last_look_ = Clock::now();
    rest_ = std::chrono::ceil<Interval>((last_look_ - start) * kRestsOfALook);
    if (again || options_.mode == Mode::kOff) {
      Wait(again);
    } else {
      Wait(listening ? options_.backstop : options_.poll);
    }
  }
}

void FolderWatcher::StartListening() {
  if (options_.mode != Mode::kAuto) return;
  if (IsOnRemoteFileSystem(folder_)) {
    LogInfo("'" + folder_ + "' is on a network file system: it is looked at every " +
            std::to_string(options_.poll.count()) + " ms");
    return;
  }
  auto watch = TreeWatch::Create(folder_);
  if (watch) {
    watch_.emplace(*std::move(watch));
  } else {
    LogWarning("'" + folder_ + "' is looked at every " + std::to_string(options_.poll.count()) +
               " ms: " + watch.error().message + "; raise fs.inotify.max_user_instances");
  }
}

bool FolderWatcher::Listen() {
  if (!watch_) return false;
  const auto watched = watch_->Watch();
  if (watched || watched.error().code != Code::kResourceExhausted) return watched.has_value();
  LogWarning("'" + folder_ + "' is looked at every " + std::to_string(options_.poll.count()) +
             " ms: " + watched.error().message + "; raise fs.inotify.max_user_watches");
  watch_.reset();
  return false;
}

std::optional<FolderWatcher::Interval> FolderWatcher::LookGuarded(bool asked) {
  try {
    return look_(asked);
  } catch (const std::exception& error) {
    LogError("looking at '" + folder_ + "' failed: " + error.what());
    return options_.poll;
  }
}

// Ends early when a look is asked for, or when events have come and the gap has passed. Until then
// events are left to the kernel, which keeps one of equal ones: who writes a file byte by byte
// costs little.
void FolderWatcher::Wait(std::optional<Interval> interval) {
  std::optional<Clock::time_point> next;
  if (interval) next = last_look_ + std::max(*interval, rest_);
  bool heard = false;
  while (!stopping_.load() && !asked_.load()) {
    const auto now = Clock::now();
    if (next && now >= *next) return;
    // Rounded up, so that it is not woken too early.
    const auto left = next ? std::chrono::ceil<Interval>(*next - now) : Interval{-1};
    std::array<pollfd, 2> fds{{{wakeup_.get(), POLLIN, 0}, {-1, POLLIN, 0}}};
    if (watch_ && !heard) fds[1].fd = watch_->fd();
    if (::poll(fds.data(), fds.size(), static_cast<int>(left.count())) <= 0) continue;
    eventfd_t taken = 0;
    if (fds[0].revents != 0) ::eventfd_read(wakeup_.get(), &taken);
    if (fds[1].revents != 0 && watch_->TakeEvents()) {
      heard = true;
      next = std::min(*next, last_look_ + std::max(options_.gap, rest_));
    }
  }
}

}  // namespace plinth
