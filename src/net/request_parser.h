// HTTP/1.0 and 1.1 requests out of bytes. No sockets: the same code is driven by connections, tests
// and the fuzzer.
//
// The caller owns the received bytes. It presents them to Parse(), drops what Parse() says was
// consumed, and presents the rest again with more behind it. Bytes behind the end of a request are
// never consumed, so pipelined requests simply stay where they are. A body of known length can skip
// the caller's memory: BodySpace() is where it may be received directly.
//
// Invariants:
// - One parser makes one request at a time; Take() hands it out and makes the parser ready for the
// next.
// - What a client costs is bounded by what it sent: the header block by `header_bytes`, the body's
// memory by a
//   small reservation first and then a multiple of the bytes that have arrived, never above
//   `body_bytes`.
// - How the bytes are cut into pieces changes nothing about the outcome.
// - After kFailed the connection is beyond repair: the caller answers refusal() and closes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/status.h"
#include "net/body_buffer.h"
#include "net/byte_budget.h"
#include "net/chunk_decoder.h"
#include "net/http.h"

namespace plinth::net {

struct ParserLimits {
  std::size_t header_bytes = 16UZ * 1024;       // request line and all header fields
  std::size_t header_fields = 100;              // how many of them
  std::size_t body_bytes = 64UZ * 1024 * 1024;  // after chunks are put together
};

// Why a request cannot be read.
struct Refusal {
  int status = 0;  // where it is another one than the error's: 505, which has none
  Error error{};
  std::string path{};  // empty if it is not known
};

class HeaderGrammar;

struct ParsedRequest {
  HttpRequest request;
  bool http11 = true;
  bool keep_alive = true;  // whether the client wishes for another request on this connection
};

class RequestParser {
 public:
  enum class State {
    kIdle,      // not a byte of a request has been seen
    kHeader,    // a part of the header block has been seen
    kBody,      // the header block is complete, the body is not
    kComplete,  // Take() it
    kFailed,
  };

  // The limits must outlive the parser. The budget, if there is one, bounds the large bodies of all
  // parsers together; what a body takes of it is given back when the last share of the request's
  // body goes.
  explicit RequestParser(const ParserLimits& limits, std::shared_ptr<ByteBudget> budget = nullptr)
      : limits_(limits), body_(std::move(budget), BodyBuffer::kSmallBody) {}
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Reads on. Returns how many of the bytes were consumed; the others must come first in the next
  // call. Requires state() to be neither kComplete nor kFailed.
  std::size_t Parse(std::span<const char> bytes);

  // Where the next bytes of a body of known length may be written, at least one; empty if the next
  // bytes are to go through Parse(). BodyReceived(n) says that n of them were. Only with no
  // unconsumed bytes left over from Parse().
  std::span<std::byte> BodySpace();
  void BodyReceived(std::size_t n);

  // Whether the client waits for "100 Continue" before it sends the body. True once a request.
  bool TakeExpectsContinue();

  State state() const { return state_; }
  const Refusal& refusal() const { return refusal_; }

  // Requires kComplete; leaves kIdle.
  ParsedRequest Take();

 private:
  std::size_t ParseHeader(std::span<const char> bytes);
  std::size_t ParseBody(std::span<const char> bytes);
  std::size_t ParseChunks(std::span<const char> bytes);
  bool AcceptHead(HeaderGrammar& grammar, std::span<const char> block);
  bool AcceptTarget(std::string_view target);
  bool AppendBody(std::span<const char> bytes);
  void Finish();
  bool FailBodyTooLarge();
  bool Fail(Error error);
  void Reset();

  const ParserLimits& limits_;
  State state_ = State::kIdle;
  Refusal refusal_;
  ParsedRequest parsed_;
  bool expects_continue_ = false;
  std::optional<ChunkDecoder> chunks_;  // set if the body is chunked
  std::size_t scanned_ = 0;         // bytes of an incomplete header block that have been looked at
  std::size_t content_length_ = 0;  // if not chunked
  BodyBuffer body_;
};

}  // namespace plinth::net
