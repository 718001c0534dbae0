// An HTTP/1.1 response head as bytes.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "net/http.h"

namespace plinth::net {

// "Tue, 24 Nov 2026 21:33:10 GMT", made anew only when the second changes. One a thread.
class HttpDate {
 public:
  std::string_view At(std::time_t now);

 private:
  std::time_t made_at_ = -1;
  char text_[32] = {};
  std::size_t size_ = 0;
};

struct ResponseFraming {
  bool keep_alive = true;
  // What the request spoke; a 1.0 client must be told that the connection stays open.
  bool http11 = true;
  // The body's length is not known: chunks for a 1.1 client, the end of the connection for 1.0.
  bool streamed = false;
};

// Appends the status line, the headers and the empty line; the body is up to the caller. Control
// characters in header names and values become spaces, so that no value can add a header.
void AppendResponseHead(const HttpResponse& response, ResponseFraming framing,
                        std::string_view date, std::string& out);

// Appends the line that a chunk of `size` bytes, more than none, begins with.
void AppendChunkHead(std::size_t size, std::string& out);
// What ends a chunk, and, behind the last of them, the body.
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Whether a response of that status may have a body (RFC 9110, 6.4.1).
bool AllowsBody(int status);

}  // namespace plinth::net
