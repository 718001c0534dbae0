// For tests and the fuzzer: drives a RequestParser as a connection does, with the bytes cut into
// pieces.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "net/request_parser.h"

namespace plinth::net {

inline int StatusOf(const Refusal& refusal) {
  return refusal.status != 0 ? refusal.status : InfoOf(refusal.error.code).http_status;
}

struct Parsed {
  ParsedRequest request;
  int refused = 0;  // the status of the refusal, or 0
  std::string message;

  std::string_view body() const {
    const Buffer& buffer = request.request.body;
    return {buffer.As<char>(), buffer.size()};
  }
};

// All requests in `bytes`, the last one being the refusal if there is one; `left` receives the
// bytes of an unfinished request. `direct` lets bodies be received past Parse() where the parser
// offers it.
inline std::vector<Parsed> ParseInPieces(std::string_view bytes, std::size_t piece, bool direct,
                                         const ParserLimits& limits,
                                         RequestParser::State* end = nullptr) {
  RequestParser parser(limits);
  std::vector<Parsed> results;
  std::string buffer;
  while (!bytes.empty()) {
    if (std::span<std::byte> space;
        direct && buffer.empty() && !(space = parser.BodySpace()).empty()) {
      const std::size_t take = std::min({space.size(), bytes.size(), piece});
      std::memcpy(space.data(), bytes.data(), take);
      parser.BodyReceived(take);
      bytes.remove_prefix(take);
    } else {
      const std::size_t take = std::min(bytes.size(), piece);
      buffer.append(bytes.substr(0, take));
      bytes.remove_prefix(take);
    }
    for (;;) {
      if (parser.state() == RequestParser::State::kComplete) {
        results.push_back({parser.Take(), 0, {}});
      } else if (parser.state() == RequestParser::State::kFailed) {
        results.push_back({{}, StatusOf(parser.refusal()), parser.refusal().error.message});
        if (end != nullptr) *end = parser.state();
        return results;
      } else if (buffer.empty()) {
        break;
      } else {
        // A copy of exactly these bytes, so that the address sanitizer sees a read behind them.
        const std::vector<char> exact(buffer.begin(), buffer.end());
        const std::size_t consumed = parser.Parse(exact);
        buffer.erase(0, consumed);
        if (consumed == 0 && parser.state() != RequestParser::State::kComplete &&
            parser.state() != RequestParser::State::kFailed) {
          break;
        }
      }
    }
  }
  if (end != nullptr) *end = parser.state();
  return results;
}

// Everything about an outcome, as text to compare.
inline std::string Describe(const std::vector<Parsed>& results) {
  std::string text;
  for (const Parsed& result : results) {
    const HttpRequest& request = result.request.request;
    text += std::to_string(result.refused) + " " + result.message + "\n";
    if (result.refused != 0) continue;
    text += std::to_string(static_cast<int>(request.verb)) + " " + std::string(request.path) +
            " ? " + std::string(request.query) +
            " keep_alive=" + std::to_string(result.request.keep_alive) +
            " http11=" + std::to_string(result.request.http11) +
            " has_body=" + std::to_string(request.has_body) + "\n";
    for (const Header& header : request.headers) {
      text += std::string(header.name) + "|" + std::string(header.value) + "\n";
    }
    text += std::string(result.body()) + "\n";
  }
  return text;
}

}  // namespace plinth::net
