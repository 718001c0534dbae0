#include "python/embedded/runtime.h"

#include <pthread.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "python/embedded/host_functions.h"
#include "python/embedded/library.h"
#include "python/host.h"

namespace plinth::python {
namespace {

constexpr const char* kBroken =
    "Python could not be embedded when it was first asked for, and there is no second try in one "
    "process; start the server again, or leave isolation at 'process'";

Runtime* the_runtime = nullptr;

constexpr std::chrono::seconds kStrikeAgain{1};
// What nobody needs any more is let go within this time, if no call does it before.
constexpr std::chrono::milliseconds kLetGoWithin{50};

std::unexpected<kit::Failure> CannotStart(const std::string& interpreter) {
  return kit::Fail(PLINTH_UNAVAILABLE, "Python was embedded from " + interpreter +
                                           " and does not work: " + TakeError());
}

// sys.path[0]: the folder of plinth_worker.
bool AddFolder(const std::string& folder) {
  PyObject* const path = Python().sys_object("path");
  const Ref text = TextOf(folder);
  return path != nullptr && text && Python().list_insert(path, 0, text.get()) == 0;
}

Ref ListOf(const std::vector<std::string>& texts) {
  Ref list(Python().list_new(static_cast<PySize>(texts.size())));
  if (!list) return {};
  for (std::size_t i = 0; i < texts.size(); ++i)
    Python().list_set(list.get(), static_cast<PySize>(i), TextOf(texts[i]).release());
  return list;
}

// A virtual environment has several names for its interpreter, all of them links to one that is
// also that of others.
bool IsSame(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  const auto folder = [](const std::string& program) {
    std::error_code error;
    return fs::weakly_canonical(fs::path(program).parent_path(), error);
  };
  std::error_code error;
  return a == b || (folder(a) == folder(b) && fs::equivalent(a, b, error));
}

// Whether the call ends by that alone.
bool Wake(PyObject* wake, std::uint64_t number) {
  const Ref woken = Call(wake, TupleOf(NumberOf(static_cast<std::int64_t>(number))));
  if (!woken) {
    Log(PLINTH_LOG_ERROR, "a Python call that is to end was not told so: " + TakeError());
    return false;
  }
  return Python().long_as(woken.get()) != 0;
}

}  // namespace

kit::Result<Runtime*> Runtime::Start(const std::string& interpreter, const std::string& scripts) {
  static std::mutex mutex;
  static std::string chosen;
  const std::lock_guard lock(mutex);
  if (!chosen.empty() && IsSame(chosen, interpreter)) {
    if (the_runtime == nullptr) return kit::Fail(PLINTH_UNAVAILABLE, kBroken);
    return the_runtime;
  }
  if (!chosen.empty()) {
    return kit::Fail(PLINTH_INVALID_ARGUMENT,
                     "option 'isolation' is 'thread', and the server has one Python for all such "
                     "models, which the first of them chose: " +
                         chosen + ". This model asks for " + interpreter +
                         "; give it that one, or leave isolation at 'process'");
  }
  const auto found = FindLibrary(interpreter, scripts);
  if (!found) return kit::Fail(found.error());
  auto api = PythonApi::Open(found->library);
  if (!api) return kit::Fail(std::move(api.error()));
  SetPython(*api);
  auto* const runtime = new Runtime();
  std::promise<kit::Status> started;
  auto outcome = started.get_future();
  // Python takes the thread that starts it for its main thread, so that must live as long.
  std::thread([&, runtime] {
    ::pthread_setname_np(::pthread_self(), "plinth-python");
    kit::Status status =
        runtime->Initialize(interpreter, scripts, found->library, found->module_paths);
    const bool ok = status.has_value();
    started.set_value(std::move(status));  // nothing on the starter's stack is used after this
    if (ok) runtime->Work();
  }).detach();
  chosen = interpreter;  // whatever comes of it: there is no second try in one process
  if (auto status = outcome.get(); !status) return kit::Fail(std::move(status.error()));
  the_runtime = runtime;
  return the_runtime;
}

Runtime& Runtime::The() { return *the_runtime; }

kit::Status Runtime::Initialize(const std::string& interpreter, const std::string& scripts,
                                const std::string& library, const std::vector<std::string>& paths) {
  const PythonApi& python = Python();
  if (python.is_initialized() != 0) {
    return kit::Fail(PLINTH_UNAVAILABLE,
                     "another part of the server runs a Python of its own: " + library);
  }
  // As `python -X utf8`. By its program Python finds its library and its virtual environment.
  if (python.utf8_mode != nullptr) *python.utf8_mode = 1;
  python.set_program_name(python.decode_locale(interpreter.c_str(), nullptr));
  python.initialize(0);
  kit::Status status;
  const bool there = AddFolder(scripts);
  const Ref module(there ? python.import_module("plinth_worker.embedded") : nullptr);
  const auto of_module = [&](const char* name) {
    return module ? python.get_attribute(module.get(), name) : nullptr;
  };
  const Ref start(of_module("start"));
  load_ = of_module("load");
  answered_ = of_module("answered");
  part_given_ = of_module("part_given");
  stopped_ = of_module("Stopped");
  const bool complete = start && load_ != nullptr && answered_ != nullptr &&
                        part_given_ != nullptr && stopped_ != nullptr;
  if (!complete || !Call(start.get(), TupleOf(ListOf(paths), HostFunctions())))
    status = CannotStart(interpreter);
  python.save_thread();
  return status;
}

void Runtime::Work() {
  Log(PLINTH_LOG_DEBUG, "Python runs in the server's process");
  Lock lock(mutex_);
  for (;;) {
    if (let_go_.empty() && let_go_at_ && *let_go_at_ <= Clock::now()) let_go_at_.reset();
    sleeps_until_ = NextTime();
    if (sleeps_until_ == Clock::time_point::max()) {
      changed_.wait(lock);
      continue;
    }
    if (sleeps_until_ > Clock::now()) {
      changed_.wait_until(lock, sleeps_until_);
      continue;
    }
    std::vector<std::unique_ptr<Task>> tasks = std::exchange(tasks_, {});
    let_go_at_.reset();
    lock.unlock();
    {
      const Gil gil;
      StrikeDue();
      LetGoNow();
      for (auto& task : tasks) {
        task->Run();
        task.reset();
      }
    }
    lock.lock();
  }
}

Clock::time_point Runtime::NextTime() const {
  auto next = let_go_at_.value_or(Clock::time_point::max());
  if (!tasks_.empty()) next = Clock::time_point::min();
  for (const auto& [serial, watch] : watches_) next = std::min(next, watch->Due());
  return next;
}

void Runtime::StrikeDue() {
  struct Due {
    std::uint64_t serial;
    std::uint64_t number;
    Ref wake;
  };
  std::vector<Due> due;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    for (const auto& [serial, watch] : watches_) {
      if (watch->Due() > now) continue;
      const bool first = watch->again_ == Clock::time_point();
      if (watch->wish_ == Watch::Wish::kNone) watch->wish_ = Watch::Wish::kDeadline;
      watch->again_ = now + kStrikeAgain;
      const bool wakes = first && watch->wake_ != nullptr;
      due.push_back({serial, watch->number_, wakes ? Ref::Borrow(watch->wake_) : Ref()});
    }
  }
  for (const Due& each : due) {
    if (!each.wake || !Wake(each.wake.get(), each.number)) Strike(each.serial);
  }
}

