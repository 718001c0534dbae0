// For tests of handlers: an answer caught instead of sent.
#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <string>
#include <utility>

#include "net/http.h"

namespace plinth::net {

// Keeps what a handler answers. future() is ready when the answer is complete; a streamed one has
// its pieces in `body`.
class CaughtAnswer final : public Responder::Sink {
 public:
  void Send(HttpResponse response) override { promise_.set_value(std::move(response)); }
  void Begin(HttpResponse head) override { streamed_ = std::move(head); }
  void Write(std::string piece) override { streamed_.body += piece; }
  void End(bool complete) override {
    ended_early_ = !complete;
    promise_.set_value(std::move(streamed_));
  }
  std::size_t unsent() const override { return 0; }
  bool cancelled() const override { return cancelled_; }

  std::future<HttpResponse> future() { return promise_.get_future(); }
  bool ended_early() const { return ended_early_; }
  void Cancel() { cancelled_ = true; }

 private:
  std::promise<HttpResponse> promise_;
  HttpResponse streamed_;
  std::atomic<bool> ended_early_ = false;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace plinth::net
