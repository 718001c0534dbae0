#include "api/http/event_answer.h"

#include <string>
#include <utility>

namespace plinth::api {

bool EventAnswer::cancelled() const {
  const std::lock_guard lock(mutex_);
  return writer_ ? writer_->cancelled() : responder_.cancelled();
}

net::BodyWriter& EventAnswer::Begun() {
  if (!writer_) {
    const std::lock_guard lock(mutex_);
    writer_.emplace(
        std::move(responder_)
            .Begin({.status = 200,
                    .content_type = "text/event-stream; charset=utf-8",
                    .headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}},
                    .body = {}}));
  }
  return *writer_;
}

void EventAnswer::Write(std::string_view text) {
  std::string event;
  event.reserve(text.size() + 8);
  event.append("data: ").append(text).append("\n\n");
  Begun().Write(std::move(event));
}

void EventAnswer::End() {
  Guarded([&] {
    net::BodyWriter& writer = Begun();
    const std::lock_guard lock(mutex_);
    writer.End();
  });
}

void EventAnswer::Refuse(net::HttpResponse response) {
  if (!writer_) return responder_.Send(std::move(response));
  Send([&] { return std::string_view(response.body); });
  End();
}

}  // namespace plinth::api
