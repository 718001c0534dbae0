// Bytes on their way to a client, in order: text that is written into the queue, and slices of
// memory that is only referred to, so that tensors are not copied.
//
// Invariants:
// - Texts stand one behind the other in one string, each slice knows before which of its bytes it
// goes: an answer without slices is written as one piece.
// - A slice's memory is let go as soon as its last byte has been consumed.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"

namespace plinth::net {

class OutputQueue {
 public:
  bool empty() const { return size() == 0; }
  std::size_t size() const { return text_.size() - text_begin_ + slice_bytes_; }

  void Append(std::string_view text) { text_.append(text); }
  void Append(Buffer slice);
  // Copies what is not longer than `small`, and refers to the rest.
  void AppendOrShare(std::string text, std::size_t small);
  void AppendOrShare(Buffer bytes, std::size_t small);
  // Where text may be appended to behind all that is queued; nothing else may be done to it.
  std::string& tail() { return text_; }

  // The first pieces in their order, as many as `parts` has room for; returns how many these are.
  // Valid until the queue is changed.
  std::size_t Gather(std::span<iovec> parts) const;
  // Drops the first `size` bytes, which must be there.
  void Consume(std::size_t size);

  // Moves the first `size` bytes, which must be there, behind what `to` holds.
  void MoveTo(OutputQueue& to, std::size_t size);

  // Gives memory for text back, if the queue is empty and holds more than `kept` bytes of it.
  void Shrink(std::size_t kept);

 private:
  struct Slice {
    std::size_t at;  // in text_: goes before this byte of it
    Buffer bytes;
  };

  void Compact();

  std::string text_;
  std::size_t text_begin_ = 0;  // what comes before it has been consumed
  std::vector<Slice> slices_;
  std::size_t first_slice_ = 0;  // those before it have been consumed
  std::size_t slice_bytes_ = 0;  // in all slices that are left
};

}  // namespace plinth::net