// Unless it has ended meanwhile.
void Runtime::Strike(std::uint64_t serial) {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(serial);
  if (found != watches_.end()) Python().set_async_exception(found->second->thread_, stopped_);
}

void Runtime::WakeBy(Clock::time_point when) {
  if (when >= sleeps_until_) return;
  sleeps_until_ = when;
  changed_.notify_one();
}

void Runtime::LetGo(std::unique_ptr<HeldBuffers> buffers) {
  const std::lock_guard lock(mutex_);
  let_go_.push_back(std::move(buffers));
  if (let_go_at_) return;
  let_go_at_ = Clock::now() + kLetGoWithin;
  WakeBy(*let_go_at_);
}

void Runtime::LetGoNow() {
  std::vector<std::unique_ptr<HeldBuffers>> buffers;
  {
    const std::lock_guard lock(mutex_);
    buffers.swap(let_go_);
  }
  for (const auto& held : buffers) {
    Python().release_buffer(&held->data);
    Python().release_buffer(&held->offsets);
  }
}

void Runtime::Post(std::unique_ptr<Task> task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  WakeBy(Clock::time_point::min());
}

void Watch::Stop() {
  const std::lock_guard lock(runtime_.mutex_);
  if (wish_ == Wish::kNone) wish_ = Wish::kStop;
  if (running_) runtime_.WakeBy(Due());
}

bool Watch::Begin(PyObject* wake, std::uint64_t number) {
  const std::lock_guard lock(runtime_.mutex_);
  if (wish_ == Wish::kNone && until_ && *until_ <= Clock::now()) wish_ = Wish::kDeadline;
  if (wish_ != Wish::kNone) return false;
  thread_ = Python().thread_ident();
  wake_ = wake;
  number_ = number;
  running_ = true;
  serial_ = ++runtime_.begun_;
  runtime_.watches_.emplace(serial_, this);
  if (until_) runtime_.WakeBy(*until_);
  return true;
}

void Watch::End() {
  const std::lock_guard lock(runtime_.mutex_);
  if (!std::exchange(running_, false)) return;
  runtime_.watches_.erase(serial_);
  Python().set_async_exception(thread_, nullptr);
}

Watch::Wish Watch::wish() const {
  const std::lock_guard lock(runtime_.mutex_);
  return wish_;
}

Clock::time_point Watch::Due() const {
  if (!running_) return Clock::time_point::max();
  if (wish_ != Wish::kNone) return again_;
  return until_.value_or(Clock::time_point::max());
}

}  // namespace plinth::python
