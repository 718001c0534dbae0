#include "serving/memory_budget.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "serving/version_server.h"

namespace plinth {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

std::string InMegabytes(std::size_t bytes) { return std::to_string(bytes / kMegabyte) + " MB"; }

}  // namespace

std::size_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long size = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &size, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

bool MemoryBudget::Fits(std::size_t bytes) const {
  return options_.resident() + promised_.load() + bytes <= options_.limit_bytes;
}

// The one whose last request is longest ago, of those that may rest and that nobody uses.
bool MemoryBudget::UnloadOne(const ModelVersion* spared) {
  std::shared_ptr<ModelVersion> oldest;
  for (const auto& version : registry_.Servable()) {
    if (!version->config().lazy || !version->idle() || version.get() == spared) continue;
    if (oldest == nullptr ||
        VersionServer::Of(*version).last_used() < VersionServer::Of(*oldest).last_used()) {
      oldest = version;
    }
  }
  if (oldest == nullptr) return false;
  options_.unload(oldest);
  return true;
}

Result<MemoryBudget::Room> MemoryBudget::MakeRoom(std::size_t bytes) {
  if (options_.limit_bytes == 0) return Room();
  const std::lock_guard turn(turn_);
  while (!Fits(bytes)) {
    if (UnloadOne(nullptr)) continue;
    return Fail(Code::kOutOfMemory,
                "the model needs about " + InMegabytes(bytes) + "; of the memory budget of " +
                    InMegabytes(options_.limit_bytes) + ", " +
                    InMegabytes(options_.resident() + promised_.load()) +
                    " are in use, and no idle model is \"lazy\", so that it could make room");
  }
  promised_.fetch_add(bytes);
  return Room(this, bytes);
}

void MemoryBudget::Enforce(const ModelVersion& spared) {
  if (options_.limit_bytes == 0) return;
  const std::lock_guard turn(turn_);
  while (!Fits(0) && UnloadOne(&spared)) {
  }
}

void MemoryBudget::GiveBack(std::size_t bytes) { promised_.fetch_sub(bytes); }

}  // namespace plinth
