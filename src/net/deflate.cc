#include "net/deflate.h"

#define ZLIB_CONST  // its input is never written to
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace plinth::net {
namespace {

constexpr int kZlibWindow = 15;
constexpr int kGzipWindow = 15 + 16;
constexpr int kMemoryLevel = 8;  // zlib's own default

class Stream {
 public:
  explicit Stream(Coding coding)
      : valid_(::deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED,
                              coding == Coding::kGzip ? kGzipWindow : kZlibWindow, kMemoryLevel,
                              Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~Stream() {
    if (valid_) ::deflateEnd(&stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool valid() const { return valid_; }

  void SetOutput(char* data, std::size_t size) {
    stream_.next_out = reinterpret_cast<Bytef*>(data);
    stream_.avail_out = static_cast<uInt>(size);
  }
  std::size_t room() const { return stream_.avail_out; }

  // Whether it has found room; then all of the bytes are taken, and the end written if it is
  // `last`.
  bool Write(std::span<const std::byte> bytes, bool last) {
    stream_.next_in = reinterpret_cast<const Bytef*>(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    const int outcome = ::deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
    return last ? outcome == Z_STREAM_END : outcome == Z_OK && stream_.avail_in == 0;
  }

 private:
  z_stream stream_{};
  const bool valid_;
};

}  // namespace

std::optional<std::string> Deflate(Coding coding, std::span<const Buffer> pieces) {
  std::size_t size = 0;
  for (const Buffer& piece : pieces) size += piece.size();
  if (size == 0 || size > std::numeric_limits<uInt>::max()) return std::nullopt;
  Stream stream(coding);
  if (!stream.valid()) return std::nullopt;
  std::string result;
  bool fits = true;
  try {
    // No larger than what it stands for: what does not fit is not worth it.
    result.resize_and_overwrite(size, [&](char* data, std::size_t room) {
      stream.SetOutput(data, room);
      for (const Buffer& piece : pieces) {
        if (!piece.empty()) fits = fits && stream.Write(piece.bytes(), /*last=*/false);
      }
      fits = fits && stream.Write({}, /*last=*/true);
      return room - stream.room();
    });
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
  if (!fits) return std::nullopt;
  return result;
}

}  // namespace plinth::net
