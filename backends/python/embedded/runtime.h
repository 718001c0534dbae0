// The one Python of this process, and the thread that it was started on. It never ends: what has
// been loaded into it does not survive that.
//
// Locks: the global lock of Python first, then the runtime's own, which is held for moments only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/failure.h"
#include "python/channel.h"
#include "python/embedded/python_objects.h"

namespace plinth::python {

// What an output's memory is kept by: the views of a Python object.
struct HeldBuffers {
  PyBuffer data;
  PyBuffer offsets;
};

// Something to be done under the global lock.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Run() = 0;
};

class Watch;

class Runtime {
 public:
  // Starts Python, if this is the first call. INVALID_ARGUMENT: it runs already, as another
  // interpreter; UNAVAILABLE: this one cannot be embedded.
  static kit::Result<Runtime*> Start(const std::string& interpreter, const std::string& scripts);

  // What was started.
  static Runtime& The();

  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime() = delete;

  // Of plinth_worker.embedded.
  PyObject* load() const { return load_; }
  PyObject* answered() const { return answered_; }
  PyObject* part_given() const { return part_given_; }

  // From any thread, without waiting: it is let go when Python is next used, or soon.
  void LetGo(std::unique_ptr<HeldBuffers> buffers);
  // Lets go what waits for that. Under the global lock.
  void LetGoNow();

  // From any thread, without waiting: the runtime's thread runs it.
  void Post(std::unique_ptr<Task> task);

 private:
  friend class Watch;
  using Lock = std::unique_lock<std::mutex>;

  Runtime() = default;
  kit::Status Initialize(const std::string& interpreter, const std::string& scripts,
                         const std::string& library, const std::vector<std::string>& paths);
  [[noreturn]] void Work();
  Clock::time_point NextTime() const;
  void StrikeDue();
  void Strike(std::uint64_t serial);
  // Wakes the thread if it would sleep longer.
  void WakeBy(Clock::time_point when);

  PyObject* load_ = nullptr;
  PyObject* answered_ = nullptr;
  PyObject* part_given_ = nullptr;
  PyObject* stopped_ = nullptr;  // the exception

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  Clock::time_point sleeps_until_ = Clock::time_point::max();
  std::map<std::uint64_t, Watch*> watches_;  // by when they began
  std::uint64_t begun_ = 0;
  std::vector<std::unique_ptr<HeldBuffers>> let_go_;
  std::optional<Clock::time_point> let_go_at_;
  std::vector<std::unique_ptr<Task>> tasks_;
};

// A stretch of Python on one thread that may be told to end: Stopped is raised in it, again every
// second until it ends, and `wake` is called, so that what waits hears of it.
class Watch {
 public:
  enum class Wish { kNone, kStop, kDeadline };

  Watch(Runtime& runtime, std::optional<Clock::time_point> until)
      : runtime_(runtime), until_(until) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Any thread, any time; does not wait.
  void Stop();

  // Under the global lock, on the thread that runs. `wake` is nullptr, or is called with `number`
  // before the first strike, which is left out if that gives true. False: it has been told to end
  // already.
  bool Begin(PyObject* wake, std::uint64_t number = 0);
  // Nothing strikes from here on, not even what was on its way.
  void End();

  // Why it was told to end.
  Wish wish() const;

 private:
  friend class Runtime;
  // When it is to be struck; max(): not as things are.
  Clock::time_point Due() const;

  Runtime& runtime_;
  const std::optional<Clock::time_point> until_;
  unsigned long thread_ = 0;  // what follows is guarded by the runtime's mutex
  PyObject* wake_ = nullptr;
  std::uint64_t number_ = 0;
  Wish wish_ = Wish::kNone;
  std::uint64_t serial_ = 0;
  bool running_ = false;
  Clock::time_point again_{};  // not struck before
};

}  // namespace plinth::python
