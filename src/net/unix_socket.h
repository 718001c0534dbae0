// A listening UNIX socket, as a name in the file system.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace plinth::net {

class UnixSocket {
 public:
  // Listens at `path`, which gets the access rights `mode`. A socket that a server has left behind
  // is replaced; FAILED_PRECONDITION if one still listens there, or if another file has the name.
  static Result<UnixSocket> Listen(std::string path, mode_t mode);

  UnixSocket(UnixSocket&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        device_(other.device_),
        inode_(other.inode_),
        socket_(std::move(other.socket_)) {}
  UnixSocket& operator=(UnixSocket&&) = delete;
  // Removes the name, unless it has become another's.
  ~UnixSocket();

  const std::string& path() const { return path_; }
  // The socket itself, non-blocking; to be taken once.
  FileDescriptor Take() { return std::move(socket_); }

 private:
  UnixSocket(std::string path, FileDescriptor socket);

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  FileDescriptor socket_;
};

}  // namespace plinth::net
