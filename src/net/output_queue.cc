#include "net/output_queue.h"

#include <algorithm>
#include <utility>

namespace plinth::net {
namespace {

// Text that has been consumed and is kept until the queue is empty.
constexpr std::size_t kConsumedText = 64UZ * 1024;
constexpr std::size_t kConsumedSlices = 256;

iovec PartOf(const void* data, std::size_t size) {
  return {.iov_base = const_cast<void*>(data), .iov_len = size};  // written from, never to
}

}  // namespace

void OutputQueue::Append(Buffer slice) {
  if (slice.empty()) return;
  slice_bytes_ += slice.size();
  slices_.push_back({text_.size(), std::move(slice)});
}

void OutputQueue::AppendOrShare(std::string text, std::size_t small) {
  if (text.size() <= small) return Append(std::string_view(text));
  Append(Buffer::FromString(std::move(text)));
}

void OutputQueue::AppendOrShare(Buffer bytes, std::size_t small) {
  if (bytes.size() <= small) return Append({bytes.As<char>(), bytes.size()});
  Append(std::move(bytes));
}

void OutputQueue::MoveTo(OutputQueue& to, std::size_t size) {
  std::size_t left = size;
  std::size_t text = text_begin_;
  const auto move_text = [&](std::size_t end) {
    const std::size_t part = std::min(left, end - text);
    to.Append(std::string_view(text_).substr(text, part));
    text += part;
    left -= part;
  };
  for (std::size_t i = first_slice_; i < slices_.size() && left > 0; ++i) {
    move_text(slices_[i].at);
    const std::size_t part = std::min(left, slices_[i].bytes.size());
    if (part > 0) to.Append(slices_[i].bytes.Slice(0, part));
    left -= part;
  }
  move_text(text_.size());
  Consume(size);
}

std::size_t OutputQueue::Gather(std::span<iovec> parts) const {
  std::size_t count = 0;
  std::size_t text = text_begin_;
  for (std::size_t i = first_slice_; i < slices_.size(); ++i) {
    const Slice& slice = slices_[i];
    if (slice.at > text) {
      if (count == parts.size()) return count;
      parts[count++] = PartOf(text_.data() + text, slice.at - text);
      text = slice.at;
    }
    if (count == parts.size()) return count;
    parts[count++] = PartOf(slice.bytes.data(), slice.bytes.size());
  }
  if (text < text_.size() && count < parts.size())
    parts[count++] = PartOf(text_.data() + text, text_.size() - text);
  return count;
}

void OutputQueue::Consume(std::size_t size) {
  while (first_slice_ < slices_.size()) {
    Slice& slice = slices_[first_slice_];
    const std::size_t text = std::min(size, slice.at - text_begin_);
    text_begin_ += text;
    size -= text;
    const std::size_t taken = std::min(size, slice.bytes.size());
    if (size == 0) break;
    size -= taken;
    slice_bytes_ -= taken;
    slice.bytes = slice.bytes.Slice(taken, slice.bytes.size() - taken);
    if (!slice.bytes.empty()) break;
    slice.bytes = Buffer();
    ++first_slice_;
  }
  text_begin_ += size;
  Compact();
}

// Forgets what has been consumed, when that is cheap or much.
void OutputQueue::Compact() {
  if (empty()) {
    text_.clear();
    text_begin_ = 0;
    slices_.clear();
    first_slice_ = 0;
    return;
  }
  if (first_slice_ > kConsumedSlices && first_slice_ > slices_.size() / 2) {
    slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(first_slice_));
    first_slice_ = 0;
  }
  if (text_begin_ > kConsumedText && text_begin_ > text_.size() / 2) {
    text_.erase(0, text_begin_);
    for (std::size_t i = first_slice_; i < slices_.size(); ++i) slices_[i].at -= text_begin_;
    text_begin_ = 0;
  }
}

void OutputQueue::Shrink(std::size_t kept) {
  if (!empty()) return;
  if (text_.capacity() > kept) text_ = std::string();
  if (slices_.capacity() * sizeof(Slice) > kept) slices_ = {};
}

}  // namespace plinth::net
