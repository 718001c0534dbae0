// plinth serve: the server.
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "api/native/routes.h"
#include "base/log.h"
#include "cli/command.h"
#include "net/listener.h"
#include "repository/model_folder.h"
#include "serving/service.h"

namespace plinth::cli {
namespace {

struct ServeOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  std::vector<std::string> model_roots;
  std::string models;
  std::vector<std::string> backend_dirs;
  std::size_t io_threads = 0;
  std::size_t cache_mb = 256;
  double drain_seconds = 30;
  std::string log_level = "info";
};

// The signals that end the server, blocked in every thread so that one place waits for them. Made
// before any thread is.
class Signals {
 public:
  Signals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  int Wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }

  // From here on the same signals end the process at once, for those who will not wait.
  void Unblock() const { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  sigset_t set_{};
};

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

void LoadFolder(Service& service, const std::string& dir) {
  auto folder = ScanModelFolder(dir);
  if (!folder) return LogError(folder.error().message);
  for (const std::string& skipped : folder->skipped) LogWarning("skipped " + skipped);
  std::vector<DeploySpec> specs;
  for (FolderModel& model : folder->models) {
    if (model.problem) {
      LogWarning("skipped " + model.problem->message);
    } else {
      specs.push_back(std::move(model.spec));
    }
  }
  LogInfo(fmt::format("loading {} model versions from {}", specs.size(), dir));
  service.Preload(std::move(specs));
}

Service::Options ServiceOptions(const ServeOptions& options) {
  std::vector<std::string> roots = options.model_roots;
  if (!options.models.empty()) roots.push_back(options.models);
  if (roots.empty()) roots.emplace_back("./models");
  std::vector<std::string> backends = DefaultBackendDirs();
  backends.insert(backends.end(), options.backend_dirs.begin(), options.backend_dirs.end());
  return {.backend_dirs = std::move(backends),
          .model_roots = std::move(roots),
          .cache_bytes = options.cache_mb << 20,
          .version = PLINTH_VERSION};
}

int Serve(const ServeOptions& options) {
  const Signals signals;
  SetLogLevel(LevelOf(options.log_level));
  auto service = std::make_unique<Service>(ServiceOptions(options));

  net::HttpServer::Options http;
  http.host = options.host;
  http.port = options.port;
  http.threads = options.io_threads;
  http.on_turn_end = Service::EndTurn;
  auto server =
      net::HttpServer::Start(http, api::MakeNativeApi(*service, {.version = PLINTH_VERSION}));
  if (!server) {
    LogError(server.error().message);
    return EXIT_FAILURE;
  }
  const bool v6 = options.host.find(':') != std::string::npos;
  LogInfo(fmt::format("plinth {} listening on http://{}:{}", PLINTH_VERSION,
                      v6 ? "[" + options.host + "]" : options.host, (*server)->port()));
  if (!options.models.empty()) LoadFolder(*service, options.models);

  const int signal = signals.Wait();
  LogInfo(fmt::format("{} received: finishing what is in flight",
                      signal == SIGINT ? "SIGINT" : "SIGTERM"));
  signals.Unblock();
  service->BeginShutdown();
  (*server)->Drain(
      std::chrono::milliseconds(static_cast<std::int64_t>(options.drain_seconds * 1000)));
  LogInfo("stopped");
#ifdef PLINTH_SANITIZED
  server->reset();
  service.reset();
  return EXIT_SUCCESS;
#else
  // Nothing is in flight. The runtimes' own destructors would take longer than all of the above and
  // save nothing.
  std::_Exit(EXIT_SUCCESS);
#endif
}

}  // namespace

std::function<int()> AddServe(CLI::App& app) {
  auto options = std::make_shared<ServeOptions>();
  app.add_option("--host", options->host, "Address to listen on; 0.0.0.0 for all of them")
      ->capture_default_str();
  app.add_option("--port", options->port, "Port; 0 takes a free one")->capture_default_str();
  app.add_option("--model-root", options->model_roots,
                 "Folder that paths in requests are confined to (may be repeated) [./models]");
  app.add_option(
      "--models", options->models,
      "Folder of models to load at start: <name>/<version>/files, <name>/files or files");
  app.add_option("--backend-dir", options->backend_dirs,
                 "Further folder with libplinth_<engine>.so files (may be repeated)");
  app.add_option("--io-threads", options->io_threads, "Threads for the network [one per core]");
  app.add_option("--cache-memory", options->cache_mb,
                 "MB for the answers that models with a cache_size keep, all together")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--drain-seconds", options->drain_seconds,
                 "How long SIGTERM waits for requests in flight")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.footer(R"(Examples:
  plinth serve --model-root ./models
  plinth serve --models ./models --host 0.0.0.0 --port 9000

  curl -X POST localhost:8000/models -d '{"name": "digits", "path": "digits.onnx"}'
  curl -X POST localhost:8000/predict/digits -d '{"inputs": [[0, 1, 2, 3]]}')");
  return [options] { return Serve(*options); };
}

}  // namespace plinth::cli
