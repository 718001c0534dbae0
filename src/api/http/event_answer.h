// An answer of server-sent events: one "data:" line for each text, as they come.
#pragma once

#include <cstddef>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "net/http.h"

namespace plinth::api {

// Used by one thread at a time, but for cancelled(). Destroyed before End() or Refuse() it cuts the
// answer off, as it does where there is no memory for an event. Throws nothing.
class EventAnswer {
 public:
  explicit EventAnswer(net::Responder responder) : responder_(std::move(responder)) {}

  // Any thread.
  bool cancelled() const;
  std::size_t unsent() const { return writer_ ? writer_->unsent() : 0; }

  // Sends what `text` gives, which may throw std::bad_alloc: a text without line breaks, as a
  // JsonWriter's are. The first begins the answer.
  template <typename Text>
  void Send(Text text) {
    Guarded([&] { Write(text()); });
  }
  // There are no more events, perhaps none at all.
  void End();
  // Nothing has been sent, and this is the answer instead; after an event, its body is the last.
  void Refuse(net::HttpResponse response);

 private:
  template <typename Function>
  void Guarded(Function function) {
    if (failed_) return;
    try {
      function();
    } catch (const std::bad_alloc&) {
      failed_ = true;
    }
  }
  net::BodyWriter& Begun();
  void Write(std::string_view text);

  mutable std::mutex mutex_;  // guards which of the two there is, for who asks meanwhile
  net::Responder responder_;
  std::optional<net::BodyWriter> writer_;  // once the answer has begun
  bool failed_ = false;
};

}  // namespace plinth::api
