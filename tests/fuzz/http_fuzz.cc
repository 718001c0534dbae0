// Any bytes as a stream of HTTP/1 requests: no crash, no read out of bounds, limits kept, and an
// outcome that does not depend on how the bytes were cut. The first byte says how.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzzing.h"
#include "net/parser_testing.h"

namespace {

using namespace plinth::fuzzing;
using namespace plinth::net;

constexpr ParserLimits kLimits = {.header_bytes = 512, .header_fields = 8, .body_bytes = 1024};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + (data[0] & 0x3f);
  const bool direct = (data[0] & 0x40) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  RequestParser::State end{};
  RequestParser::State end_in_pieces{};
  const auto whole = ParseInPieces(bytes, bytes.size(), false, kLimits, &end);
  const auto pieces = ParseInPieces(bytes, piece, direct, kLimits, &end_in_pieces);
  Require(Describe(whole) == Describe(pieces), "the outcome depends on how the bytes were cut");
  Require(end == end_in_pieces, "the end depends on how the bytes were cut");

  for (const Parsed& parsed : whole) {
    const HttpRequest& request = parsed.request.request;
    Require(parsed.body().size() <= kLimits.body_bytes, "the body limit does not hold");
    Require(request.headers.size() <= kLimits.header_fields, "the field limit does not hold");
    if (parsed.refused != 0) continue;
    Require(request.path.starts_with('/'), "a path that does not begin with '/'");
    for (const Header& header : request.headers) {
      Require(!header.name.empty(), "a header without a name");
      Require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
              "a line end in a value");
    }
  }
  return 0;
}
