// plinth serve: the server.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "api/grpc/standard_services.h"
#include "api/http/content_coding.h"
#include "api/http/cors.h"
#include "api/http/dispatch.h"
#include "api/http/responses.h"
#include "api/native/routes.h"
#include "api/openinference/context.h"
#include "api/openinference/errors.h"
#include "api/openinference/grpc/services.h"
#include "api/openinference/routes.h"
#include "api/tfserving/errors.h"
#include "api/tfserving/grpc/model_service.h"
#include "api/tfserving/grpc/prediction_service.h"
#include "api/tfserving/grpc/reload_config.h"
#include "api/tfserving/rest.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/engine_environment.h"
#include "cli/foreign_flags.h"
#include "cli/listen_options.h"
#include "cli/model_options.h"
#include "cli/open_inference_flags.h"
#include "cli/state_option.h"
#include "net/listener.h"
#include "net/tls.h"
#include "serving/service.h"
#include "serving/worker_pool.h"

namespace plinth::cli {
namespace {

struct ServeOptions {
  ListenOptions listen;
  std::vector<std::string> model_roots;
  std::vector<std::string> code_roots;
  std::vector<std::string> pythons;
  std::string python_environments;
  ModelOptions models;
  StateOption state;
  std::vector<std::string> backend_dirs;
  std::size_t io_threads = 0;
  std::size_t cache_mb = 256;
  std::size_t memory_mb = 0;
  std::string compiled_cache;  // empty: beside the models
  bool no_compiled_cache = false;
  std::uint64_t compiled_cache_mb = 4096;
  double drain_seconds = 30;
  std::string log_level = "info";
  OpenInferenceFlags open_inference;
  std::vector<const CLI::Option*> without_effect;
};

// The signals that end the server, and SIGHUP, which has it look at the files again: blocked in
// every thread so that one place waits for them. Made before any thread is.
class Signals {
 public:
  Signals() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of who writes it
    sigemptyset(&ending_);
    sigaddset(&ending_, SIGTERM);
    sigaddset(&ending_, SIGINT);
    set_ = ending_;
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  int Wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }

  // From here on those that end the server end the process at once, for those who will not wait.
  void UnblockEnding() const { pthread_sigmask(SIG_UNBLOCK, &ending_, nullptr); }

