#include "base/shared_mapping.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <string>

#include "base/file_descriptor.h"

namespace plinth {

// One place of the table. `begin` is 0 while it is free, and kTaken while it changes. Who reads it
// takes `begin`, `end` and `begin` again: if both are the same, the three belong together, because
// a mapping that has just been touched cannot go meanwhile.
struct MappingSlot {
  static constexpr std::uintptr_t kFree = 0;
  static constexpr std::uintptr_t kTaken = 1;

  std::atomic<std::uintptr_t> begin{kFree};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> broken{false};
};

namespace {

MappingSlot table[SharedMapping::kMost];

std::uintptr_t PageSize() {
  static const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// The beginning of the page that `at` is in.
std::byte* PageOf(std::byte* at) { return at - reinterpret_cast<std::uintptr_t>(at) % PageSize(); }

struct sigaction former_action;

// As if our handler did not exist.
void HandOn(int signal, siginfo_t* info, void* context) {
  if ((former_action.sa_flags & SA_SIGINFO) != 0 && former_action.sa_sigaction != nullptr)
    return former_action.sa_sigaction(signal, info, context);
  if (former_action.sa_handler != SIG_DFL && former_action.sa_handler != SIG_IGN)
    return former_action.sa_handler(signal);
  // The access is tried again, and this time ends the process.
  std::signal(signal, SIG_DFL);
}

void OnSignal(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (std::size_t i = 0; i < std::size(table) && info->si_code == BUS_ADRERR; ++i) {
    MappingSlot& slot = table[i];
    const std::uintptr_t begin = slot.begin.load();
    const std::uintptr_t end = slot.end.load();
    if (begin <= MappingSlot::kTaken || slot.begin.load() != begin || at < begin || at >= end)
      continue;
    slot.broken.store(true);  // before anybody can read zeros
    // All that follows the first missing page is missing as well.
    std::byte* const page = PageOf(static_cast<std::byte*>(info->si_addr));
    if (::mmap(page, end - reinterpret_cast<std::uintptr_t>(page), PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
      break;
    }
    errno = saved_errno;
    return;
  }
  HandOn(signal, info, context);
  errno = saved_errno;
}

bool InstallHandler() {
  static const bool installed = [] {
    PageSize();  // asked here, so that the handler need not
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = OnSignal;
    return ::sigaction(SIGBUS, &action, &former_action) == 0;
  }();
  return installed;
}

// A free place, taken; nullptr if there is none.
MappingSlot* TakeSlot() {
  for (MappingSlot& slot : table) {
    std::uintptr_t expected = MappingSlot::kFree;
    if (slot.begin.compare_exchange_strong(expected, MappingSlot::kTaken)) return &slot;
  }
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<SharedMapping>> SharedMapping::Map(int file, std::uint64_t offset,
                                                          std::size_t size) {
  if (!InstallHandler()) return Fail(Code::kInternal, "no handler for SIGBUS can be installed");
  MappingSlot* const slot = TakeSlot();
  if (slot == nullptr) {
    return Fail(Code::kResourceExhausted,
                "there are " + std::to_string(kMost) + " shared memory regions already");
  }
  const std::uint64_t ahead = offset % PageSize();  // the kernel maps whole pages
  void* const memory = ::mmap(nullptr, size + ahead, PROT_READ | PROT_WRITE, MAP_SHARED, file,
                              static_cast<off_t>(offset - ahead));
  if (memory == MAP_FAILED) {
    const int reason = errno;
    slot->begin.store(MappingSlot::kFree);
    return Fail(Code::kInvalidArgument, "the memory cannot be mapped: " + ErrorText(reason));
  }
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  slot->broken.store(false);
  slot->end.store(begin + size + ahead);
  slot->begin.store(begin);
  return std::shared_ptr<SharedMapping>(
      new SharedMapping(*slot, static_cast<std::byte*>(memory) + ahead, size));
}

SharedMapping::~SharedMapping() {
  const std::uintptr_t begin = slot_.begin.load();
  const std::uintptr_t size = slot_.end.load() - begin;
  // Out of the table first: another mapping may get these addresses as soon as they are free.
  slot_.begin.store(MappingSlot::kTaken);
  ::munmap(PageOf(data_), size);
  slot_.begin.store(MappingSlot::kFree);
}

bool SharedMapping::broken() const { return slot_.broken.load(); }

}  // namespace plinth
