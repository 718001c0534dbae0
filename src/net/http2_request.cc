#include "net/http2_request.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/body_alignment.h"
#include "net/header_text.h"
#include "net/http2_session.h"

namespace plinth::net {
namespace {

// Pieces up to this size are copied to go out with what is around them.
constexpr std::size_t kSmallPiece = 16UZ * 1024;

Verb VerbOf(std::string_view method) {
  constexpr std::pair<std::string_view, Verb> kVerbs[] = {
      {"GET", Verb::kGet},        {"POST", Verb::kPost},     {"HEAD", Verb::kHead},
      {"PUT", Verb::kPut},        {"DELETE", Verb::kDelete}, {"PATCH", Verb::kPatch},
      {"OPTIONS", Verb::kOptions}};
  for (const auto& [name, verb] : kVerbs) {
    if (method == name) return verb;
  }
  return Verb::kOther;
}

// A field's value as it may be sent.
std::string Clean(std::string_view value) {
  std::string clean(value);
  std::ranges::replace_if(clean, IsControl, ' ');
  return clean;
}

}  // namespace

HttpStream::HttpStream(Http2Session* session, std::int32_t id)
    : Http2Stream(session, id), body_(session->host().body_budget, session->UncountedBytes()) {}

HttpStream::~HttpStream() {
  if (exchange_ != nullptr) exchange_->Detach();
}

void HttpStream::Begin(Http2Head head, bool has_body) {
  receiving_ = true;
  bodiless_ = head.method == "HEAD";
  request_.has_body = has_body;
  request_.headers = std::move(head.fields);
  if (Status accepted = Accept(head); !accepted) return Refuse(accepted.error());
  request_.storage = std::move(head.storage);
  if (!has_body) return;  // its end is told at once
  const ConnectionHost& host = session_->host();
  pace_.Begin(host.loop->now());
  WakeAt(pace_.Deadline(host.options->body_timeout));
}

// Checks the head and takes from it what is needed here.
Status HttpStream::Accept(const Http2Head& head) {
  const ParserLimits& limits = session_->host().options->limits;
  if (head.too_large) {
    return Fail(Code::kHeadersTooLarge, "the headers are over the limit of " +
                                            std::to_string(limits.header_bytes) + " bytes or " +
                                            std::to_string(limits.header_fields) + " fields");
  }
  if (!head.path.starts_with('/'))
    return Fail(Code::kInvalidArgument, "the request target must begin with '/'");
  const std::size_t mark = head.path.find('?');
  request_.path = head.path.substr(0, mark);
  if (mark != std::string_view::npos) request_.query = head.path.substr(mark + 1);
  request_.verb = VerbOf(head.method);

  body_.LeaveFree(BodyLead(request_));
  // nghttp2 has checked that it is a number, and will check that it is right.
  most_ = limits.body_bytes;
  const std::string_view length = request_.Find("content-length");
  if (length.empty() || !request_.has_body) return {};
  std::size_t bytes = 0;
  const auto parsed = std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (parsed.ec != std::errc() || bytes > limits.body_bytes) {
    return Fail(Code::kPayloadTooLarge,
                "the body is over the limit of " + std::to_string(limits.body_bytes) + " bytes");
  }
  most_ = bytes;
  return body_.Expect(bytes);
}

void HttpStream::OnData(std::span<const std::byte> bytes) {
  if (!receiving_) return;  // the answer is on its way; the window stays closed
  if (bytes.size() > most_ - body_.size()) {
    return Refuse({Code::kPayloadTooLarge,
                   "the body is over the limit of " + std::to_string(most_) + " bytes"});
  }
  if (Status added = body_.Append(bytes, most_); !added) return Refuse(added.error());
  pace_.Advance(session_->host().loop->now(), bytes.size());
  session_->Consume(*this, bytes.size());
}

void HttpStream::OnEnd() {
  if (!receiving_) return;
  request_.body = body_.Take();
  Dispatch(std::move(request_));
}

void HttpStream::Dispatch(HttpRequest request) {
  receiving_ = false;
  bodiless_ = request.verb == Verb::kHead;
  const ConnectionHost& host = session_->host();
  exchange_ = std::make_shared<Exchange>(this, host.loop->mailbox(), host.options->stream_memory);
  // A handler that throws drops its Responder, which answers 500.
  try {
    (*host.handler)(std::move(request), Responder(exchange_));
  } catch (const std::exception& error) {
    LogError(std::string("a request handler threw: ") + error.what());
  } catch (...) {
    LogError("a request handler threw something that is no std::exception");
  }
}

void HttpStream::Refuse(const Error& error) {
  receiving_ = false;
  body_.Clear();
  Answer(session_->host().Refusal(request_.path, error));
  Release();
}

void HttpStream::OnCancelled() {
  receiving_ = false;
  body_.Clear();
  if (exchange_ == nullptr) return Release();
  exchange_->Cancel();
}

std::int64_t HttpStream::OnDeadline(std::int64_t now) {
  if (!receiving_ || session_ == nullptr) return EventLoop::kNever;
  const std::int64_t deadline = pace_.Deadline(session_->host().options->body_timeout);
  if (now < deadline) return deadline;
  Refuse({Code::kRequestTimeout, "the body was not received in time"});
  return EventLoop::kNever;
}

void HttpStream::OnOutputTaken() {
  if (exchange_ != nullptr) exchange_->SetQueued(output().size());
}

void HttpStream::Answer(HttpResponse response) {
  if (!answerable()) return;
  const bool bodiless = bodiless_ || response.BodySize() == 0 || !AllowsBody(response.status);
  SendHead(response, /*has_length=*/true, bodiless);
  if (bodiless) return;
  output().AppendOrShare(std::move(response.body), kSmallPiece);
  for (Buffer& slice : response.tail) output().AppendOrShare(std::move(slice), kSmallPiece);
  EndOutput();
}

void HttpStream::SendHead(const HttpResponse& response, bool has_length, bool end) {
  ConnectionHost& host = session_->host();
  const std::string status = std::to_string(response.status);
  const std::string type = Clean(response.content_type);
  const std::string length = std::to_string(response.BodySize());
  std::vector<std::string> values;  // those that had to be made fit to be sent
  values.reserve(response.headers.size());
  std::vector<Header> fields = {
      {":status", status}, {"server", "plinth"}, {"date", host.date.At(host.loop->wall_seconds())}};
  if (!type.empty()) fields.push_back({"content-type", type});
  if (has_length && AllowsBody(response.status)) fields.push_back({"content-length", length});
  for (const auto& [name, value] : response.headers) {
    values.push_back(Clean(value));
    fields.push_back({name, values.back()});
  }
  Http2Stream::SendHead(fields, end);
}

void HttpStream::OnAnswer(HttpResponse response) {
  Answer(std::move(response));
  Release();
}

void HttpStream::OnBegin(HttpResponse head) {
  if (!answerable()) return;
  bodiless_ = bodiless_ || !AllowsBody(head.status);
  SendHead(head, /*has_length=*/false, bodiless_);
}

void HttpStream::OnPiece(std::string piece) {
  if (!answerable() || bodiless_) return;
  output().AppendOrShare(std::move(piece), kSmallPiece);
  OnOutputTaken();
  Resume();
}

void HttpStream::OnEnd(bool complete) {
  if (!complete) {
    Reset(NGHTTP2_INTERNAL_ERROR);
  } else if (!bodiless_) {
    EndOutput();
  }
  Release();
}

}  // namespace plinth::net
