// Keeps the process within a number of bytes of resident memory.
//
// Before a load, models that may rest (`"lazy": true`) and that nobody uses make room for it, the
// one whose last request is longest ago first. What a load takes is not known beforehand: it is
// taken to be what it took the last time, or the size of the model's files. So the bound is kept on
// the whole and not at every moment, and what a model takes while it computes is found out by the
// next load.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/status.h"
#include "model/registry.h"

namespace plinth {

// Of this process, now; 0 if the kernel does not say.
std::size_t ResidentBytes();

class MemoryBudget {
 public:
  struct Options {
    std::size_t limit_bytes = 0;  // 0: none
    std::function<std::size_t()> resident = ResidentBytes;
    // Unloads the version, whose place a resting one takes; returns once its memory is free.
    std::function<void(const std::shared_ptr<ModelVersion>&)> unload;
  };

  // The registry outlives the budget.
  MemoryBudget(const Registry& registry, Options options)
      : registry_(registry), options_(std::move(options)) {}

  // What a load may take, until this is destroyed.
  class Room {
   public:
    Room() = default;
    Room(MemoryBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
    Room(Room&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Room& operator=(Room&&) = delete;
    ~Room() {
      if (budget_ != nullptr) budget_->GiveBack(bytes_);
    }

   private:
    MemoryBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  // Makes room for a load of `bytes`, unloading others where it must. OUT_OF_MEMORY: not even the
  // unloading of all that may be unloaded suffices. Takes turns, and as long as unloading takes:
  // for loader threads.
  Result<Room> MakeRoom(std::size_t bytes);

  // Unloads until the process is within the bound, if that can be had; `spared` stays.
  void Enforce(const ModelVersion& spared);

 private:
  void GiveBack(std::size_t bytes);
  // Requires turn_.
  bool Fits(std::size_t bytes) const;
  bool UnloadOne(const ModelVersion* spared);

  const Registry& registry_;
  const Options options_;
  std::mutex turn_;                       // one at a time makes room
  std::atomic<std::size_t> promised_{0};  // to loads that are running
};

}  // namespace plinth
