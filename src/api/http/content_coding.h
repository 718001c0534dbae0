// Compressed bodies: requests that come in gzip or deflate, answers for clients who ask for them.
//
// An I/O thread never works long on one body: what is large is handed to a thread that may take its
// time, from which the handler is then called.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/status.h"
#include "net/byte_budget.h"
#include "net/http.h"
#include "net/inflater.h"

namespace plinth::api {

struct CodingOptions {
  // Runs a task on a thread that may take long.
  std::function<void(std::move_only_function<void()>)> run_elsewhere;
  std::size_t body_bytes = 64UZ * 1024 * 1024;  // the limit on a decompressed body
  std::shared_ptr<net::ByteBudget> budget{};    // for all of them together; null: no limit
  bool compress_answers = true;
  // Which requests' answers; null: all.
  bool (*compresses)(const net::HttpRequest&) = nullptr;
};

// How a protocol says what is wrong with a body.
struct CodingErrors {
  net::HttpResponse (*write)(const Error& error);
  Error unknown;  // for a Content-Encoding other than gzip, deflate and identity
};

// Gives `inner` the bodies decompressed, without a Content-Encoding, and compresses its answers of
// more than 1 KiB as Accept-Encoding asks, but neither errors nor what is streamed.
net::HttpHandler WithContentCoding(net::HttpHandler inner, CodingErrors errors,
                                   CodingOptions options);

// What the body came in; nothing if it is not known.
std::optional<net::Coding> CodingOfBody(const net::HttpRequest& request);
// What the answer is best sent in: the known one with the highest weight, gzip before deflate
// before identity.
net::Coding CodingOfAnswer(const net::HttpRequest& request);

}  // namespace plinth::api
