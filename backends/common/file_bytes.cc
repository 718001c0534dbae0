#include "common/file_bytes.h"

#include <sys/mman.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <new>
#include <system_error>

namespace plinth::kit {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kCacheLine = 64;

// In huge pages, where there are any: handing out small ones takes longer than reading the file.
FileBytes Allocate(std::size_t size) {
  const std::size_t unit = size < 2 * kHugePage ? kCacheLine : kHugePage;
  const std::size_t rounded = size / unit * unit + unit;
  void* const memory = std::aligned_alloc(unit, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  if (unit == kHugePage) ::madvise(memory, rounded, MADV_HUGEPAGE);
  return {std::unique_ptr<void, FileBytes::Free>(memory), size};
}

}  // namespace

Result<FileBytes> ReadFile(const std::string& path) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(PLINTH_NOT_FOUND, "there is no readable " + path);
  const std::uintmax_t size = regular ? std::filesystem::file_size(path, error) : 0;
  if (!regular || error) return Fail(PLINTH_INVALID_MODEL, path + " is no regular file");
  FileBytes bytes = Allocate(size);
  in.read(static_cast<char*>(bytes.data.get()), static_cast<std::streamsize>(size));
  if (in.gcount() != static_cast<std::streamsize>(size)) {
    return Fail(PLINTH_INVALID_MODEL, path + " became shorter while it was read");
  }
  return bytes;
}

}  // namespace plinth::kit
