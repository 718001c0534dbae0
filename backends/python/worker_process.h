// The process of a worker: its start, what it writes to its standard output and errors, its end.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "common/failure.h"

namespace plinth::python {

// The descriptors that a worker finds open besides the standard three.
inline constexpr int kWorkerSocket = 3;
inline constexpr int kWorkerMemory = 4;

struct WorkerCommand {
  std::vector<std::string> arguments;  // the program's path first
  std::string folder;                  // where it runs
  int socket = -1;                     // becomes kWorkerSocket; -1: none
  int memory = -1;                     // becomes kWorkerMemory; -1: none
  std::size_t memory_bytes = 0;        // the most memory of its own; 0: no bound
};

// The process does not outlive its starter: the system kills it when the thread that started it
// ends. It is the first of a group of its own, which is killed with it.
class WorkerProcess {
 public:
  static kit::Result<std::unique_ptr<WorkerProcess>> Start(const WorkerCommand& command);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  // Kills it if it still runs.
  ~WorkerProcess();

  // Readable once the process has ended.
  int end() const { return pidfd_.get(); }
  // What it writes; not blocking.
  int output() const { return output_.get(); }
  pid_t pid() const { return pid_; }

  // Any thread; nothing happens if it has ended.
  void Signal(int signal) const;
  // The process and what it has started.
  void Kill() const;

  // Waits for the end: "ended with exit status 3", "was killed by signal 9 (Killed)". Once.
  std::string AwaitEnd();

 private:
  WorkerProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor output)
      : pid_(pid), pidfd_(std::move(pidfd)), output_(std::move(output)) {}

  const pid_t pid_;
  const FileDescriptor pidfd_;
  const FileDescriptor output_;
  bool reaped_ = false;
};

}  // namespace plinth::python
