// grpc.health.v1.Health.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/grpc/standard_services.h"

namespace plinth::api {
namespace {

// How often a status that is watched is looked at. It changes a few times in a server's life.
constexpr std::chrono::milliseconds kLookInterval{200};

enum class ServingStatus { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

net::GrpcMessage ResponseOf(ServingStatus status) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_enum(1, static_cast<int>(status));
  return {Buffer::FromString(std::move(bytes))};
}

// The service that is asked for; nothing if the message is malformed.
std::optional<std::string> ServiceOf(const Buffer& request) {
  try {
    std::string service;
    protozero::pbf_reader reader(request.As<char>(), request.size());
    while (reader.next()) {
      if (reader.tag_and_type() ==
          protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
        service = reader.get_string();
      } else {
        reader.skip();
      }
    }
    return service;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

net::GrpcStatus Malformed() {
  return net::GrpcStatus::FromError(
      {Code::kInvalidArgument, "the message is no HealthCheckRequest"});
}

// Tells those who watch of changes. A thread looks for them while there are any.
class Watchers {
 public:
  explicit Watchers(std::function<bool()> ready) : ready_(std::move(ready)) {}
  ~Watchers() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  ServingStatus Now() const {
    return ready_() ? ServingStatus::kServing : ServingStatus::kNotServing;
  }

  // An `unknown` service never changes.
  void Add(net::GrpcWriter writer, bool unknown) {
    const std::lock_guard lock(mutex_);
    watchers_.push_back({std::move(writer), ServingStatus::kServiceUnknown, unknown});
    Tell(watchers_.back(), unknown ? ServingStatus::kServiceUnknown : Now(), /*first=*/true);
    if (running_) return;
    if (thread_.joinable()) thread_.join();  // it has ended
    running_ = true;
    thread_ = std::thread([this] { Run(); });
  }

 private:
  struct Watcher {
    net::GrpcWriter writer;
    ServingStatus told;
    bool unknown;
  };

  static void Tell(Watcher& watcher, ServingStatus status, bool first) {
    if (!first && (watcher.unknown || watcher.told == status)) return;
    watcher.told = status;
    watcher.writer.Send(ResponseOf(status));
  }

  void Run() {
    std::unique_lock lock(mutex_);
    while (!watchers_.empty() && !stopped_) {
      changed_.wait_for(lock, kLookInterval, [this] { return stopped_; });
      std::erase_if(watchers_, [](Watcher& watcher) { return watcher.writer.cancelled(); });
      for (Watcher& watcher : watchers_) Tell(watcher, Now(), /*first=*/false);
    }
    running_ = false;
  }

  const std::function<bool()> ready_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Watcher> watchers_;  // guarded by mutex_, as are those below
  std::thread thread_;
  bool running_ = false;
  bool stopped_ = false;
};

class WatchReader final : public net::GrpcReader {
 public:
  WatchReader(net::GrpcWriter writer, std::shared_ptr<Watchers> watchers,
              std::shared_ptr<const std::vector<std::string>> services)
      : writer_(std::move(writer)),
        watchers_(std::move(watchers)),
        services_(std::move(services)) {}

  void OnMessage(Buffer message) override {
    if (!writer_) return;  // one is enough
    net::GrpcWriter writer = *std::move(writer_);
    writer_.reset();
    const std::optional<std::string> service = ServiceOf(message);
    if (!service) return writer.Finish(Malformed());
    const bool known =
        service->empty() || std::ranges::find(*services_, *service) != services_->end();
    watchers_->Add(std::move(writer), !known);
  }

 private:
  std::optional<net::GrpcWriter> writer_;
  const std::shared_ptr<Watchers> watchers_;
  const std::shared_ptr<const std::vector<std::string>> services_;
};

}  // namespace

std::vector<net::GrpcMethod> MakeHealthService(std::function<bool()> ready,
                                               std::vector<std::string> services) {
  services.emplace_back("grpc.health.v1.Health");
  auto watchers = std::make_shared<Watchers>(std::move(ready));
  auto names = std::make_shared<const std::vector<std::string>>(std::move(services));
  net::GrpcUnary check = [watchers, names](const net::GrpcCall&, const Buffer& message,
                                           net::GrpcWriter writer) {
    const std::optional<std::string> service = ServiceOf(message);
    if (!service) return writer.Finish(Malformed());
    if (!service->empty() && std::ranges::find(*names, *service) == names->end()) {
      return writer.Finish(net::GrpcStatus::FromError(
          {Code::kNotFound, "there is no service '" + *service + "' on this server"}));
    }
    writer.Reply(ResponseOf(watchers->Now()));
  };
  net::GrpcStreaming watch = [watchers, names](const net::GrpcCall&, net::GrpcWriter writer) {
    return std::make_unique<WatchReader>(std::move(writer), watchers, names);
  };
  return {{"/grpc.health.v1.Health/Check", std::move(check)},
          {"/grpc.health.v1.Health/Watch", std::move(watch)}};
}

}  // namespace plinth::api
