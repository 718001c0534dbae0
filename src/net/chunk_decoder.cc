#include "net/chunk_decoder.h"

#include <algorithm>

#include "net/header_text.h"

namespace plinth::net {
namespace {

// Leading zeros are allowed, but not without end.
constexpr int kMostDigits = 16;

// The value of a hexadecimal digit, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkDecoder::Step ChunkDecoder::Next(std::span<const char>& bytes, std::span<const char>* data) {
  while (!bytes.empty()) {
    if (state_ == State::kData) {
      const std::size_t take = std::min(size_, bytes.size());
      *data = bytes.first(take);
      bytes = bytes.subspan(take);
      size_ -= take;
      if (size_ == 0) state_ = State::kDataReturn;
      return Step::kData;
    }
    state_ = Advance(bytes.front());
    bytes = bytes.subspan(1);
    if (state_ == State::kDone) return Step::kDone;
    if (too_large_) return Step::kBodyTooLarge;
    if (state_ == State::kMalformed) return Step::kMalformed;
    if (CountsAsOverhead() && overhead_left_-- == 0) return Step::kOverheadTooLarge;
  }
  return Step::kNeedMore;
}

// The state after one byte that is not data.
ChunkDecoder::State ChunkDecoder::Advance(char c) {
  switch (state_) {
    case State::kSizeStart:
      return HexValue(c) < 0 ? State::kMalformed : OnSizeDigit(c);
    case State::kSize:
      if (HexValue(c) >= 0) return OnSizeDigit(c);
      if (c == ' ' || c == '\t') return State::kSpace;
      if (c == ';') return State::kExtension;
      return c == '\r' ? State::kSizeLineFeed : State::kMalformed;
    case State::kSpace:
      if (c == ' ' || c == '\t') return State::kSpace;
      return c == ';' ? State::kExtension : State::kMalformed;
    case State::kExtension:
      if (c == '\r') return State::kSizeLineFeed;
      return IsControl(c) ? State::kMalformed : State::kExtension;
    case State::kSizeLineFeed:
      if (c != '\n') return State::kMalformed;
      body_left_ -= size_;
      return size_ == 0 ? State::kLineStart : State::kData;
    case State::kDataReturn:
      return c == '\r' ? State::kDataLineFeed : State::kMalformed;
    case State::kDataLineFeed:
      return c == '\n' ? State::kSizeStart : State::kMalformed;
    case State::kLineStart:
      if (c == '\r') return State::kLastLineFeed;
      return IsTokenCharacter(c) ? State::kTrailerName : State::kMalformed;
    case State::kTrailerName:
      if (c == ':') return State::kTrailerValue;
      return IsTokenCharacter(c) ? State::kTrailerName : State::kMalformed;
    case State::kTrailerValue:
      if (c == '\r') return State::kTrailerLineFeed;
      return IsControl(c) ? State::kMalformed : State::kTrailerValue;
    case State::kTrailerLineFeed:
      return c == '\n' ? State::kLineStart : State::kMalformed;
    case State::kLastLineFeed:
      return c == '\n' ? State::kDone : State::kMalformed;
    case State::kData:
    case State::kDone:
    case State::kMalformed:
      break;
  }
  return State::kMalformed;
}

// Takes another digit of the size. Over the limit is told at once, so the number cannot overflow.
ChunkDecoder::State ChunkDecoder::OnSizeDigit(char c) {
  if (state_ == State::kSizeStart) {
    size_ = 0;
    digits_ = 0;
  }
  if (++digits_ > kMostDigits) return State::kMalformed;
  size_ = size_ * 16 + static_cast<std::size_t>(HexValue(c));
  too_large_ = size_ > body_left_;
  return State::kSize;
}

}  // namespace plinth::net
