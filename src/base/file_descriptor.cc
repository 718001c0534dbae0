#include "base/file_descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace plinth {

void FileDescriptor::Reset(int fd) {
  if (fd_ >= 0) {
    const int kept = errno;
    ::close(fd_);
    errno = kept;
  }
  fd_ = fd;
}

std::string ErrorText(int error_number) { return std::generic_category().message(error_number); }

}  // namespace plinth
