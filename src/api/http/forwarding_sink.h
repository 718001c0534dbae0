// For handlers around handlers: an answer on its way to the transport, as the base of what changes
// something of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "net/http.h"

namespace plinth::api {

class ForwardingSink : public net::Responder::Sink {
 public:
  explicit ForwardingSink(net::Responder to) : to_(std::move(to)) {}

  void Send(net::HttpResponse response) override { to_.Send(std::move(response)); }
  void Begin(net::HttpResponse head) override {
    writer_.emplace(std::move(to_).Begin(std::move(head)));
  }
  void Write(std::string piece) override { writer_->Write(std::move(piece)); }
  void End(bool complete) override {
    if (complete) writer_->End();
    writer_.reset();
  }
  std::size_t unsent() const override { return writer_ ? writer_->unsent() : 0; }
  bool cancelled() const override { return writer_ ? writer_->cancelled() : to_.cancelled(); }

 protected:
  net::Responder to_;

 private:
  std::optional<net::BodyWriter> writer_;
};

}  // namespace plinth::api
