#include "net/inflater.h"

#define ZLIB_CONST  // its input is never written to
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "net/http.h"

namespace plinth::net {
namespace {

constexpr std::size_t kFirstRoom = 16UZ * 1024;
constexpr std::size_t kGrowth = 4;

constexpr int kZlibWindow = 15;
constexpr int kGzipWindow = 15 + 16;
constexpr int kRawWindow = -15;

// Whether bytes have the frame of zlib around them (RFC 1950, 2.2).
bool HasZlibFrame(std::span<const std::byte> bytes) {
  if (bytes.size() < 2) return true;
  const auto first = std::to_integer<unsigned>(bytes[0]);
  const auto second = std::to_integer<unsigned>(bytes[1]);
  return (first & 0x0f) == Z_DEFLATED && (first * 256 + second) % 31 == 0;
}

int WindowOf(Coding coding, std::span<const std::byte> bytes) {
  if (coding == Coding::kGzip) return kGzipWindow;
  return HasZlibFrame(bytes) ? kZlibWindow : kRawWindow;
}

std::unexpected<Error> NoMemory() {
  return Fail(Code::kOutOfMemory, "no memory to decompress the body; try again later");
}

}  // namespace

void Inflater::StreamDeleter::operator()(z_stream_s* stream) const {
  ::inflateEnd(stream);
  delete stream;
}

Result<Inflater> Inflater::Create(Coding coding, std::span<const std::byte> compressed,
                                  std::size_t limit, std::shared_ptr<ByteBudget> budget) {
  if (compressed.size() > std::numeric_limits<uInt>::max())
    return Fail(Code::kPayloadTooLarge, "a compressed body has at most 4 GiB");
  Stream stream(new z_stream{});
  stream->next_in = reinterpret_cast<const Bytef*>(compressed.data());
  stream->avail_in = static_cast<uInt>(compressed.size());
  if (::inflateInit2(stream.get(), WindowOf(coding, compressed)) != Z_OK) return NoMemory();
  const std::size_t bound = std::min(limit, std::max(kAnyRatio, kMostRatio * compressed.size()));
  return Inflater(std::move(stream), coding, limit, bound, std::move(budget));
}

Result<bool> Inflater::Advance(std::size_t step) {
  const std::size_t pause = size_ + step;
  while (size_ < pause) {
    if (size_ == capacity_) {
      if (Status room = MakeRoom(); !room) return Fail(std::move(room).error());
    }
    // One byte more than is allowed tells a body that is just so large from one that is larger.
    const std::size_t room = std::min(capacity_, pause) - size_;
    stream_->next_out = reinterpret_cast<Bytef*>(result_.mutable_data() + size_);
    stream_->avail_out = static_cast<uInt>(room);
    const int outcome = ::inflate(stream_.get(), Z_NO_FLUSH);
    size_ += room - stream_->avail_out;
    if (size_ > bound_) return TooLarge();
    if (outcome == Z_MEM_ERROR) return NoMemory();
    if (outcome == Z_STREAM_END) {
      const Result<bool> over = OnEnd();
      if (!over || *over) return over;
    } else if (outcome != Z_OK && outcome != Z_BUF_ERROR) {
      return Fail(
          Code::kInvalidArgument,
          "the compressed body cannot be read: " +
              std::string(stream_->msg != nullptr ? stream_->msg : "it needs a preset dictionary"));
    } else if (stream_->avail_in == 0 && stream_->avail_out > 0) {
      return Fail(Code::kInvalidArgument, "the compressed body ends early");
    }
  }
  return false;
}

// At the end of the compressed data, unless there is more of it: gzip may have several members.
Result<bool> Inflater::OnEnd() {
  if (stream_->avail_in == 0) return true;
  if (coding_ == Coding::kGzip && ::inflateReset(stream_.get()) == Z_OK) return false;
  return Fail(Code::kInvalidArgument, "there is something behind the end of the compressed body");
}

// Makes the memory larger, by as much as has been there: what is inflated decides, not what is
// claimed.
Status Inflater::MakeRoom() {
  const std::size_t wanted =
      std::min(bound_ + 1, std::max({kFirstRoom, capacity_ * kGrowth, std::size_t{1}}));
  if (budget_ != nullptr && !share_.Grow(budget_, wanted - capacity_)) {
    return Fail(Code::kResourceExhausted,
                "too many compressed bodies are being read at once; try again later");
  }
  try {
    Buffer grown = Buffer::Allocate(wanted + HttpRequest::kBodyPadding);
    if (size_ > 0) std::memcpy(grown.mutable_data(), result_.data(), size_);
    result_ = std::move(grown);
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
  capacity_ = wanted;
  return {};
}

Buffer Inflater::Take() {
  if (size_ == 0) return {};
  std::memset(result_.mutable_data() + size_, 0, HttpRequest::kBodyPadding);
  auto owner =
      std::make_shared<std::pair<Buffer, ByteBudget::Share>>(std::move(result_), std::move(share_));
  const std::byte* const data = owner->first.data();
  return Buffer::Share(std::move(owner), data, size_);
}

std::unexpected<Error> Inflater::TooLarge() const {
  if (bound_ == limit_) {
    return Fail(Code::kPayloadTooLarge, "the body is over the limit of " + std::to_string(limit_) +
                                            " bytes when it is decompressed");
  }
  return Fail(Code::kPayloadTooLarge,
              "the body is more than " + std::to_string(kMostRatio) +
                  " times as large when it is decompressed; send it uncompressed");
}

}  // namespace plinth::net
