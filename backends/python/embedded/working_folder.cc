#include "python/embedded/working_folder.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "python/host.h"

namespace plinth::python {
namespace {

constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;

// The server's own, as long as it runs.
int Home() {
  static const int home = ::open(".", kFolder);
  return home;
}

bool LeaveCommonFolder() {
  if (Home() >= 0 && ::unshare(CLONE_FS) == 0) return true;
  static const bool told = [] {
    Log(PLINTH_LOG_WARNING,
        "the system gives threads no working folder of their own (" +
            std::generic_category().message(errno) +
            "): Python models of isolation 'thread' find relative paths in the server's folder");
    return true;
  }();
  return !told;
}

// Whether the calling thread has a working folder of its own.
bool HasOwnFolder() {
  thread_local const bool own = LeaveCommonFolder();
  return own;
}

}  // namespace

ModelFolder::ModelFolder(const std::string& path) : folder_(::open(path.c_str(), kFolder)) {}

ModelFolder::Visit::Visit(const ModelFolder& folder)
    : moved_(HasOwnFolder() && ::fchdir(folder.folder_.get()) == 0) {}

ModelFolder::Visit::~Visit() {
  if (moved_ && ::fchdir(Home()) != 0) Log(PLINTH_LOG_ERROR, "the server's folder is gone");
}

}  // namespace plinth::python
