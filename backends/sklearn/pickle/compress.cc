#include "pickle/compress.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

namespace plinth::sklearn {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;

// The growing output of one decompression: hands out room by chunks until it is out of proportion.
class Output {
 public:
  // Room for the next bytes; at least one.
  char* Room(std::size_t& size) {
    if (bytes_.size() - used_ < kChunk / 2) {
      bytes_.resize(std::max(used_ + kChunk, used_ + used_ / 2));
    }
    size = bytes_.size() - used_;
    return bytes_.data() + used_;
  }

  // Keeps the first `size` bytes of the room. False if that is more than `read` bytes of input may
  // become.
  bool Keep(std::size_t size, std::size_t read) {
    used_ += size;
    return used_ <= DecompressedLimit(read);
  }

  std::string Finish() && {
    bytes_.resize(used_);
    bytes_.shrink_to_fit();
    return std::move(bytes_);
  }

 private:
  std::size_t used_ = 0;
  std::string bytes_;
};

std::unexpected<Error> Damaged(std::string_view format) {
  return Fail(Code::kInvalidModel,
              "the " + std::string(format) +
                  " data is damaged or ends early; the file was not saved or copied whole");
}

std::unexpected<Error> TooLarge() {
  return Fail(Code::kInvalidModel,
              "the compressed file becomes far larger than any model of its size would; it was not "
              "read further (if it is one all the same, save it without compression)");
}

unsigned ClampToUnsigned(std::size_t size) {
  return static_cast<unsigned>(
      std::min<std::size_t>(size, std::numeric_limits<unsigned>::max() / 2));
}

Result<std::string> Inflate(std::string_view in) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 32) != Z_OK) return Fail(Code::kOutOfMemory, "zlib has no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  Output out;
  std::size_t fed = 0;
  for (;;) {
    const unsigned feed = ClampToUnsigned(in.size() - fed);
    std::size_t room = 0;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data() + fed));
    stream.avail_in = feed;
    stream.next_out = reinterpret_cast<Bytef*>(out.Room(room));
    stream.avail_out = ClampToUnsigned(room);
    const unsigned offered = stream.avail_out;
    const int status = inflate(&stream, Z_NO_FLUSH);
    fed += feed - stream.avail_in;
    if (!out.Keep(offered - stream.avail_out, fed)) return TooLarge();
    if (status == Z_STREAM_END) return std::move(out).Finish();
    const bool stuck = stream.avail_in == feed && stream.avail_out == offered;
    if (status != Z_OK || stuck) return Damaged("zlib");
  }
}

Result<std::string> Bunzip(std::string_view in) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
    return Fail(Code::kOutOfMemory, "bzip2 has no memory");
  }
  const std::unique_ptr<bz_stream, int (*)(bz_stream*)> end(&stream, BZ2_bzDecompressEnd);
  Output out;
  std::size_t fed = 0;
  for (;;) {
    const unsigned feed = ClampToUnsigned(in.size() - fed);
    std::size_t room = 0;
    stream.next_in = const_cast<char*>(in.data() + fed);
    stream.avail_in = feed;
    stream.next_out = out.Room(room);
    stream.avail_out = ClampToUnsigned(room);
    const unsigned offered = stream.avail_out;
    const int status = BZ2_bzDecompress(&stream);
    fed += feed - stream.avail_in;
    if (!out.Keep(offered - stream.avail_out, fed)) return TooLarge();
    if (status == BZ_STREAM_END) return std::move(out).Finish();
    const bool stuck = stream.avail_in == feed && stream.avail_out == offered;
    if (status != BZ_OK || stuck) return Damaged("bzip2");
  }
}

Result<std::string> Unxz(std::string_view in) {
  constexpr std::uint64_t kDecoderMemory = std::uint64_t{1} << 30;
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_auto_decoder(&stream, kDecoderMemory, 0) != LZMA_OK) {
    return Fail(Code::kOutOfMemory, "xz has no memory");
  }
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> end(&stream, lzma_end);
  Output out;
  stream.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
  stream.avail_in = in.size();
  for (;;) {
    std::size_t room = 0;
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.Room(room));
    stream.avail_out = room;
    const lzma_ret status = lzma_code(&stream, LZMA_FINISH);
    if (!out.Keep(room - stream.avail_out, in.size() - stream.avail_in)) return TooLarge();
    if (status == LZMA_STREAM_END) return std::move(out).Finish();
    if (status != LZMA_OK) return Damaged("xz");
  }
}

Result<std::string> Unlz4(std::string_view in) {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
    return Fail(Code::kOutOfMemory, "lz4 has no memory");
  }
  const std::unique_ptr<LZ4F_dctx, LZ4F_errorCode_t (*)(LZ4F_dctx*)> end(
      context, LZ4F_freeDecompressionContext);
  Output out;
  std::size_t fed = 0;
  for (;;) {
    std::size_t room = 0;
    char* to = out.Room(room);
    std::size_t taken = in.size() - fed;
    const std::size_t status =
        LZ4F_decompress(context, to, &room, in.data() + fed, &taken, nullptr);
    fed += taken;
    if (!out.Keep(room, fed)) return TooLarge();
    if (LZ4F_isError(status)) return Damaged("lz4");
    if (status == 0) return std::move(out).Finish();
    if (taken == 0 && room == 0) return Damaged("lz4");
  }
}

}  // namespace

Compression DetectCompression(std::string_view bytes) {
  using std::string_view_literals::operator""sv;
  struct Magic {
    std::string_view bytes;
    Compression compression;
  };
  static constexpr Magic kMagics[] = {
      {"\x1f\x8b"sv, Compression::kGzip},
      {"BZh"sv, Compression::kBzip2},
      {"\xfd"
       "7zXZ"sv,
       Compression::kXz},
      {"\x5d\x00"sv, Compression::kLzma},
      {"\x04\x22\x4d\x18"sv, Compression::kLz4},
      {"\x78"sv, Compression::kZlib},
  };
  for (const Magic& magic : kMagics) {
    if (bytes.starts_with(magic.bytes)) return magic.compression;
  }
  return Compression::kNone;
}

std::size_t DecompressedLimit(std::size_t size) {
  constexpr std::size_t kFloor = std::size_t{64} << 20;
  constexpr std::size_t kCeiling = std::size_t{16} << 30;
  constexpr std::size_t kRatio = 128;
  return size > (kCeiling - kFloor) / kRatio ? kCeiling : kFloor + kRatio * size;
}

Result<std::string> Decompress(std::string bytes) {
  switch (DetectCompression(bytes)) {
    case Compression::kNone:
      return bytes;
    case Compression::kZlib:
    case Compression::kGzip:
      return Inflate(bytes);
    case Compression::kBzip2:
      return Bunzip(bytes);
    case Compression::kXz:
    case Compression::kLzma:
      return Unxz(bytes);
    case Compression::kLz4:
      return Unlz4(bytes);
  }
  return bytes;
}

}  // namespace plinth::sklearn
