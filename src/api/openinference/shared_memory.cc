#include "api/openinference/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

#include "base/file_descriptor.h"

namespace plinth::api::openinference {
namespace {

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

std::string Quoted(std::string_view name) { return std::string("'").append(name).append("'"); }

// Maps a part of an object that any program may have made.
Result<std::shared_ptr<SharedMapping>> MapObject(const SharedMemory::Region& region) {
  const auto refuse = [&](const std::string& why) {
    return Fail(Code::kInvalidArgument,
                "failed to register shared memory region " + Quoted(region.name) + ": " + why);
  };
  // O_NONBLOCK: a FIFO among the objects must not hold up the thread.
  const FileDescriptor object(::shm_open(region.key.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK, 0));
  struct stat about {};
  if (!object.valid() || region.key.find('\0') != std::string::npos ||
      ::fstat(object.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return Fail(Code::kInternal, "Unable to open shared memory region: " + Quoted(region.key));
  }
  std::uint64_t end = 0;
  if (region.byte_size == 0 || __builtin_add_overflow(region.offset, region.byte_size, &end) ||
      end > static_cast<std::uint64_t>(about.st_size)) {
    return refuse("invalid args");
  }
  auto mapping = SharedMapping::Map(object.get(), region.offset, region.byte_size);
  if (!mapping) return refuse(mapping.error().message);
  return mapping;
}

}  // namespace

SharedMemory::SharedMemory(bool allowed) : allowed_(allowed), id_(NextId()) {}

Status SharedMemory::Register(const std::string& name, const std::string& key, std::uint64_t offset,
                              std::uint64_t byte_size) {
  if (auto allowed = CheckAllowed(); !allowed) return allowed;
  const std::lock_guard lock(mutex_);
  if (regions_.contains(name)) {
    return Fail(Code::kAlreadyExists,
                "shared memory region " + Quoted(name) + " already in manager");
  }
  Region region{name, key, offset, byte_size};
  auto mapping = MapObject(region);
  if (!mapping) return Fail(std::move(mapping.error()));
  regions_.emplace(name, Entry{std::move(region), *std::move(mapping)});
  Publish();
  return {};
}

Status SharedMemory::Unregister(std::string_view name) {
  if (auto allowed = CheckAllowed(); !allowed) return allowed;
  const std::lock_guard lock(mutex_);
  if (const auto it = regions_.find(name); it != regions_.end()) regions_.erase(it);
  Publish();
  return {};
}

Status SharedMemory::UnregisterAll() {
  if (auto allowed = CheckAllowed(); !allowed) return allowed;
  const std::lock_guard lock(mutex_);
  regions_.clear();
  Publish();
  return {};
}

Result<std::vector<SharedMemory::Region>> SharedMemory::Describe(std::string_view name) const {
  if (auto allowed = CheckAllowed(); !allowed) return Fail(std::move(allowed.error()));
  const std::lock_guard lock(mutex_);
  std::vector<Region> found;
  for (const auto& [key, entry] : regions_) {
    if (name.empty() || key == name) found.push_back(entry.region);
  }
  if (found.empty() && !name.empty()) {
    return Fail(Code::kNotFound, "Unable to find system shared memory region: " + Quoted(name));
  }
  return found;
}

Result<SharedPart> SharedMemory::Find(std::string_view name, std::uint64_t offset,
                                      std::uint64_t size) const {
  if (auto allowed = CheckAllowed(); !allowed) return Fail(std::move(allowed.error()));
  const Mappings& mappings = Current();
  const auto it = mappings.find(name);
  auto mapping = it == mappings.end() ? nullptr : it->second.lock();
  if (mapping == nullptr)
    return Fail(Code::kNotFound, "Unable to find shared memory region: " + Quoted(name));
  if (offset >= mapping->size()) {
    return Fail(Code::kInvalidArgument, "Invalid offset for shared memory region: " + Quoted(name));
  }
  if (size > mapping->size() - offset) {
    return Fail(Code::kInvalidArgument,
                "Invalid offset + byte size for shared memory region: " + Quoted(name));
  }
  std::byte* const data = mapping->data() + offset;
  return SharedPart{std::move(mapping), data, static_cast<std::size_t>(size)};
}

Status SharedMemory::CheckAllowed() const {
  if (allowed_) return {};
  return Fail(Code::kUnavailable,
              "client shared memory is disabled; start the server with --allow-client-shm=true to "
              "let clients of this machine register regions");
}

const SharedMemory::Mappings& SharedMemory::Current() const {
  struct Cache {
    std::uint64_t id = 0;
    std::uint64_t generation = 0;
    std::shared_ptr<const Mappings> mappings;
  };
  thread_local Cache cache;
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  if (cache.id != id_ || cache.generation != generation) {
    const std::lock_guard lock(mutex_);
    cache = {id_, generation_.load(std::memory_order_relaxed), mappings_};
  }
  return *cache.mappings;
}

// Requires mutex_.
void SharedMemory::Publish() {
  auto next = std::make_shared<Mappings>();
  for (const auto& [name, entry] : regions_) next->emplace(name, entry.mapping);
  mappings_ = std::move(next);
  generation_.fetch_add(1, std::memory_order_release);
}

}  // namespace plinth::api::openinference
