#include "python/keeper.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>

#include "python/host.h"

namespace plinth::python {
namespace {

// How long after the end of a worker the next one is started: longer each time, until one lives for
// a while.
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{30'000};
constexpr std::chrono::seconds kLivesWell{10};

// How long a worker may take to end when it is asked to.
constexpr std::chrono::seconds kEndPatience{5};
// How long a call waits to learn why its worker has ended.
constexpr std::chrono::seconds kWhyPatience{5};

bool SameSpecs(const std::vector<kit::Spec>& a, const std::vector<kit::Spec>& b) {
  return std::ranges::equal(a, b, [](const kit::Spec& x, const kit::Spec& y) {
    return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape &&
           x.batch_axis == y.batch_axis && x.optional == y.optional;
  });
}

}  // namespace

kit::Result<std::unique_ptr<Program>> Keeper::Start(Settings settings) {
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(settings)));
  std::promise<kit::Status> first;
  auto outcome = first.get_future();
  keeper->thread_ = std::thread(&Keeper::Run, keeper.get(), std::move(first));
  if (auto status = outcome.get(); !status) return kit::Fail(std::move(status.error()));
  return keeper;
}

Keeper::~Keeper() {
  stop_.Set();
  if (thread_.joinable()) thread_.join();
}

kit::Status Keeper::Execute(const plinth_execute_request& request, const kit::Signature& signature,
                            kit::OutputWriter& outputs) {
  const auto worker = Get();
  if (!worker) return kit::Fail(worker.error());
  kit::Status status = (*worker)->Execute(request, signature, outputs);
  const bool ended =
      !status && status.error().status == PLINTH_UNAVAILABLE && status.error().message.empty();
  return ended ? kit::Fail(WhyEnded(*worker)) : status;
}

kit::Result<std::shared_ptr<Worker>> Keeper::Get() {
  const std::lock_guard lock(mutex_);
  if (worker_ && !worker_->ended()) return worker_;
  return kit::Fail(PLINTH_UNAVAILABLE, "the model's Python process is started again" +
                                           (why_.empty() ? "" : ": the one before " + why_));
}

kit::Failure Keeper::WhyEnded(const std::shared_ptr<Worker>& worker) {
  std::unique_lock lock(mutex_);
  const bool known = changed_.wait_for(lock, kWhyPatience, [&] { return worker_ != worker; });
  return {PLINTH_UNAVAILABLE, "the model's Python process " +
                                  (known && !why_.empty() ? why_ : std::string("has ended")) +
                                  "; it is started again"};
}

void Keeper::Run(std::promise<kit::Status> first) {
  ::pthread_setname_np(::pthread_self(), "plinth-python");
  if (!TryWorker(&first)) return;
  auto pause = kFirstPause;
  while (!AwaitReadable({stop_.file(), -1, -1}, Clock::now() + pause)[0]) {
    const auto begin = Clock::now();
    const auto loaded = TryWorker(nullptr);
    const bool lived = loaded && Clock::now() - begin > kLivesWell;
    if (!loaded) {
      Log(PLINTH_LOG_ERROR, settings_.name + ": cannot be loaded again: " + loaded.error().message);
    }
    pause = lived ? kFirstPause : std::min(2 * pause, kLongestPause);
  }
}

kit::Status Keeper::TryWorker(std::promise<kit::Status>* first) {
  kit::Status failed;
  try {
    return RunWorker(first);
  } catch (const std::exception& error) {
    failed = kit::Fail(PLINTH_RESOURCE_EXHAUSTED, error.what());
  }
  try {
    Publish(nullptr, failed.error().message);
    if (first != nullptr) first->set_value(failed);
  } catch (const std::future_error&) {
    return {};  // it had been loaded
  }
  return failed;
}

kit::Status Keeper::RunWorker(std::promise<kit::Status>* first) {
  LogLines lines(settings_.name);
  auto started = Worker::Start(settings_);
  kit::Result<Loaded> loaded =
      started ? (*started)->Load(settings_, stop_, lines) : kit::Fail(started.error());
  kit::Status status;
  if (!loaded) {
    status = kit::Fail(std::move(loaded.error()));
    if (started) {
      const std::string how = AwaitEnd(**started, lines);
      if (status.error().message.empty())
        status.error().message = "the Python process " + how + " while it loaded the model";
    }
  } else if (first != nullptr) {
    loaded_ = *std::move(loaded);
  } else {
    status = CheckSame(*loaded);
  }
  if (status) {
    Publish(*started, "");
  } else {
    Publish(nullptr, "could not load it: " + status.error().message);
  }
  if (first != nullptr) first->set_value(status);
  if (!status) return status;

  Watch(**started, lines);
  const std::string how = AwaitEnd(**started, lines);
  if (!IsReadable(stop_.file()))
    Log(PLINTH_LOG_ERROR, settings_.name + ": the Python process " + how);
  Publish(nullptr, how);
  return {};
}

kit::Status Keeper::CheckSame(const Loaded& loaded) const {
  if (SameSpecs(loaded.inputs, loaded_.inputs) && SameSpecs(loaded.outputs, loaded_.outputs) &&
      loaded.decoupled == loaded_.decoupled) {
    return {};
  }
  return kit::Fail(PLINTH_INVALID_MODEL,
                   "its files have changed, and its inputs or outputs with them; deploy it anew");
}

void Keeper::Publish(std::shared_ptr<Worker> worker, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    worker_.swap(worker);
    if (!why.empty()) why_ = std::move(why);
  }
  changed_.notify_all();
}

void Keeper::Watch(Worker& worker, LogLines& lines) {
  int output = worker.process().output();
  for (;;) {
    const auto [wrote, ended, stopped] =
        AwaitReadable({output, worker.process().end(), stop_.file()}, std::nullopt);
    if (ended || stopped) return;
    // Closed, and still running: from now on only its end is to be seen.
    if (wrote && !lines.ReadFrom(output)) output = -1;
  }
}

std::string Keeper::AwaitEnd(Worker& worker, LogLines& lines) {
  WorkerProcess& process = worker.process();
  if (IsReadable(stop_.file()) && !worker.ended()) worker.AskToEnd();
  const auto until = Clock::now() + kEndPatience;
  int output = process.output();
  for (;;) {
    const auto [wrote, ended, none] = AwaitReadable({output, process.end(), -1}, until);
    if (ended || !wrote) break;
    if (!lines.ReadFrom(output)) output = -1;
  }
  process.Kill();
  std::string how = process.AwaitEnd();
  lines.ReadFrom(process.output());
  lines.Finish();
  if (!lines.last().empty()) how += ", its last line was: " + lines.last();
  return how;
}

}  // namespace plinth::python
