#include "net/listener.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/acceptor.h"
#include "net/connection.h"
#include "net/event_loop.h"
#include "net/grpc_services.h"
#include "net/http2_connection.h"
#include "net/socket.h"
#include "net/unix_socket.h"

namespace plinth::net {
namespace {

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
  std::unique_ptr<const GrpcServices> grpc;
  std::size_t max_connections = 0;
  std::shared_ptr<ByteBudget> body_budget;
  std::atomic<std::size_t> connections = 0;
  std::vector<std::unique_ptr<Worker>> workers;  // complete before the first thread starts
};

// One thread: its loop, its listening sockets and its connections.
//
// Invariants: connections_[i]->index == i. load_ counts the connections here or on their way here.
class Worker final : public ConnectionHost {
 public:
  static Result<std::unique_ptr<Worker>> Create(Shared* shared);

  // Before Run(). Connections of an encrypted listener speak TLS.
  Status AddListener(FileDescriptor listener, bool encrypted);

  void Run() {
    loop_->Run([this] { return Sweep(); }, shared_.options.on_turn_end);
    connections_.clear();
  }

  // Any thread. The loop ends when the last connection has gone, or at `deadline` of the steady
  // clock in ms.
  void Drain(std::chrono::milliseconds patience) {
    loop_->mailbox()->Post([this, patience] { BeginDrain(loop_->now() + patience.count()); });
  }

  void OnClosed(ClientConnection* connection) override;
  void SwitchToHttp2(ClientConnection* from, Http2Start start) override;

 private:
  Worker(Shared* shared, std::unique_ptr<EventLoop> event_loop);

  Worker& LeastLoaded();
  void Place(FileDescriptor socket, bool encrypted);
  void Adopt(FileDescriptor socket, bool encrypted, bool rejected);
  void ForgetConnection();
  void BeginDrain(std::int64_t deadline);
  std::int64_t Sweep();

