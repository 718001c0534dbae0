#include "net/listener.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/connection.h"
#include "net/event_loop.h"
#include "net/socket.h"

namespace plinth::net {
namespace {

// Connections accepted in one go, before those that are open get their turn.
constexpr int kAcceptsPerTurn = 64;
// How long accepting rests when the process has no descriptors left.
constexpr std::int64_t kAcceptPause = 100;  // ms
// Connections over the limit that are told so; those beyond are closed without a word.
constexpr std::size_t kRejectedAtOnce = 128;
// Descriptors for everything that is not a connection.
constexpr std::size_t kOtherDescriptors = 64;

// The limit on connections that the limit on open files leaves room for.
std::size_t ConnectionLimit(std::size_t wanted) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  const auto open_files = static_cast<std::size_t>(files.rlim_cur);
  const std::size_t room =
      open_files > 2 * kOtherDescriptors ? open_files - kOtherDescriptors : open_files / 2;
  return std::min(wanted, room);
}

// Signals are for the main thread: a thread that is started while this lives takes none.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    // Those that a thread raises by what it does itself: blocked, they would end the process even
    // where they have a handler.
    for (const int own : {SIGBUS, SIGFPE, SIGILL, SIGSEGV}) sigdelset(&all, own);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// Asks for short turns on the processor, as sched(7) has it since Linux 6.12: a thread that wakes
// up for a moment may then interrupt one that computes for long. Where the kernel knows nothing of
// it, nothing changes.
void AskForShortTurns() {
  struct {
    std::uint32_t size = 48;  // of the first version of the kernel's sched_attr
    std::uint32_t policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 100'000;  // of a turn, in nanoseconds: the least that it takes
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
  } attributes;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

class Worker;

// What the workers share.
struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
  std::size_t max_connections = 0;
  std::shared_ptr<ByteBudget> body_budget;
  std::atomic<std::size_t> connections = 0;
  std::vector<std::unique_ptr<Worker>> workers;  // complete before the first thread starts
};

// One thread: its loop, its listening socket and its connections.
//
// Invariants: connections_[i]->index == i. load_ counts the connections here or on their way here.
class Worker final : public ConnectionHost, public EventLoop::Source {
 public:
  static Result<std::unique_ptr<Worker>> Create(Shared* shared, FileDescriptor listener);

  void Run() {
    loop_->Run([this] { return Sweep(); }, shared_.options.on_turn_end);
    connections_.clear();
  }

  // Any thread. The loop ends when the last connection has gone, or at `deadline` of the steady
  // clock in ms.
  void Drain(std::chrono::milliseconds patience) {
    loop_->mailbox()->Post([this, patience] { BeginDrain(loop_->now() + patience.count()); });
  }

  void OnClosed(Connection* connection) override;
  void OnEvents(std::uint32_t events) override;

 private:
  Worker(Shared* shared, FileDescriptor listener, std::unique_ptr<EventLoop> event_loop);

  void Accept(int most);
  void PauseAccepting();
  Worker& LeastLoaded();
  void Place(FileDescriptor socket);
  void Adopt(FileDescriptor socket, bool rejected);
  void BeginDrain(std::int64_t deadline);
  std::int64_t Sweep();

