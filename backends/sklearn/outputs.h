// A model's answers as tensors of the C ABI.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "model.h"
#include "plinth/backend.h"

namespace plinth::sklearn {

// One output's memory: the shape, then the data at a fixed distance, in one allocation that
// release() frees.
class OutputBlock {
 public:
  // Throws std::bad_alloc.
  explicit OutputBlock(std::size_t data_size) : memory_(std::malloc(kDataAt + data_size)) {
    if (memory_ == nullptr) throw std::bad_alloc();
  }

  std::int64_t* shape() { return static_cast<std::int64_t*>(memory_.get()); }
  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(static_cast<char*>(memory_.get()) + kDataAt);
  }
  void* Release() { return memory_.release(); }

 private:
  static constexpr std::size_t kDataAt = 16;
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
};

// n * width numbers of 8 bytes; throws std::bad_alloc where that is beyond all memory.
std::size_t BytesFor(std::size_t n, std::size_t width);

// The element type of an answer.
plinth_dtype TypeOf(const Answer& answer, const Traits& traits);

// The outputs of one call: gives the model room for them, in the tensors' own memory where an
// answer is what the model computes, runs it, and makes tensors of what it has written.
class OutputWriter {
 public:
  // `wanted`: indices into model.answers(). All but the frame must outlive this. Throws
  // std::bad_alloc.
  OutputWriter(const Model& model, std::span<const std::uint32_t> wanted, std::size_t n,
               Scratch::Frame& frame);

  // Runs the model on a batch of n rows.
  Status Run(const Batch& batch, Scratch::Frame& frame);

  // Fills as many outputs as were wanted. Throws std::bad_alloc, and then
  // has filled none.
  void Finish(std::span<plinth_output> to);

 private:
  struct Made {
    OutputBlock block;
    plinth_tensor tensor;
  };

  const Answer& AnswerOf(std::size_t i) const { return model_.answers()[wanted_[i]]; }
  Made Labels(const Answer& answer) const;
  Made Texts(const Answer& answer) const;
  Made Numbers(std::size_t i);

  const Model& model_;
  std::span<const std::uint32_t> wanted_;
  std::size_t n_;
  Outputs outputs_;
  Table table_;                                       // of a transformer that gives strings
  std::vector<std::unique_ptr<OutputBlock>> blocks_;  // by wanted output; null for labels and parts
};

}  // namespace plinth::sklearn
