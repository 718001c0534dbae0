// A stream that carries an HTTP request: gathers it, hands it to the handler, sends the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "net/body_buffer.h"
#include "net/exchange.h"
#include "net/http2_head.h"
#include "net/http2_stream.h"

namespace plinth::net {

class HttpStream final : public Http2Stream, public Exchange::Owner {
 public:
  HttpStream(Http2Session* session, std::int32_t id);
  ~HttpStream() override;

  void Begin(Http2Head head, bool has_body);
  // Begins, and ends, with a request that came by HTTP/1.1.
  void Dispatch(HttpRequest request);

  void OnData(std::span<const std::byte> bytes) override;
  void OnEnd() override;
  void OnCancelled() override;

 private:
  Status Accept(const Http2Head& head);
  void Refuse(const Error& error);
  void Answer(HttpResponse response);
  void SendHead(const HttpResponse& response, bool has_length, bool end);
  std::int64_t OnDeadline(std::int64_t now) override;
  void OnOutputTaken() override;

  void OnAnswer(HttpResponse response) override;
  void OnBegin(HttpResponse head) override;
  void OnPiece(std::string piece) override;
  void OnEnd(bool complete) override;

  HttpRequest request_;
  BodyBuffer body_;
  std::size_t most_ = 0;    // bytes of the body: its length, or the limit if that is not known
  bool receiving_ = false;  // the request is not complete
  bool bodiless_ = false;   // the answer has no body
  Pace pace_;
  std::shared_ptr<Exchange> exchange_;  // set once the handler has the request
};

}  // namespace plinth::net
