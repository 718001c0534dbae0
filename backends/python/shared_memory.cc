#include "python/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace plinth::python {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kPage = 4096;
// Pages are taken in steps of at least this.
constexpr std::size_t kCommitStep = std::size_t{1} << 20;
// What is kept of pages while no tensor lies there.
constexpr std::size_t kKept = std::size_t{64} << 20;
// Outputs of this size give their pages back as soon as they are released.
constexpr std::size_t kLarge = std::size_t{16} << 20;

std::size_t RoundUp(std::size_t size, std::size_t to) { return (size + to - 1) / to * to; }

std::unexpected<kit::Failure> NoMemory(int error) {
  return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, "no memory to share with the Python process: " +
                                                  std::generic_category().message(error));
}

bool Within(std::uint64_t at, std::uint64_t size, std::size_t half) {
  return size <= half && at <= half - size;
}

}  // namespace

kit::Result<std::shared_ptr<SharedMemory>> SharedMemory::Create(std::size_t half) {
  FileDescriptor file(memfd_create("plinth-tensors", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return NoMemory(errno);
  if (ftruncate(file.get(), static_cast<off_t>(2 * half)) != 0) return NoMemory(errno);
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return NoMemory(errno);
  void* base = mmap(nullptr, 2 * half, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (base == MAP_FAILED) return NoMemory(errno);
  return std::shared_ptr<SharedMemory>(
      new SharedMemory(std::move(file), static_cast<std::byte*>(base), half));
}

SharedMemory::SharedMemory(FileDescriptor file, std::byte* base, std::size_t half)
    : file_(std::move(file)), base_(base), half_(half), free_{{kAlignment, half - kAlignment}} {}

SharedMemory::~SharedMemory() { munmap(base_, 2 * half_); }

kit::Result<std::size_t> SharedMemory::Allocate(std::size_t size) {
  const std::lock_guard lock(mutex_);
  if (size <= half_) {
    size = std::max(RoundUp(size, kAlignment), kAlignment);
    const auto fits =
        std::ranges::find_if(free_, [size](const auto& part) { return part.second >= size; });
    if (fits != free_.end()) {
      const auto [at, whole] = *fits;
      if (auto committed = Commit(at + size); !committed) return kit::Fail(committed.error());
      free_.erase(fits);
      if (whole > size) free_.emplace(at + size, whole - size);
      taken_.emplace(at, size);
      return at;
    }
  }
  return kit::Fail(PLINTH_RESOURCE_EXHAUSTED,
                   "the inputs do not fit into the " + std::to_string(half_ >> 20) +
                       " MB that are shared with the Python process; set the option shm_mb");
}

// Takes the pages at once, where a lack of memory is an error: later it would be a signal.
kit::Status SharedMemory::Commit(std::size_t end) {
  if (end <= committed_) return {};
  const std::size_t target = std::min(RoundUp(end, kCommitStep), half_);
  while (fallocate(file_.get(), 0, static_cast<off_t>(committed_),
                   static_cast<off_t>(target - committed_)) != 0) {
    if (errno != EINTR) return NoMemory(errno);
  }
  committed_ = target;
  return {};
}

void SharedMemory::Free(std::size_t at) {
  const std::lock_guard lock(mutex_);
  const auto taken = taken_.find(at);
  std::size_t size = taken->second;
  taken_.erase(taken);
  auto next = free_.lower_bound(at);
  if (next != free_.end() && next->first == at + size) {
    size += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == at) {
      before->second += size;
      size = 0;
    }
  }
  if (size > 0) free_.emplace(at, size);
  if (taken_.empty() && committed_ > kKept) {
    madvise(base_ + kKept, committed_ - kKept, MADV_REMOVE);
    committed_ = kKept;
  }
}

const std::byte* SharedMemory::Output(std::uint64_t at, std::uint64_t size) const {
  return Within(at, size, half_) ? base_ + half_ + at : nullptr;
}

const std::byte* SharedMemory::Input(std::uint64_t at, std::uint64_t size) const {
  return Within(at, size, half_) ? base_ + at : nullptr;
}

void SharedMemory::Release(std::uint64_t at, std::uint64_t size) {
  if (size >= kLarge) {
    const std::size_t begin = RoundUp(at, kPage);
    const std::size_t end = (at + size) / kPage * kPage;
    if (begin < end) madvise(base_ + half_ + begin, end - begin, MADV_REMOVE);
  }
  const std::lock_guard lock(mutex_);
  released_.push_back(at);
  if (on_release_) on_release_->Set();
}

void SharedMemory::WakeOnRelease(std::shared_ptr<const StopEvent> event) {
  const std::lock_guard lock(mutex_);
  on_release_ = std::move(event);
}

std::vector<std::uint64_t> SharedMemory::TakeReleased() {
  const std::lock_guard lock(mutex_);
  return std::exchange(released_, {});
}

}  // namespace plinth::python
