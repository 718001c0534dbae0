// A bound on bytes that many hold together.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace plinth::net {

// Thread-safe.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit) : limit_(limit) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Bytes taken from a budget, given back at the end of its life.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept
        : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
    }

    // Takes more, always of the same budget. False, and nothing is taken, if there is not so much
    // left.
    bool Grow(const std::shared_ptr<ByteBudget>& budget, std::size_t bytes) {
      if (budget->used_.fetch_add(bytes, std::memory_order_relaxed) + bytes > budget->limit_) {
        budget->used_.fetch_sub(bytes, std::memory_order_relaxed);
        return false;
      }
      if (budget_ == nullptr) budget_ = budget;
      bytes_ += bytes;
      return true;
    }

    bool empty() const { return bytes_ == 0; }

   private:
    std::shared_ptr<ByteBudget> budget_;
    std::size_t bytes_ = 0;
  };

  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t limit_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace plinth::net
