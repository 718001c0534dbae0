// Any bytes as gRPC messages: no crash, no read out of bounds, and an outcome that does not depend
// on how the bytes were cut; and any text as the header fields of a call.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzzing.h"
#include "net/grpc_frames.h"
#include "net/grpc_headers.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;
using namespace plinth::net;

constexpr std::size_t kMost = 1024;

// What came of the bytes, as text.
std::string Read(std::span<const std::byte> bytes, std::size_t piece) {
  GrpcFrameReader reader(kMost, nullptr, 0);
  std::string outcome;
  while (!bytes.empty()) {
    auto part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    while (!part.empty()) {
      const Result<std::size_t> taken = reader.Read(part);
      if (!taken) return outcome + taken.error().message;
      Require(*taken > 0, "nothing was taken");
      part = part.subspan(*taken);
      if (!reader.complete()) continue;
      const GrpcFrameReader::Message message = reader.Take();
      Require(message.bytes.size() <= kMost, "the limit does not hold");
      outcome += message.compressed ? 'c' : 'm';
      outcome.append(message.bytes.As<char>(), message.bytes.size());
    }
  }
  return outcome + (reader.within() ? "..." : ".");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  Require(Read(bytes, bytes.size()) == Read(bytes, 1 + data[0]),
          "the outcome depends on how the bytes were cut");
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  for (const char c : EncodeGrpcMessage(text))
    Require(c >= ' ' && c <= '~', "a byte is not encoded");
  if (const auto timeout = ParseGrpcTimeout(text))
    Require(timeout->count() >= 0, "a negative timeout");
  return 0;
}
