// Regions of POSIX shared memory that clients have registered, for inputs and outputs that are not
// sent.
//
// Invariants:
// - A region stays mapped until it is unregistered and nothing uses it any more.
// - Looking one up takes no lock: each thread keeps the last list and compares one number with the
//   list's own. Its list does not keep regions mapped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_mapping.h"
#include "base/status.h"

namespace plinth::api::openinference {

// A part of a region.
struct SharedPart {
  std::shared_ptr<const SharedMapping> mapping;  // nullptr: none
  std::byte* data = nullptr;
  std::size_t size = 0;
};

class SharedMemory {
 public:
  struct Region {
    std::string name;
    std::string key;  // of the object: "/name"
    std::uint64_t offset = 0;
    std::uint64_t byte_size = 0;
  };

  // Unless it is `allowed`, clients can register nothing.
  explicit SharedMemory(bool allowed);

  // Maps the bytes [offset, offset + byte_size) of the shared memory object `key`. UNAVAILABLE: not
  // allowed; ALREADY_EXISTS; INTERNAL: there is no such object, or it may not be opened;
  // INVALID_ARGUMENT: the object has no such bytes.
  Status Register(const std::string& name, const std::string& key, std::uint64_t offset,
                  std::uint64_t byte_size);

  // Requests in flight still use what they have. One that is not there is none of a failure.
  Status Unregister(std::string_view name);
  Status UnregisterAll();

  // The region of that name, or all of them in the order of their names if it is empty. NOT_FOUND.
  Result<std::vector<Region>> Describe(std::string_view name) const;

  // The bytes [offset, offset + size) of a region. NOT_FOUND, INVALID_ARGUMENT.
  Result<SharedPart> Find(std::string_view name, std::uint64_t offset, std::uint64_t size) const;

 private:
  struct Entry {
    Region region;
    std::shared_ptr<SharedMapping> mapping;
  };
  using Mappings = std::map<std::string, std::weak_ptr<SharedMapping>, std::less<>>;

  Status CheckAllowed() const;
  const Mappings& Current() const;
  void Publish();

  const bool allowed_;
  const std::uint64_t id_;  // tells instances apart in the threads' lists
  std::atomic<std::uint64_t> generation_{1};
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Entry, std::less<>> regions_;
  std::shared_ptr<const Mappings> mappings_ = std::make_shared<Mappings>();
};

}  // namespace plinth::api::openinference
