#include "repository/model_files.h"

#include <fcntl.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxEntries = 100'000;
constexpr std::size_t kMaxLevels = 32;
constexpr std::uintmax_t kMaxConfigFile = 1 << 20;

class Walk {
 public:
  Walk(const std::string& root, const ModelFileVisitor& visit)
      : visit_(visit), prefix_(root.size() + (root.empty() || root.ends_with('/') ? 0 : 1)) {}

  void Visit(const std::string& path) {
    ModelFile file;
    file.path = path;
    file.relative = std::string_view(file.path).substr(std::min(prefix_, path.size()));
    if (::stat(path.c_str(), &file.info) != 0) {
      if (errno == ENOENT) return;  // gone since its folder was read, or a link to nothing
      return Refuse(file, errno);
    }
    if (S_ISREG(file.info.st_mode)) {
      visit_(file);
    } else if (S_ISDIR(file.info.st_mode)) {
      Enter(file);
    }
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  void Refuse(ModelFile& file, int error) {
    file.kind = ModelFile::Kind::kUnreadable;
    file.error = error;
    visit_(file);
  }

  void Enter(ModelFile& folder) {
    const Identity self{folder.info.st_dev, folder.info.st_ino};
    if (above_.size() >= kMaxLevels || std::ranges::find(above_, self) != above_.end()) return;
    folder.kind = ModelFile::Kind::kFolder;
    if (!visit_(folder)) return;
    above_.push_back(self);
    std::error_code error;
    for (auto it = fs::directory_iterator(folder.path, error); !error && it != fs::end(it);
         it.increment(error)) {
      if (IsIgnoredName(it->path().filename().native())) continue;
      if (++entries_ > kMaxEntries) break;
      Visit(it->path());
    }
    above_.pop_back();
    if (error && error.value() != ENOENT) Refuse(folder, error.value());
  }

  const ModelFileVisitor& visit_;
  const std::size_t prefix_;
  int entries_ = 0;
  std::vector<Identity> above_;  // the folders that the walk is in
};

// Those beside a single file that its engine reads, too.
std::vector<std::string> FilesBeside(const std::string& file) {
  const fs::path path(file);
  const fs::path folder = path.parent_path();
  return {folder / (path.stem().string() + ".bin"),  // of an OpenVINO .xml
          file + ".data", file + "_data",            // of an ONNX file, by its usual exporters
          folder / "model.json"};
}

bool IsRemote(const struct statfs& info) {
  // From linux/magic.h and the sources of those that are not in it.
  constexpr std::array<std::uint32_t, 12> kRemote = {
      0x6969,      // NFS
      0x517B,      // SMB
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB 2 and 3
      0x65735546,  // FUSE
      0x01021997,  // 9P
      0x00C36400,  // Ceph
      0x5346414F,  // AFS
      0x6B414653,  // kAFS
      0x0BD00BD0,  // Lustre
      0x47504653,  // GPFS
      0x786F4256,  // VirtualBox shared folders
  };
  return std::ranges::find(kRemote, static_cast<std::uint32_t>(info.f_type)) != kRemote.end();
}

// A read lease is granted only while nobody has the file open for writing. It is given back at
// once; whoever wants to write meanwhile waits for that instant. NFS and SMB refuse leases for
// other reasons with the same error.
bool HasWriter(const std::string& file) {
  const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct statfs info {};
  if (!fd.valid() || ::fstatfs(fd.get(), &info) != 0 || IsRemote(info)) return false;
  // That somebody waits is told by a signal; this one is ignored unless asked for, SIGIO is not.
  if (::fcntl(fd.get(), F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(fd.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  ::fcntl(fd.get(), F_SETLEASE, F_UNLCK);
  return false;
}

}  // namespace

bool IsIgnoredName(std::string_view name) { return name.starts_with('.') || name.ends_with('~'); }

void WalkModelFiles(const std::string& path, const ModelFileVisitor& visit) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Walk(path, visit).Visit(path);
  Walk walk(fs::path(path).parent_path(), visit);
  walk.Visit(path);
  for (const std::string& beside : FilesBeside(path)) walk.Visit(beside);
}

std::vector<fs::path> SortedEntries(const fs::path& dir, std::error_code& error) {
  std::vector<fs::path> entries;
  for (auto it = fs::directory_iterator(dir, error); !error && it != fs::end(it);
       it.increment(error)) {
    if (!IsIgnoredName(it->path().filename().native())) entries.push_back(it->path());
  }
  std::ranges::sort(entries);
  return entries;
}

Result<std::optional<std::string>> ReadConfigFile(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error == std::errc::no_such_file_or_directory) return std::nullopt;
  const std::string name = file.filename().string();
  if (error) return Fail(Code::kInvalidArgument, name + " cannot be read: " + error.message());
  if (size > kMaxConfigFile) return Fail(Code::kInvalidArgument, name + " is larger than 1 MiB");
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return std::move(text).str();
}

bool IsBeingWritten(const std::string& path) {
  bool written = false;
  WalkModelFiles(path, [&](const ModelFile& file) {
    written = written || (file.kind == ModelFile::Kind::kFile && HasWriter(file.path));
    return !written;
  });
  return written;
}

bool IsOnRemoteFileSystem(const std::string& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && IsRemote(info);
}

}  // namespace plinth
