// For tests: a server with a handler that shows what a connection does, and what is needed to talk
// to it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "net/listener.h"
#include "net/raw_client.h"

namespace plinth::net {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
inline std::string BodyOf(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

inline std::string Get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n";
}

inline std::string Post(const std::string& path, const std::string& body) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

// Requests that a handler has put aside, for the test to answer when and where it likes.
class Shelf {
 public:
  void Put(HttpRequest request, Responder responder) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(std::move(request), std::move(responder));
    changed_.notify_all();
  }
  std::pair<HttpRequest, Responder> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_.empty(); });
    auto taken = std::move(waiting_.front());
    waiting_.pop_front();
    return taken;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<HttpRequest, Responder>> waiting_;
};

// Waits for what another thread is about to bring about.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto give_up = steady_clock::now() + seconds(20);
  while (!condition()) {
    if (steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

// Answers: /echo with the body, /big?N with N bytes, /pieces?abc with a piece for each letter,
// /shelf later and from elsewhere, /drop and /throw not at all, others with their path.
class HttpServerTest : public ::testing::Test {
 protected:
  void Serve(HttpServer::Options options = {}) {
    if (options.threads == 0) options.threads = 2;
    auto server = HttpServer::Start(options, [this](HttpRequest request, Responder responder) {
      Handle(std::move(request), std::move(responder));
    });
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  void Handle(HttpRequest request, Responder responder) {
    handled_.fetch_add(1);
    if (request.path == "/echo") {
      responder.Send(
          HttpResponse::Text(200, std::string(request.body.As<char>(), request.body.size())));
    } else if (request.path == "/big") {
      responder.Send(
          HttpResponse::Text(200, std::string(std::stoul(std::string(request.query)), 'b')));
    } else if (request.path == "/pieces") {
      BodyWriter writer = std::move(responder).Begin(HttpResponse::Text(200, ""));
      for (const char c : request.query) writer.Write({c});
      writer.End();
    } else if (request.path == "/shelf") {
      shelf_.Put(std::move(request), std::move(responder));
    } else if (request.path == "/throw") {
      throw std::runtime_error("on purpose");
    } else if (request.path != "/drop") {
      responder.Send(HttpResponse::Text(200, std::string(request.path)));
    }
  }

  RawClient Connect() { return RawClient(server_->port()); }

  std::string Ask(const std::string& bytes) {
    RawClient client = Connect();
    client.Send(bytes);
    return client.Answer();
  }

  Shelf shelf_;
  std::atomic<int> handled_ = 0;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace plinth::net
