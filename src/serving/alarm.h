// Calls functions at given times, on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace plinth {

class Alarm {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Call = std::move_only_function<void()>;

  Alarm();
  ~Alarm() { Stop(); }

  // Calls `call` at or soon after `when`. It must not block long.
  void At(Time when, Call call);

  // Drops the calls that are not due yet, and all later ones, once the one that runs has ended. Not
  // from a call.
  void Stop();

 private:
  void Run();

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::multimap<Time, Call> calls_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace plinth
