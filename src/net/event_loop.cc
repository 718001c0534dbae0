#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace plinth::net {
namespace {

constexpr int kEventsPerTurn = 256;
constexpr std::int64_t kSweepInterval = 20;  // ms

thread_local const Mailbox* this_threads_mailbox = nullptr;

std::int64_t MillisOf(const timespec& time) {
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

}  // namespace

bool Mailbox::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return true;  // the wake-up is on its way
  }
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then the loop wakes up anyway.
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
  return true;
}

bool Mailbox::OnThisThread() const { return this_threads_mailbox == this; }

std::vector<Mailbox::Task> Mailbox::Collect() {
  const std::lock_guard lock(mutex_);
  return std::exchange(tasks_, {});
}

void Mailbox::Close() {
  std::vector<Task>
      dropped;  // destroyed without the lock: a task may hold what posts again when it goes
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

Result<std::unique_ptr<EventLoop>> EventLoop::Create() {
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid())
    return Fail(Code::kInternal, "cannot create an epoll set: " + ErrorText(errno));
  FileDescriptor wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wakeup.valid())
    return Fail(Code::kInternal, "cannot create an eventfd: " + ErrorText(errno));
  const int wakeup_fd = wakeup.get();
  std::unique_ptr<EventLoop> loop(
      new EventLoop(std::move(epoll), std::make_shared<Mailbox>(std::move(wakeup))));
  // Level-triggered would need a read each time; a counter that only grows gives an edge for every
  // Post().
  if (Status added = loop->Add(wakeup_fd, EPOLLIN | EPOLLET, nullptr); !added)
    return Fail(added.error());
  return loop;
}

EventLoop::EventLoop(FileDescriptor epoll, std::shared_ptr<Mailbox> mailbox)
    : epoll_(std::move(epoll)), mailbox_(std::move(mailbox)) {
  ReadClocks();
}

EventLoop::~EventLoop() { mailbox_->Close(); }

Status EventLoop::Add(int fd, std::uint32_t events, Source* source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = source;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Fail(Code::kResourceExhausted, "cannot watch a socket: " + ErrorText(errno));
  }
  return {};
}

Status EventLoop::Modify(int fd, std::uint32_t events, Source* source) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = source;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0)
    return Fail(Code::kInternal, "cannot watch a socket: " + ErrorText(errno));
  return {};
}

void EventLoop::Remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::Run(const std::function<std::int64_t()>& sweep,
                    const std::function<void()>& on_turn_end) {
  this_threads_mailbox = mailbox_.get();
  std::array<epoll_event, kEventsPerTurn> events;
  while (!stopped_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, WaitTime());
    ReadClocks();
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        woken = true;
      } else {
        static_cast<Source*>(event.data.ptr)->OnEvents(event.events);
      }
    }
    if (woken) {
      for (Mailbox::Task& task : mailbox_->Collect()) task();
    }
    RunDeferred();
    if (on_turn_end) on_turn_end();
    if (now_ >= next_sweep_ && now_ >= last_sweep_ + kSweepInterval) {
      last_sweep_ = now_;
      next_sweep_ = kNever;
      WakeAt(sweep());
    }
    RunEnding();
    buried_.clear();
  }
  mailbox_->Close();
  this_threads_mailbox = nullptr;
}

void EventLoop::Bury(std::unique_ptr<Source> source) {
  std::ranges::replace(deferred_, source.get(), nullptr);
  std::ranges::replace(running_, source.get(), nullptr);
  std::ranges::replace(ending_, source.get(), nullptr);
  buried_.push_back(std::move(source));
}

// Those that defer again are called in the next turn, so that none starves the others.
void EventLoop::RunDeferred() {
  running_.swap(deferred_);
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (running_[i] != nullptr) running_[i]->OnDeferred();
  }
  running_.clear();
}

// These may ask for more of the same.
void EventLoop::RunEnding() {
  for (std::size_t i = 0; i < ending_.size(); ++i) {
    if (ending_[i] != nullptr) ending_[i]->OnTurnEnd();
  }
  ending_.clear();
}

int EventLoop::WaitTime() const {
  if (!deferred_.empty()) return 0;
  if (next_sweep_ == kNever) return -1;
  const std::int64_t when = std::max(next_sweep_, last_sweep_ + kSweepInterval);
  return static_cast<int>(std::clamp<std::int64_t>(when - now_, 0, 60'000));
}

void EventLoop::ReadClocks() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  now_ = MillisOf(time);
  ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
  wall_seconds_ = time.tv_sec;
}

}  // namespace plinth::net
