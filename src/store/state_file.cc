#include "store/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace plinth {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;       // of the folder that the file is in
constexpr mode_t kOuterFolderMode = 0777;  // of those above it, less the umask
constexpr mode_t kFileMode = 0600;

std::string Text(int error) { return std::generic_category().message(error); }

bool Allowed(const fs::path& path, int access) {
  return ::faccessat(AT_FDCWD, path.c_str(), access, AT_EACCESS) == 0;
}

std::unexpected<Error> CannotBeMade(const fs::path& file, const fs::path& what, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return Fail(full ? Code::kUnavailable : Code::kPermissionDenied,
              "the state file " + file.string() + " cannot be made: " + what.string() + ": " +
                  Text(error) +
                  "; name a place that can be written with --state, or start with "
                  "--no-state");
}

// A new entry is only safe once its folder has been written.
void SyncFolder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

Status MakeFolders(const fs::path& file, const fs::path& folder, mode_t mode) {
  if (folder.empty() || fs::is_directory(folder)) return {};
  if (auto made = MakeFolders(file, folder.parent_path(), kOuterFolderMode); !made) return made;
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    return CannotBeMade(file, folder, errno);
  }
  SyncFolder(folder.parent_path());
  return {};
}

Status Make(const fs::path& file) {
  if (auto made = MakeFolders(file, file.parent_path(), kFolderMode); !made) return made;
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return CannotBeMade(file, file, errno);
  ::close(fd);
  SyncFolder(file.parent_path());
  return {};
}

}  // namespace

Result<StateFile> PrepareStateFile(const std::string& path) {
  const fs::path file = fs::absolute(path).lexically_normal();
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) {
    if (errno != ENOENT) return CannotBeMade(file, file, errno);
    if (auto made = Make(file); !made) return Fail(made.error());
  } else if (!S_ISREG(found.st_mode)) {
    return Fail(Code::kFailedPrecondition,
                "the state file " + file.string() + " is not a file; name another with --state");
  }
  std::error_code error;
  const fs::path real = fs::canonical(file, error);
  if (error) return CannotBeMade(file, file, error.value());
  if (!Allowed(real, R_OK)) {
    return Fail(Code::kFailedPrecondition, "the state file " + real.string() +
                                               " cannot be read: " + Text(EACCES) +
                                               "; give this user access, or start with --no-state");
  }
  return StateFile{.path = real.string(),
                   .read_only = !Allowed(real, W_OK) || !Allowed(real.parent_path(), W_OK)};
}

}  // namespace plinth