  Shared& shared_;
  std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::unique_ptr<ClientConnection>> connections_;
  std::atomic<std::size_t> load_ = 0;
  std::int64_t drain_deadline_ = EventLoop::kNever;
};

Result<std::unique_ptr<Worker>> Worker::Create(Shared* shared) {
  auto event_loop = EventLoop::Create();
  if (!event_loop) return Fail(std::move(event_loop).error());
  return std::unique_ptr<Worker>(new Worker(shared, *std::move(event_loop)));
}

Worker::Worker(Shared* shared, std::unique_ptr<EventLoop> event_loop)
    : shared_(*shared), loop_(std::move(event_loop)) {
  loop = loop_.get();
  options = &shared->options;
  handler = &shared->handler;
  grpc = shared->grpc.get();
  body_budget = shared->body_budget;
}

Status Worker::AddListener(FileDescriptor listener, bool encrypted) {
  acceptors_.push_back(std::make_unique<Acceptor>(
      std::move(listener), loop_.get(),
      [this, encrypted](FileDescriptor socket) { Place(std::move(socket), encrypted); }));
  return acceptors_.back()->Start();
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

void Worker::Place(FileDescriptor socket, bool encrypted) {
  const std::size_t before = shared_.connections.fetch_add(1, std::memory_order_relaxed);
  const bool rejected = before >= shared_.max_connections;
  if (before >= shared_.max_connections + kRejectedAtOnce) {
    shared_.connections.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  Worker& worker = draining || rejected ? *this : LeastLoaded();
  worker.load_.fetch_add(1, std::memory_order_relaxed);
  if (&worker == this) return Adopt(std::move(socket), encrypted, rejected);
  worker.loop_->mailbox()->Post([&worker, encrypted, socket = std::move(socket)]() mutable {
    worker.Adopt(std::move(socket), encrypted, /*rejected=*/false);
  });
}

void Worker::Adopt(FileDescriptor socket, bool encrypted, bool rejected) {
  std::unique_ptr<TlsSession> tls;
  if (encrypted) tls = shared_.options.tls->Accept(socket.get());
  if (encrypted && tls == nullptr) {
    LogWarning("dropped a connection: no memory for TLS");
    return ForgetConnection();
  }
  auto owned = std::make_unique<Connection>(Stream(std::move(socket), std::move(tls)), this);
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

void Worker::OnClosed(ClientConnection* connection) {
  const std::size_t index = connection->index;
  std::unique_ptr<ClientConnection> closed = std::move(connections_[index]);
  if (index + 1 < connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  loop_->Bury(std::move(closed));
  ForgetConnection();
  if (draining && connections_.empty()) loop_->Stop();
}

void Worker::ForgetConnection() {
  load_.fetch_sub(1, std::memory_order_relaxed);
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::BeginDrain(std::int64_t deadline) {
  drain_deadline_ = std::min(drain_deadline_, deadline);
  loop_->WakeAt(drain_deadline_);
  if (draining) return;
  draining = true;
  for (const auto& acceptor : acceptors_) acceptor->Finish();
  // From the end: what closes has its place taken by the last, which has had its turn.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->Drain();
  }
  if (connections_.empty()) loop_->Stop();
}

void Worker::SwitchToHttp2(ClientConnection* from, Http2Start start) {
  auto owned = std::make_unique<Http2Connection>(std::move(start), this);
  Http2Connection* const connection = owned.get();
  connection->index = from->index;
  loop_->Bury(std::exchange(connections_[from->index], std::move(owned)));
  if (Status started = connection->Start(); !started) {
    LogWarning("dropped a connection: " + started.error().message);
    connection->Close();
  } else if (draining) {
    connection->Drain();
  }
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
  for (const auto& acceptor : acceptors_) next = std::min(next, acceptor->Resume(now));
  return next;
}

}  // namespace

class HttpServer::Impl {
 public:
  Status Listen();
  Status ListenOnPort(std::uint16_t port);
  Status ListenOnUnixSocket();
  Status StartThreads();

  Shared shared;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> addresses;
  std::optional<UnixSocket> unix_socket;
  std::vector<std::thread> threads;
  std::mutex draining;  // held by the one who joins
};

Status HttpServer::Impl::Listen() {
  const HttpServerOptions& options = shared.options;
  if (options.port) {
    if (Status listening = ListenOnPort(*options.port); !listening) return listening;
  }
  for (const std::uint16_t port : options.more_ports) {
    if (Status listening = ListenOnPort(port); !listening) return listening;
  }
  return options.unix_socket.empty() ? Status() : ListenOnUnixSocket();
}

Status HttpServer::Impl::ListenOnPort(std::uint16_t port) {
  const HttpServerOptions& options = shared.options;
  const bool encrypted = options.tls != nullptr;
  Result<Listeners> listeners = net::Listen(options.host, port, shared.workers.size());
  if (!listeners) return Fail(std::move(listeners).error());
  for (std::size_t i = 0; i < shared.workers.size(); ++i) {
    Status added = shared.workers[i]->AddListener(std::move(listeners->sockets[i]), encrypted);
    if (!added) return added;
  }
  ports.push_back(listeners->port);
  addresses.push_back((encrypted ? "https://" : "http://") +
                      PrintableAddress(options.host, listeners->port));
  return {};
}

// One socket, on the first thread: those who connect are spread over all of them as others are.
Status HttpServer::Impl::ListenOnUnixSocket() {
  auto socket = UnixSocket::Listen(shared.options.unix_socket, shared.options.unix_socket_mode);
  if (!socket) return Fail(std::move(socket).error());
  unix_socket.emplace(*std::move(socket));
  addresses.push_back("unix:" + unix_socket->path());
  return shared.workers.front()->AddListener(unix_socket->Take(), /*encrypted=*/false);
}

Status HttpServer::Impl::StartThreads() {
  const SignalsBlocked blocked;
  try {
    for (const auto& worker : shared.workers) {
      threads.emplace_back([&worker = *worker] {
        ::pthread_setname_np(::pthread_self(), "plinth-http");
        AskForShortTurns();
        worker.Run();
      });
    }
  } catch (const std::system_error& error) {
    return Fail(Code::kResourceExhausted, std::string("cannot start a thread: ") + error.what());
  }
  return {};
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Drain(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Options options, HttpHandler handler,
                                                      std::vector<GrpcMethod> methods) {
  if (options.threads == 0) options.threads = std::max(1U, std::thread::hardware_concurrency());
  std::unique_ptr<HttpServer> server(new HttpServer(std::make_unique<Impl>()));
  Impl& impl = *server->impl_;
  Shared& shared = impl.shared;
  shared.max_connections = ConnectionLimit(options.max_connections);
  shared.body_budget = std::make_shared<ByteBudget>(options.body_memory);
  shared.options = std::move(options);
  shared.handler = std::move(handler);
  shared.grpc = std::make_unique<const GrpcServices>(std::move(methods));
  while (shared.workers.size() < shared.options.threads) {
    auto worker = Worker::Create(&shared);
    if (!worker) return Fail(std::move(worker).error());
    shared.workers.push_back(*std::move(worker));
  }
  if (Status listening = impl.Listen(); !listening) return Fail(std::move(listening).error());
  if (Status started = impl.StartThreads(); !started) return Fail(std::move(started).error());
  return server;
}

std::uint16_t HttpServer::port() const { return impl_->ports.empty() ? 0 : impl_->ports.front(); }

const std::vector<std::string>& HttpServer::addresses() const { return impl_->addresses; }

std::size_t HttpServer::connections() const {
  return impl_->shared.connections.load(std::memory_order_relaxed);
}

void HttpServer::Drain(std::chrono::milliseconds patience) {
  for (const auto& worker : impl_->shared.workers) worker->Drain(patience);
  const std::lock_guard lock(impl_->draining);
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  impl_->unix_socket.reset();
  // One that was on its way to another thread may not have been counted off.
  impl_->shared.connections = 0;
}

}  // namespace plinth::net
