// Compressed bytes, gzip or deflate, back into what they were. Hostile ones are bounded: in size,
// in how much larger than what was sent they may be, and in how long one step takes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/buffer.h"
#include "base/status.h"
#include "net/byte_budget.h"

struct z_stream_s;

namespace plinth::net {

enum class Coding { kIdentity, kGzip, kDeflate };

class Inflater {
 public:
  // What a small body may come to, however small it is; larger ones to kMostRatio times their size.
  static constexpr std::size_t kAnyRatio = 16UZ * 1024 * 1024;
  static constexpr std::size_t kMostRatio = 200;

  // `compressed` must live as long as this. The result has at most `limit` bytes, and is counted
  // against the budget, which may be null, until its last share goes. "deflate" is taken with and
  // without the frame of zlib, as clients send both. OUT_OF_MEMORY.
  static Result<Inflater> Create(Coding coding, std::span<const std::byte> compressed,
                                 std::size_t limit, std::shared_ptr<ByteBudget> budget);

  // Goes on for about `step` bytes of the result. Whether it is complete. INVALID_ARGUMENT for what
  // is not in the format or ends early; PAYLOAD_TOO_LARGE, RESOURCE_EXHAUSTED, OUT_OF_MEMORY.
  Result<bool> Advance(std::size_t step);

  // The result, with HttpRequest::kBodyPadding zeros behind it. Once, when it is complete.
  Buffer Take();

 private:
  struct StreamDeleter {
    void operator()(z_stream_s* stream) const;
  };
  using Stream = std::unique_ptr<z_stream_s, StreamDeleter>;

  Inflater(Stream stream, Coding coding, std::size_t limit, std::size_t bound,
           std::shared_ptr<ByteBudget> budget)
      : stream_(std::move(stream)),
        coding_(coding),
        limit_(limit),
        bound_(bound),
        budget_(std::move(budget)) {}

  Status MakeRoom();
  Result<bool> OnEnd();
  std::unexpected<Error> TooLarge() const;

  Stream stream_;
  Coding coding_;
  std::size_t limit_;
  std::size_t bound_;  // limit_, or what the ratio allows
  std::shared_ptr<ByteBudget> budget_;
  ByteBudget::Share share_;
  Buffer result_;  // capacity_ bytes and padding, of which size_ are filled
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace plinth::net
