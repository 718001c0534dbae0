// A body, or a message, while it is being received: memory that grows with what arrives and is
// counted against a budget.
//
// Invariants:
// - What a client announces costs little: the memory is a small reservation first and then a
// multiple of the bytes that have arrived.
// - What is counted is given back when the last share of the finished body goes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "base/buffer.h"
#include "base/status.h"
#include "net/byte_budget.h"

namespace plinth::net {

class BodyBuffer {
 public:
  // Bodies up to this size need not be counted where connections are limited in number.
  static constexpr std::size_t kSmallBody = 64UZ * 1024;

  // The budget may be null: then nothing is counted. The first `uncounted` bytes never are.
  BodyBuffer(std::shared_ptr<ByteBudget> budget, std::size_t uncounted)
      : budget_(std::move(budget)), uncounted_(uncounted) {}

  // Leaves so many bytes free before the body (see BodyLead()). Before anything is received.
  void LeaveFree(std::size_t lead) { lead_ = lead; }

  // Says that `size` bytes are to come, so that little has to be copied again. OUT_OF_MEMORY.
  Status Expect(std::size_t size);

  // Adds a copy of the bytes. The body never gets more memory than for `most` bytes, which the
  // caller keeps to. RESOURCE_EXHAUSTED, OUT_OF_MEMORY.
  Status Append(std::span<const std::byte> bytes, std::size_t most);

  // The same without the copy: room for the next bytes, at least one, for who knows that the body
  // will have `most` bytes and that they are not all there; then how many of them were written.
  Result<std::span<std::byte>> Space(std::size_t most);
  Status Received(std::size_t n);

  std::size_t size() const { return size_; }

  // The body, with HttpRequest::kBodyPadding zeros behind it; this is empty then.
  Buffer Take();
  void Clear();

 private:
  Status Reserve(std::size_t size);

  std::shared_ptr<ByteBudget> budget_;
  std::size_t uncounted_;
  Buffer memory_;  // capacity_ + kBodyPadding bytes, of which size_ are filled
  std::size_t lead_ = 0;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  ByteBudget::Share share_;
};

}  // namespace plinth::net
