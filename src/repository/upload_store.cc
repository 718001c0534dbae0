#include "repository/upload_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/utc_time.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNames = 8;
constexpr std::size_t kLongestName = 255;

bool IsSafeName(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || name.front() == '.') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

Error CannotWrite(const std::string& path, const std::string& why) {
  return {Code::kUnavailable, "cannot write " + path + ": " + why};
}

Status SyncFolder(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0)
    return Fail(CannotWrite(path, ErrorText(errno)));
  return {};
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) {
    if (errno == EEXIST) {
      return Fail(Code::kInvalidArgument,
                  "the file '" + fs::path(path).filename().string() + "' is given twice");
    }
    return Fail(CannotWrite(path, ErrorText(errno)));
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(CannotWrite(path, ErrorText(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return Fail(CannotWrite(path, ErrorText(errno)));
  return {};
}

Status WriteAll(const fs::path& folder, const std::vector<UploadedFile>& files) {
  std::set<fs::path> folders;
  for (const UploadedFile& file : files) {
    const fs::path path = folder / file.version / file.path;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) return Fail(CannotWrite(path.parent_path(), error.message()));
    for (fs::path at = path.parent_path(); at != folder; at = at.parent_path()) folders.insert(at);
    if (auto written = WriteFile(path, file.bytes); !written) return written;
  }
  folders.insert(folder);
  folders.insert(folder.parent_path());
  for (const fs::path& path : folders) {
    if (auto synced = SyncFolder(path); !synced) return synced;
  }
  return {};
}

std::vector<fs::path> FoldersIn(const fs::path& path) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(error) && !at->is_symlink(error)) folders.push_back(at->path());
  }
  return folders;
}

}  // namespace

Result<UploadedFile> UploadOf(std::string_view name) {
  const auto refuse = [&] {
    return Fail(Code::kInvalidArgument,
                "Invalid file path '" + std::string(name.substr(0, 300)) +
                    "', expected <version>/<path>, where the path has up to 7 names of letters, "
                    "digits, '_', '-' and '.' that do not begin with '.'");
  };
  std::vector<std::string_view> names;
  for (std::string_view rest = name;;) {
    const std::size_t slash = rest.find('/');
    names.push_back(rest.substr(0, slash));
    if (!IsSafeName(names.back()) || names.size() > kMostNames) return refuse();
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (names.size() < 2) return refuse();
  return UploadedFile{
      std::string(names.front()), std::string(name.substr(names.front().size() + 1)), {}};
}

UploadStore::UploadStore(std::string root)
    : folder_(root.empty() ? root : (fs::path(root) / ".plinth" / "uploads").string()) {}

Status UploadStore::Open() {
  if (lock_.valid()) return {};
  const auto refuse = [this](const std::string& why) {
    return Fail(Code::kFailedPrecondition,
                "model files in a request need a folder to be kept in; " + folder_ + ": " + why);
  };
  if (folder_.empty()) return refuse("there is no model root");
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return refuse(error.message());
  FileDescriptor lock(
      ::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return refuse(ErrorText(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return refuse(errno == EWOULDBLOCK ? "another server uses it" : ErrorText(errno));
  }
  lock_ = std::move(lock);
  return {};
}

Result<std::string> UploadStore::Put(const std::string& model,
                                     const std::vector<UploadedFile>& files) {
  if (files.empty() || files.size() > kMostFiles) {
    return Fail(Code::kInvalidArgument, std::to_string(files.size()) + " files, expected 1 to " +
                                            std::to_string(kMostFiles));
  }
  const std::lock_guard lock(mutex_);
  if (auto opened = Open(); !opened) return Fail(std::move(opened.error()));
  const fs::path of_model = fs::path(folder_) / model;
  std::error_code error;
  fs::create_directories(of_model, error);
  if (error) return Fail(CannotWrite(of_model, error.message()));
  // A name that was never used before: a version that was loaded from it may still be there.
  std::int64_t number = NowMs();
  while (!fs::create_directory(of_model / std::to_string(number), error)) {
    if (error) return Fail(CannotWrite(of_model, error.message()));
    ++number;
  }
  const fs::path folder = of_model / std::to_string(number);
  if (auto written = WriteAll(folder, files); !written) {
    fs::remove_all(folder, error);
    return Fail(std::move(written.error()));
  }
  fresh_.insert(folder);
  return folder.string();
}

void UploadStore::Release(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  fresh_.erase(folder);
}

void UploadStore::Sweep(const std::string& model,
                        const std::function<bool(const std::string& folder)>& in_use) {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  if (folder_.empty() || !fs::exists(folder_, error) || !Open()) return;
  const auto models =
      model.empty() ? FoldersIn(folder_) : std::vector<fs::path>{fs::path(folder_) / model};
  for (const fs::path& of_model : models) {
    for (const fs::path& folder : FoldersIn(of_model)) {
      if (fresh_.contains(folder) || in_use(folder)) continue;
      fs::remove_all(folder, error);
      if (error) LogWarning("cannot remove " + folder.string() + ": " + error.message());
    }
    fs::remove(of_model, error);  // unless something is left in it
  }
}

}  // namespace plinth
