#include "net/response_writer.h"

#include <charconv>

#include "net/header_text.h"

namespace plinth::net {
namespace {

std::string_view ReasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // the reason may be empty
  }
}

void AppendNumber(std::size_t number, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void AppendField(std::string_view text, std::string& out) {
  for (const char c : text) {
    out.push_back(IsControl(c) ? ' ' : c);
  }
}

}  // namespace

std::string_view HttpDate::At(std::time_t now) {
  if (now != made_at_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    // The process never sets a locale, so the names of days and months are the English ones that
    // HTTP wants.
    size_ = std::strftime(text_, sizeof text_, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at_ = now;
  }
  return {text_, size_};
}

bool AllowsBody(int status) { return status >= 200 && status != 204 && status != 304; }

void AppendChunkHead(std::size_t size, std::string& out) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
  out.append(digits, end).append("\r\n");
}

void AppendResponseHead(const HttpResponse& response, ResponseFraming framing,
                        std::string_view date, std::string& out) {
  out.append("HTTP/1.1 ");
  AppendNumber(static_cast<std::size_t>(response.status), out);
  out.append(" ").append(ReasonOf(response.status));
  out.append("\r\nServer: plinth\r\nDate: ").append(date);
  if (!response.content_type.empty()) {
    out.append("\r\nContent-Type: ");
    AppendField(response.content_type, out);
  }
  const bool has_body = AllowsBody(response.status);
  if (has_body && framing.streamed && framing.http11) {
    out.append("\r\nTransfer-Encoding: chunked");
  } else if (has_body && !framing.streamed) {
    out.append("\r\nContent-Length: ");
    AppendNumber(response.BodySize(), out);
  }
  for (const auto& [name, value] : response.headers) {
    out.append("\r\n");
    AppendField(name, out);
    out.append(": ");
    AppendField(value, out);
  }
  if (!framing.keep_alive) {
    out.append("\r\nConnection: close");
  } else if (!framing.http11) {
    out.append("\r\nConnection: keep-alive");
  }
  out.append("\r\n\r\n");
}

}  // namespace plinth::net
