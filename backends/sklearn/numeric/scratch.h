// Working memory for one execution, used as a stack and kept between calls, so that a request
// allocates nothing once its thread has served one like it.
//
//   Scratch::Frame frame(scratch);
//   double* scores = frame.Take<double>(n);   // valid until `frame` goes
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "numeric/sparse.h"

namespace plinth::sklearn {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // The calling thread's own.
  static Scratch& OfThread() {
    static thread_local Scratch scratch;
    return scratch;
  }

  // Everything taken through a frame is given back when it is destroyed; frames nest.
  class Frame {
   public:
    explicit Frame(Scratch& scratch)
        : scratch_(scratch),
          block_(scratch.block_),
          used_(scratch.used_),
          matrices_(scratch.matrices_used_) {}
    ~Frame() {
      scratch_.block_ = block_;
      scratch_.used_ = used_;
      scratch_.matrices_used_ = matrices_;
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    // Uninitialised, aligned to 64 bytes. Throws std::bad_alloc.
    template <typename T>
    T* Take(std::size_t count) {
      static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kAlignment);
      return static_cast<T*>(scratch_.Take(count * sizeof(T)));
    }

    // An empty matrix.
    SparseMatrix& TakeSparse() {
      SparseMatrix& matrix = scratch_.TakeSparse();
      matrix.Clear();
      return matrix;
    }

    // For frames within this one. While one of them lives, nothing may be taken through this.
    Scratch& scratch() { return scratch_; }

   private:
    Scratch& scratch_;
    std::size_t block_;
    std::size_t used_;
    std::size_t matrices_;
  };

 private:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kMinBlock = std::size_t{64} << 10;

  struct Deleter {
    void operator()(std::byte* memory) const {
      ::operator delete(memory, std::align_val_t{kAlignment});
    }
  };
  struct Block {
    std::unique_ptr<std::byte, Deleter> memory;
    std::size_t size = 0;
  };

  void* Take(std::size_t size) {
    size = (size + kAlignment - 1) / kAlignment * kAlignment;
    while (block_ < blocks_.size()) {
      if (size <= blocks_[block_].size - used_) {
        void* taken = blocks_[block_].memory.get() + used_;
        used_ += size;
        return taken;
      }
      ++block_;
      used_ = 0;
    }
    const std::size_t block_size = size > kMinBlock ? size : kMinBlock;
    auto* memory =
        static_cast<std::byte*>(::operator new(block_size, std::align_val_t{kAlignment}));
    blocks_.push_back(Block{std::unique_ptr<std::byte, Deleter>(memory), block_size});
    used_ = size;
    return memory;
  }

  SparseMatrix& TakeSparse() {
    if (matrices_used_ == matrices_.size()) matrices_.push_back(std::make_unique<SparseMatrix>());
    return *matrices_[matrices_used_++];
  }

  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the block in use; == blocks_.size() before the first
  std::size_t used_ = 0;   // bytes of it
  std::vector<std::unique_ptr<SparseMatrix>> matrices_;
  std::size_t matrices_used_ = 0;
};

}  // namespace plinth::sklearn
