// Takes connections from one listening socket, on the thread of one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "net/event_loop.h"

namespace plinth::net {

class Acceptor final : public EventLoop::Source {
 public:
  using Take = std::move_only_function<void(FileDescriptor)>;

  // `take` gets every connection, as a non-blocking socket.
  Acceptor(FileDescriptor listener, EventLoop* loop, Take take)
      : listener_(std::move(listener)), loop_(loop), take_(std::move(take)) {}

  Status Start();
  void OnEvents(std::uint32_t events) override;

  // Takes those that the kernel has accepted already, for they have been promised service, and
  // closes.
  void Finish();

  // Goes on when a pause is over; called with every sweep. Returns the end of the pause.
  std::int64_t Resume(std::int64_t now);

 private:
  void Accept(int most);
  void Pause();

  FileDescriptor listener_;
  EventLoop* const loop_;
  Take take_;
  std::int64_t resume_at_ = EventLoop::kNever;
};

}  // namespace plinth::net
