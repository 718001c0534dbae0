// The messages between the server and a worker as bytes: little-endian numbers one behind the
// other, without gaps but where Align() makes them.
//
//   frame:  u32 size of all of it   u32 kind   u64 call   body
//
// A worker runs a stranger's program, so whatever comes from it is read as from a stranger.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace plinth::python {

// Bodies are documented at the functions of messages.h.
enum class FrameKind : std::uint32_t {
  // From the server.
  kLoad = 1,
  kExecute = 2,
  kUnload = 3,
  kAnswer = 4,
  kFree = 5,
  kAnswerPart = 6,
  // From the worker.
  kLoaded = 16,
  kResult = 17,
  kFailed = 18,
  kCall = 19,
  kPart = 20,
  kTaken = 21,
};

struct FrameHeader {
  std::uint32_t size = 0;
  std::uint32_t kind = 0;
  std::uint64_t call = 0;
};
inline constexpr std::size_t kFrameHeaderSize = sizeof(FrameHeader);
static_assert(kFrameHeaderSize == 16);

// The largest frame that is believed.
inline constexpr std::size_t kMaxFrame = std::size_t{16} << 20;

class FrameWriter {
 public:
  FrameWriter(FrameKind kind, std::uint64_t call) {
    const FrameHeader header{0, static_cast<std::uint32_t>(kind), call};
    Raw(&header, sizeof(header));
  }

  template <std::integral T>
  void Number(T value) {
    Raw(&value, sizeof(value));
  }
  // A u32 of bytes and the bytes.
  void Text(std::string_view text) {
    Number(static_cast<std::uint32_t>(text.size()));
    Raw(text.data(), text.size());
  }
  void Raw(const void* data, std::size_t size) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    if (size > 0) std::memcpy(bytes_.data() + at, data, size);
  }
  // Zeros up to a multiple of `size` bytes from the frame's beginning.
  void Align(std::size_t size) { bytes_.resize((bytes_.size() + size - 1) / size * size); }

  // The whole frame, its size filled in.
  std::span<const std::byte> Finish() {
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof(size));
    return bytes_;
  }

 private:
  std::vector<std::byte> bytes_;
};

// Reads a frame that has been received whole. Past the end everything reads as zero or empty, and
// ok() is false from then on.
class FrameReader {
 public:
  explicit FrameReader(std::span<const std::byte> frame) : frame_(frame) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == frame_.size(); }

  template <std::integral T>
  T Number() {
    T value = 0;
    const auto bytes = Bytes(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view Text() {
    const auto bytes = Bytes(Number<std::uint32_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::span<const std::byte> Bytes(std::size_t size) {
    if (!ok_ || size > frame_.size() - at_) {
      ok_ = false;
      return {};
    }
    const auto bytes = frame_.subspan(at_, size);
    at_ += size;
    return bytes;
  }
  void Align(std::size_t size) { Bytes((size - at_ % size) % size); }

 private:
  std::span<const std::byte> frame_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace plinth::python
