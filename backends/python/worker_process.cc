#include "python/worker_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

// Last, and so: this header of glibc 2.36 does not say that its functions are C.
extern "C" {
#include <sys/pidfd.h>
}

namespace plinth::python {
namespace {

std::unexpected<kit::Failure> CannotStart(const std::string& program, int error) {
  return kit::Fail(PLINTH_UNAVAILABLE, "the Python process " + program + " cannot be started: " +
                                           std::generic_category().message(error));
}

// A copy above the numbers that the child gives to its own.
FileDescriptor Above(int file) {
  return FileDescriptor(fcntl(file, F_DUPFD_CLOEXEC, kWorkerMemory + 1));
}

// Everything that the child needs, made before it exists.
struct Child {
  std::vector<char*> arguments;
  const char* folder;
  FileDescriptor nothing, output, socket, memory;
  std::size_t memory_bytes;
  pid_t parent;
  volatile int error = 0;  // set by the child, which runs in our memory until it is the program

  bool complete() const {
    return nothing.valid() && output.valid() && socket.valid() && memory.valid();
  }
};

// What the child does until it is the program. It shares our memory meanwhile, so it calls the
// system and nothing else.
[[noreturn]] void BecomeProgram(Child& child) {
  const auto give_up = [&child] {
    child.error = errno;
    _exit(127);
  };
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
  if (getppid() != child.parent) _exit(127);
  if (chdir(child.folder) != 0) give_up();
  if (dup2(child.nothing.get(), 0) < 0 || dup2(child.output.get(), 1) < 0 ||
      dup2(child.output.get(), 2) < 0 || dup2(child.socket.get(), kWorkerSocket) < 0 ||
      dup2(child.memory.get(), kWorkerMemory) < 0) {
    give_up();
  }
  close_range(kWorkerMemory + 1, ~0U, 0);
  if (child.memory_bytes > 0) {
    const rlimit limit{child.memory_bytes, child.memory_bytes};
    if (setrlimit(RLIMIT_DATA, &limit) != 0) give_up();
  }
  // A crash is told by the log; the memory of a model on disk helps nobody.
  const rlimit none_at_all{0, 0};
  setrlimit(RLIMIT_CORE, &none_at_all);
  execv(child.arguments[0], child.arguments.data());
  give_up();
  __builtin_unreachable();
}

}  // namespace

kit::Result<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(const WorkerCommand& command) {
  const std::string& program = command.arguments.front();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return CannotStart(program, errno);
  FileDescriptor output(ends[0]);
  const FileDescriptor write_end(ends[1]);
  fcntl(output.get(), F_SETFL, O_NONBLOCK);
  const FileDescriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));

  Child child{{},
              command.folder.c_str(),
              Above(nothing.get()),
              Above(write_end.get()),
              Above(command.socket < 0 ? nothing.get() : command.socket),
              Above(command.memory < 0 ? nothing.get() : command.memory),
              command.memory_bytes,
              getpid()};
  if (!child.complete()) return CannotStart(program, errno);
  for (const std::string& argument : command.arguments)
    child.arguments.push_back(const_cast<char*>(argument.c_str()));
  child.arguments.push_back(nullptr);

  // Not fork(): that would copy the page tables of a process with gigabytes of models, and make
  // every thread of it pay for its next writes.
  const pid_t pid = vfork();
  if (pid == 0) BecomeProgram(child);
  if (pid < 0) return CannotStart(program, errno);
  FileDescriptor pidfd(pidfd_open(pid, 0));
  const int error = child.error != 0 ? child.error : pidfd.valid() ? 0 : errno;
  std::unique_ptr<WorkerProcess> process(
      new WorkerProcess(pid, std::move(pidfd), std::move(output)));
  if (error != 0) return CannotStart(program, error);  // the destructor reaps it
  return process;
}

WorkerProcess::~WorkerProcess() {
  if (reaped_) return;
  Kill();
  AwaitEnd();
}

void WorkerProcess::Signal(int signal) const {
  pidfd_send_signal(pidfd_.get(), signal, nullptr, 0);
}

// Before the process is reaped its number cannot be given to another group.
void WorkerProcess::Kill() const {
  if (!reaped_) kill(-pid_, SIGKILL);
  if (!reaped_) kill(pid_, SIGKILL);
}

std::string WorkerProcess::AwaitEnd() {
  siginfo_t how{};
  // Left as it is for now: the group keeps its number, and what is left of it can be killed.
  while (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  kill(-pid_, SIGKILL);
  while (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED) != 0 && errno == EINTR) {
  }
  reaped_ = true;
  if (how.si_code == CLD_EXITED) return "ended with exit status " + std::to_string(how.si_status);
  return "was killed by signal " + std::to_string(how.si_status) + " (" + strsignal(how.si_status) +
         ")";
}

}  // namespace plinth::python