  Shared& shared_;
  FileDescriptor listener_;
  std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::atomic<std::size_t> load_ = 0;
  std::int64_t resume_accepting_at_ = EventLoop::kNever;
  std::int64_t drain_deadline_ = EventLoop::kNever;
};

Result<std::unique_ptr<Worker>> Worker::Create(Shared* shared, FileDescriptor listener) {
  auto event_loop = EventLoop::Create();
  if (!event_loop) return Fail(std::move(event_loop).error());
  std::unique_ptr<Worker> worker(new Worker(shared, std::move(listener), *std::move(event_loop)));
  if (Status added = worker->loop_->Add(worker->listener_.get(), EPOLLIN, worker.get()); !added) {
    return Fail(std::move(added).error());
  }
  return worker;
}

Worker::Worker(Shared* shared, FileDescriptor listener, std::unique_ptr<EventLoop> event_loop)
    : shared_(*shared), listener_(std::move(listener)), loop_(std::move(event_loop)) {
  loop = loop_.get();
  options = &shared->options;
  handler = &shared->handler;
  body_budget = shared->body_budget;
}

void Worker::OnEvents(std::uint32_t) { Accept(kAcceptsPerTurn); }

void Worker::Accept(int most) {
  for (int i = 0; i < most && listener_.valid(); ++i) {
    FileDescriptor socket(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.valid()) {
      Place(std::move(socket));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      return PauseAccepting();
    // Else that one connection failed before it was accepted.
  }
}

// Clients wait in the listening socket's queue meanwhile.
void Worker::PauseAccepting() {
  LogWarning("cannot accept connections for now: " + ErrorText(errno) +
             "; raise the limit on open files (ulimit -n)");
  loop_->Remove(listener_.get());
  resume_accepting_at_ = loop_->now() + kAcceptPause;
  loop_->WakeAt(resume_accepting_at_);
}

// The worker to give a connection to: this one unless another has fewer. The kernel spreads
// connections over the listening sockets by hash, which for a handful of them is often all on one.
Worker& Worker::LeastLoaded() {
  Worker* least = this;
  std::size_t load = load_.load(std::memory_order_relaxed);
  for (const auto& other : shared_.workers) {
    const std::size_t others = other->load_.load(std::memory_order_relaxed);
    if (others < load) {
      least = other.get();
      load = others;
    }
  }
  return *least;
}

void Worker::Place(FileDescriptor socket) {
  const std::size_t before = shared_.connections.fetch_add(1, std::memory_order_relaxed);
  const bool rejected = before >= shared_.max_connections;
  if (before >= shared_.max_connections + kRejectedAtOnce) {
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  Worker& worker = draining || rejected ? *this : LeastLoaded();
  worker.load_.fetch_add(1, std::memory_order_relaxed);
  if (&worker == this) return Adopt(std::move(socket), rejected);
  worker.loop_->mailbox()->Post([&worker, socket = std::move(socket)]() mutable {
    worker.Adopt(std::move(socket), /*rejected=*/false);
  });
}

void Worker::Adopt(FileDescriptor socket, bool rejected) {
  auto owned = std::make_unique<Connection>(std::move(socket), this);
  Connection* const connection = owned.get();
  connection->index = connections_.size();
  connections_.push_back(std::move(owned));
  if (Status started = connection->Start(); !started) {
    LogWarning("dropped a connection: " + started.error().message);
    connection->Close();
  } else if (rejected) {
    connection->Reject({Code::kUnavailable, "all " + std::to_string(shared_.max_connections) +
                                                " connections are taken; try again later"});
  } else if (draining) {
    connection->Drain();
  }
}

void Worker::OnClosed(Connection* connection) {
  const std::size_t index = connection->index;
  std::unique_ptr<Connection> closed = std::move(connections_[index]);
  if (index + 1 < connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  loop_->Bury(std::move(closed));
  load_.fetch_sub(1, std::memory_order_relaxed);
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (draining && connections_.empty()) loop_->Stop();
}

void Worker::BeginDrain(std::int64_t deadline) {
  drain_deadline_ = std::min(drain_deadline_, deadline);
  loop_->WakeAt(drain_deadline_);
  if (draining) return;
  draining = true;
  // Those that the kernel has taken for us already have been promised service.
  Accept(SOMAXCONN);
  listener_.Reset();
  // From the end: what closes has its place taken by the last, which has had its turn.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->Drain();
  }
  if (connections_.empty()) loop_->Stop();
}

// Enforces the deadlines that have passed; returns the next.
std::int64_t Worker::Sweep() {
  const std::int64_t now = loop_->now();
  std::int64_t next = drain_deadline_;
  const bool cut_off = now >= drain_deadline_;
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i >= connections_.size()) continue;
    if (cut_off) {
      connections_[i]->Close();
    } else {
      next = std::min(next, connections_[i]->CheckDeadline(now));
    }
  }
  if (cut_off) loop_->Stop();
  if (now >= resume_accepting_at_) {
    resume_accepting_at_ = EventLoop::kNever;
    if (listener_.valid() && !loop_->Add(listener_.get(), EPOLLIN, this))
      resume_accepting_at_ = now + kAcceptPause;
  }
  return std::min(next, resume_accepting_at_);
}

}  // namespace

class HttpServer::Impl {
 public:
  Shared shared;
  std::uint16_t port = 0;
  std::vector<std::thread> threads;
  std::mutex draining;  // held by the one who joins
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Drain(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, HttpHandler handler) {
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  Result<Listeners> listeners = Listen(options.host, options.port, options.threads);
  if (!listeners) return Fail(std::move(listeners).error());

  auto impl = std::make_unique<Impl>();
  impl->port = listeners->port;
  Shared& shared = impl->shared;
  shared.max_connections = ConnectionLimit(options.max_connections);
  shared.body_budget = std::make_shared<ByteBudget>(options.body_memory);
  shared.options = std::move(options);
  shared.handler = std::move(handler);
  for (FileDescriptor& listener : listeners->sockets) {
    auto worker = Worker::Create(&shared, std::move(listener));
    if (!worker) return Fail(std::move(worker).error());
    shared.workers.push_back(*std::move(worker));
  }
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(impl)));
  const SignalsBlocked blocked;
  try {
    for (const auto& worker : shared.workers) {
      server->impl_->threads.emplace_back([&worker = *worker] {
        ::pthread_setname_np(::pthread_self(), "plinth-http");
        AskForShortTurns();
        worker.Run();
      });
    }
  } catch (const std::system_error& error) {
    return Fail(Code::kResourceExhausted, std::string("cannot start a thread: ") + error.what());
  }
  return server;
}

std::uint16_t HttpServer::port() const { return impl_->port; }

std::size_t HttpServer::connections() const {
  return impl_->shared.connections.load(std::memory_order_relaxed);
}

void HttpServer::Drain(std::chrono::milliseconds patience) {
  for (const auto& worker : impl_->shared.workers) worker->Drain(patience);
  const std::lock_guard lock(impl_->draining);
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  impl_->shared.connections =
      0;  // one that was on its way to another thread may not have been counted off
}

}  // namespace plinth::net