 private:
  sigset_t ending_{};
  sigset_t set_{};
};

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

// The folder for the compiled forms of models, by default beside the models; empty where there is
// to be none, or where nobody asked for one and it could not be written.
std::string CompiledCacheDir(const ServeOptions& options, const std::string& models) {
  if (options.no_compiled_cache) return {};
  if (!options.compiled_cache.empty()) return options.compiled_cache;
  if (::access(models.c_str(), W_OK) == 0) return models + "/.plinth/compiled";
  LogDebug("no compiled-model cache: " + models + " cannot be written");
  return {};
}

Service::Options ServiceOptions(const ServeOptions& options, const ModelSource& models) {
  std::vector<std::string> roots = options.model_roots;
  roots.insert(roots.end(), models.roots.begin(), models.roots.end());
  if (roots.empty()) roots.emplace_back("./models");
  std::string compiled = CompiledCacheDir(options, roots.front());
  std::vector<std::string> backends = DefaultBackendDirs();
  backends.insert(backends.end(), options.backend_dirs.begin(), options.backend_dirs.end());
  return {.backend_dirs = std::move(backends),
          .model_roots = std::move(roots),
          .cache_bytes = options.cache_mb << 20,
          .version = PLINTH_VERSION,
          .memory_budget = options.memory_mb << 20,
          .compiled_cache_dir = std::move(compiled),
          .compiled_cache_bytes = options.compiled_cache_mb << 20,
          .code_roots = options.code_roots};
}

// All protocols over HTTP. `coders` are the threads that compress and decompress.
std::vector<api::Protocol> Protocols(const ListenOptions& options, Service& service,
                                     api::openinference::Context& context, WorkerPool& coders) {
  const net::HttpServer::Options defaults;
  const api::CodingOptions coding{
      .run_elsewhere = [&coders](WorkerPool::Task task) { coders.Post(std::move(task)); },
      .body_bytes = defaults.limits.body_bytes,
      .budget = std::make_shared<net::ByteBudget>(defaults.body_memory),
      .compress_answers = !options.no_compression};
  const Error unknown{Code::kUnsupportedMedia,
                      "the Content-Encoding is not understood; send gzip, deflate or none"};
  const Error unknown_to_triton{Code::kUnimplemented, "Unsupported compression type"};

  api::CodingOptions triton_coding = coding;
  triton_coding.compresses = api::openinference::CompressesAnswer;
  net::HttpHandler open_inference = api::WithContentCoding(
      api::openinference::MakeRestApi(context),
      {api::openinference::ErrorResponse, unknown_to_triton}, std::move(triton_coding));
  net::HttpHandler tf_serving = api::WithContentCoding(
      api::tfserving::MakeRestApi(service), {api::tfserving::ErrorResponse, unknown}, coding);
  net::HttpHandler native =
      api::WithContentCoding(api::MakeNativeApi(service, {.version = PLINTH_VERSION}),
                             {api::ErrorResponse, unknown}, coding);
  return {{"/v2", std::move(open_inference), api::openinference::ErrorResponse},
          {"/v1", std::move(tf_serving), api::tfserving::ErrorResponse},
          {"", std::move(native), api::ErrorResponse}};
}

net::HttpHandler MakeApi(const ListenOptions& options, std::vector<api::Protocol> protocols) {
  net::HttpHandler all = api::Dispatch(std::move(protocols));
  if (options.cors_origins.empty()) return all;
  return api::WithCors(std::move(all), options.cors_origins);
}

// What is served over gRPC.
std::vector<net::GrpcMethod> GrpcMethods(Service& service,
                                         api::openinference::Context& open_inference,
                                         ModelKeeper& keeper) {
  std::vector<net::GrpcMethod> methods = api::openinference::MakeGrpcMethods(open_inference);
  for (auto service_methods : {api::tfserving::PredictionServiceMethods(service),
                               api::tfserving::ModelServiceMethods(service)}) {
    std::ranges::move(service_methods, std::back_inserter(methods));
  }
  methods.push_back(api::tfserving::ReloadConfigMethod(
      [&keeper](TfServingConfig config, TfServingSync::Done done) {
        keeper.Reload(std::move(config), std::move(done));
      }));
  return api::WithStandardServices(std::move(methods), [&service] { return service.ready(); });
}

struct Servers {
  std::unique_ptr<net::HttpServer> all;
  std::unique_ptr<net::HttpServer> metrics;  // null unless they have a port of their own
};

Result<Servers> StartServers(const ListenOptions& options, const net::HttpServer::Options& http,
                             const net::HttpHandler& handler,
                             std::vector<net::GrpcMethod> methods) {
  auto all = net::HttpServer::Start(http, handler, std::move(methods));
  if (!all) return Fail(std::move(all).error());
  auto metrics = ServeMetrics(options, handler);
  if (!metrics) return Fail(std::move(metrics).error());
  const char* who = "plinth " PLINTH_VERSION " ";
  for (const std::string& address : (*all)->addresses())
    LogInfo(std::exchange(who, "") + ("listening on " + address));
  if (*metrics != nullptr) LogInfo("metrics at " + (*metrics)->addresses().front() + "/metrics");
  return Servers{*std::move(all), *std::move(metrics)};
}

void ReloadTls(net::TlsServer* tls) {
  if (tls == nullptr) return;
  if (const Status reloaded = tls->Reload(); !reloaded) {
    LogError("the certificate stays as it was: " + reloaded.error().message);
  } else {
    LogInfo("new connections get the certificate as it is now");
  }
}

int Serve(const ServeOptions& options) {
  const Signals signals;
  SetLogLevel(LevelOf(options.log_level));
  WarnOfForeignFlags(options.without_effect);
  TellEngines(options.pythons, options.python_environments, options.code_roots);
  auto models = MakeModelSource(options.models);
  if (!models) {
    LogError(models.error().message);
    return EXIT_FAILURE;
  }
  Service::Options service_options = ServiceOptions(options, *models);
  const std::vector<std::string> roots = service_options.model_roots;
  auto state = OpenState(options.state, roots.front());
  if (!state) {
    LogError(state.error().message);
    return EXIT_FAILURE;
  }
  auto service = std::make_unique<Service>(std::move(service_options), *std::move(state));
  auto until_loaded = service->HoldReady();
  if (auto restored = service->Restore(); !restored) {
    LogError(restored.error().message);
    return EXIT_FAILURE;
  }

  auto open_inference = std::make_unique<api::openinference::Context>(
      *service, OptionsOf(options.open_inference, roots, *models));
  auto http = ServerOptions(options.listen);
  if (!http) {
    LogError(http.error().message);
    return EXIT_FAILURE;
  }
  http->threads = options.io_threads;
  http->on_turn_end = Service::EndTurn;
  WorkerPool coders("plinth-coding", std::max(1U, std::thread::hardware_concurrency()));
  std::vector<api::Protocol> protocols =
      Protocols(options.listen, *service, *open_inference, coders);
  http->write_refusal = api::DispatchRefusals(protocols);
  auto handler =
      WithMetricsPath(options.models.tfserving, MakeApi(options.listen, std::move(protocols)));
  if (!handler) {
    LogError(handler.error().message);
    return EXIT_FAILURE;
  }
  ModelKeeper keeper;
  auto servers = StartServers(options.listen, *http, *std::move(handler),
                              GrpcMethods(*service, *open_inference, keeper));
  if (!servers) {
    LogError(servers.error().message);
    return EXIT_FAILURE;
  }
  keeper.Start(*service, *models, std::move(until_loaded));

  int signal = signals.Wait();
  for (; signal == SIGHUP; signal = signals.Wait()) {
    LogInfo("SIGHUP received: looking at the files again");
    ReloadTls(http->tls.get());
    keeper.LookNow();
    service->ReloadChanged();
  }
  LogInfo(fmt::format("{} received: finishing what is in flight",
                      signal == SIGINT ? "SIGINT" : "SIGTERM"));
  signals.UnblockEnding();
  keeper.Stop();
  service->BeginShutdown();
  servers->all->Drain(
      std::chrono::milliseconds(static_cast<std::int64_t>(options.drain_seconds * 1000)));
  LogInfo("stopped");
#ifdef PLINTH_SANITIZED
  *servers = {};
  open_inference.reset();
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
  AddListenOptions(app, options->listen);
  app.add_option("--model-root", options->model_roots,
                 "Folder that paths in requests are confined to (may be repeated) [./models]");
  app.add_option(
      "--allow-code", options->code_roots,
      "Folder whose models may be programs, a model root as well (may be repeated) [none]");
  app.add_option("--python", options->pythons,
                 "Python interpreter or virtual environment that models in Python may ask for; the "
                 "first runs those that ask for none (may be repeated) [python3 on the PATH]");
  app.add_option("--python-environments", options->python_environments,
                 "Folder for virtual environments with what a model's requirements.txt asks for: "
                 "lets pip install it for models with the option requirements [none]");
  AddModelOptions(app, options->models);
  options->without_effect = AddForeignFlags(app);
  auto* const state =
      app.add_option("--state", options->state.file,
                     "File that keeps what is deployed over the API across restarts "
                     "[.plinth/state.db in the first model root, or in --models]");
  app.add_flag("--no-state", options->state.no_state,
               "Keep nothing: what is deployed over the API is forgotten at the end")
      ->excludes(state);
  app.add_option("--backend-dir", options->backend_dirs,
                 "Further folder with libplinth_<engine>.so files (may be repeated)");
  app.add_option("--io-threads", options->io_threads, "Threads for the network [one per core]");
  app.add_option("--cache-memory", options->cache_mb,
                 "MB for the answers that models with a cache_size keep, all together")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 20));
  app.add_option(
         "--memory-budget", options->memory_mb,
         "MB of memory for the whole process: idle models that are \"lazy\" are unloaded to keep "
         "to it [no bound]")
      ->check(CLI::Range(0, 1 << 24));
  app.add_option("--compiled-cache", options->compiled_cache,
                 "Folder for compiled forms of models [.plinth/compiled beside the models]");
  app.add_flag("--no-compiled-cache", options->no_compiled_cache,
               "Compile models anew at every load");
  app.add_option("--compiled-cache-mb", options->compiled_cache_mb,
                 "MB for the compiled forms of models, all together")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 30));
  app.add_option("--drain-seconds", options->drain_seconds,
                 "How long SIGTERM waits for requests in flight")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86400.0));
  app.add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  AddOpenInferenceFlags(app, options->open_inference);
  app.footer(R"(Examples:
  plinth serve --model-root ./models
  plinth serve --models ./models --host 0.0.0.0 --port 9000

  curl -X POST localhost:8000/models -d '{"name": "digits", "path": "digits.onnx"}'
  curl -X POST localhost:8000/predict/digits -d '{"inputs": [[0, 1, 2, 3]]}')");
  return [options] { return Serve(*options); };
}

}  // namespace plinth::cli
