// A flag that a thread can wait for together with other descriptors.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/file_descriptor.h"

namespace plinth::python {

class StopEvent {
 public:
  StopEvent() : file_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  // Readable from Set() until Clear().
  int file() const { return file_.get(); }

  // Any thread; does not wait.
  void Set() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(file_.get(), &one, sizeof(one));
  }
  void Clear() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(file_.get(), &count, sizeof(count));
  }

 private:
  FileDescriptor file_;
};

}  // namespace plinth::python
