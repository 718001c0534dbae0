// The files that a model is made of, as all of Plinth sees them: hidden names and backups (name~)
// are no part of a model, because rsync, editors and Kubernetes keep there what is not finished;
// links are followed.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/status.h"

namespace plinth {

// Whether a name begins with a dot or ends with '~'.
bool IsIgnoredName(std::string_view name);

// The entries of a folder, sorted, without those of such names.
std::vector<std::filesystem::path> SortedEntries(const std::filesystem::path& dir,
                                                 std::error_code& error);

// The text of a configuration file; nothing if there is none. INVALID_ARGUMENT if it is larger than
// 1 MiB or cannot be read.
Result<std::optional<std::string>> ReadConfigFile(const std::filesystem::path& file);

struct ModelFile {
  enum class Kind {
    kFile,
    kFolder,      // the visitor says whether it is entered
    kUnreadable,  // `error` says why
  };
  Kind kind = Kind::kFile;
  std::string path;
  std::string_view relative;  // to what was walked; the file's own name for a single file
  struct stat info {};        // of what links lead to; empty if unreadable
  int error = 0;              // an errno
};
// The answer counts for folders only.
using ModelFileVisitor = std::function<bool(const ModelFile&)>;

// Shows the file, with those beside it that belong to it (weights, model.json), or the folder and
// all that lies below it, in no particular order. What is not there is not shown, nor are sockets,
// devices and pipes. Bounded: 100,000 entries, 32 levels, and no folder within itself.
void WalkModelFiles(const std::string& path, const ModelFileVisitor& visit);

// Whether some process has one of the files open for writing: who copies a file has not finished.
// False where the kernel does not tell: on network file systems, and for files of another user
// unless this process is root's.
bool IsBeingWritten(const std::string& path);

// Whether changes may come from other machines, of which the kernel hears nothing, and inode
// numbers need not last: NFS, SMB, FUSE and their like.
bool IsOnRemoteFileSystem(const std::string& path);

}  // namespace plinth
