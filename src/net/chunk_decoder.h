// The chunked transfer coding (RFC 9112, 7.1), taken apart strictly: what servers and proxies are
// known to read differently is refused, not guessed at. Extensions and trailers are checked for
// form and dropped.
//
// Beast's own reader of chunks is not used: it insists, by assertion, on the final chunk arriving
// in one piece.
#pragma once

#include <cstddef>
#include <span>

namespace plinth::net {

class ChunkDecoder {
 public:
  enum class Step {
    kData,       // *data is the next piece of the body
    kNeedMore,   // all bytes are consumed
    kDone,       // the body is complete; what is left in `bytes` comes after it
    kMalformed,  // this and the next two: no way on
    kBodyTooLarge,
    kOverheadTooLarge,  // extensions and trailers
  };

  // Limits in bytes: of the body, and of all extensions and trailers together.
  ChunkDecoder(std::size_t body_limit, std::size_t overhead_limit)
      : body_left_(body_limit), overhead_left_(overhead_limit) {}

  // Consumes bytes from the front. Not to be called again after kDone or a failure.
  Step Next(std::span<const char>& bytes, std::span<const char>* data);

 private:
  enum class State {
    kSizeStart,
    kSize,
    kSpace,  // behind the size: only an extension may follow
    kExtension,
    kSizeLineFeed,
    kData,
    kDataReturn,
    kDataLineFeed,
    kLineStart,  // of a trailer, or the end
    kTrailerName,
    kTrailerValue,
    kTrailerLineFeed,
    kLastLineFeed,
    kDone,
    kMalformed,
  };

  State Advance(char c);
  State OnSizeDigit(char c);
  bool CountsAsOverhead() const {
    return state_ == State::kSpace || state_ == State::kExtension || InTrailer();
  }
  bool InTrailer() const { return state_ == State::kTrailerName || state_ == State::kTrailerValue; }

  State state_ = State::kSizeStart;
  std::size_t size_ = 0;  // of the chunk, while its size is read; then what is left of it
  int digits_ = 0;
  std::size_t body_left_;  // of which size_ is not taken off before the size is complete
  std::size_t overhead_left_;
  bool too_large_ = false;
};

}  // namespace plinth::net
