#include "model/content_digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "base/file_descriptor.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = 1 << 20;

std::unexpected<Error> CannotRead(const std::string& path, const std::string& why) {
  return Fail(Code::kUnavailable, path + " cannot be read: " + why);
}

Status AddFolder(const std::string& folder, std::vector<std::string>& files) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::follow_directory_symlink,
                                         error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (entry->is_regular_file(gone)) files.push_back(entry->path());
    if (files.size() > kMaxModelFiles) {
      return Fail(Code::kFailedPrecondition, folder + " holds more than " +
                                                 std::to_string(kMaxModelFiles) +
                                                 " files; a model has fewer");
    }
  }
  if (error) return CannotRead(folder, error.message());
  return {};
}

// Feeds the bytes of a file into the hash; returns how many there were.
Result<std::uint64_t> HashFile(const std::string& path, StableHasher& hasher) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return CannotRead(path, ErrorText(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return CannotRead(path, "it is no regular file");  // and may have no end
  }
  const auto chunk = std::make_unique_for_overwrite<std::byte[]>(kChunk);
  std::uint64_t size = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), chunk.get(), kChunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotRead(path, ErrorText(errno));
    if (got == 0) return size;
    hasher.Bytes({chunk.get(), static_cast<std::size_t>(got)});
    size += static_cast<std::uint64_t>(got);
  }
}

}  // namespace

Result<FileDigest> DigestOf(const std::string& path) {
  StableHasher hasher;
  const auto size = HashFile(path, hasher);
  if (!size) return Fail(size.error());
  return FileDigest{*size, hasher.Hex()};
}

Status HashContents(std::span<const std::string> paths, const std::string& base,
                    StableHasher& hasher) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
    } else if (auto added = AddFolder(path, files); !added) {
      return added;
    }
  }
  std::ranges::sort(files);
  for (const std::string& file : files) {
    hasher.Text(fs::path(file).lexically_relative(base).string());
    const auto size = HashFile(file, hasher);
    if (!size) return Fail(size.error());
    hasher.Number(*size);
  }
  return {};
}

}  // namespace plinth
