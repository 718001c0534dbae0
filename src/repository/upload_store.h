// Model files that came in a request, in a folder of the server's own inside a model root:
//
//   <root>/.plinth/uploads/<model>/<number>/<version>/<path>
//
// One process at a time uses the folder (a lock on .plinth/uploads/lock), so that what nobody
// serves any more can be told and removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace plinth {

struct UploadedFile {
  std::string version;
  std::string path;  // relative, within the version
  std::string bytes;
};

// Takes "<version>/<path>" apart. INVALID_ARGUMENT for a path of more than 8 names, or with a name
// that is empty, begins with '.', is longer than 255 bytes or has characters but letters, digits,
// '_', '-' and '.'.
Result<UploadedFile> UploadOf(std::string_view name);

// Thread-safe; reads and writes files.
class UploadStore {
 public:
  static constexpr std::size_t kMostFiles = 1000;  // of one upload

  // `root` is the model root; empty: none, so that nothing can be kept.
  explicit UploadStore(std::string root);

  // Writes the files, so that they outlast a loss of power, and gives the folder whose folders are
  // the versions; it is in use until Release(). INVALID_ARGUMENT for no or too many files or one
  // that is given twice; FAILED_PRECONDITION if the folder cannot be used, UNAVAILABLE if it cannot
  // be written.
  Result<std::string> Put(const std::string& model, const std::vector<UploadedFile>& files);

  // What all of them lie in; empty if there is none.
  const std::string& folder() const { return folder_; }

  // Whoever has the folder in use from here on says so when it is swept.
  void Release(const std::string& folder);

  // Removes the uploads of the model, or with an empty `model` of all, that `in_use` says no to.
  void Sweep(const std::string& model,
             const std::function<bool(const std::string& folder)>& in_use);

 private:
  Status Open();  // requires mutex_

  const std::string folder_;
  std::mutex mutex_;             // guards what follows
  FileDescriptor lock_;          // valid once opened
  std::set<std::string> fresh_;  // not released yet
};

}  // namespace plinth
