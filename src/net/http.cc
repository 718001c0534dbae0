#include "net/http.h"

#include "base/json_writer.h"
#include "net/header_text.h"

namespace plinth::net {
std::string_view HttpRequest::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (EqualsIgnoringCase(header.name, name)) return header.value;
  }
  return {};
}

std::size_t HttpResponse::BodySize() const {
  std::size_t size = body.size();
  for (const Buffer& slice : tail) size += slice.size();
  return size;
}

HttpResponse HttpResponse::Json(int status, std::string body) {
  return {
      .status = status, .content_type = "application/json", .headers = {}, .body = std::move(body)};
}

HttpResponse HttpResponse::Text(int status, std::string body) {
  return {.status = status,
          .content_type = "text/plain; charset=utf-8",
          .headers = {},
          .body = std::move(body)};
}

HttpResponse HttpResponse::FromError(const Error& error) {
  const CodeInfo& info = InfoOf(error.code);
  JsonWriter json;
  json.BeginObject();
  json.Key("error").BeginObject();
  json.Key("code").Value(info.name);
  json.Key("message").Value(error.message);
  json.EndObject();
  json.EndObject();
  return Json(info.http_status, std::move(json).Take());
}

Responder::~Responder() {
  if (sink_ == nullptr) return;
  Send(HttpResponse::FromError(
      {Code::kInternal,
       "the request was dropped without an answer; this is a fault of the server"}));
}

void Responder::Send(HttpResponse response) {
  const std::shared_ptr<Sink> sink = std::move(sink_);
  if (sink != nullptr) sink->Send(std::move(response));
}

BodyWriter Responder::Begin(HttpResponse head) && {
  if (sink_ != nullptr) sink_->Begin(std::move(head));
  return BodyWriter(std::exchange(sink_, nullptr));
}

BodyWriter::~BodyWriter() {
  if (sink_ != nullptr) sink_->End(/*complete=*/false);
}

void BodyWriter::Write(std::string piece) {
  if (sink_ != nullptr && !piece.empty()) sink_->Write(std::move(piece));
}

void BodyWriter::End() {
  if (const auto sink = std::exchange(sink_, nullptr)) sink->End(/*complete=*/true);
}

}  // namespace plinth::net
