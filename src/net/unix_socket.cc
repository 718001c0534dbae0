#include "net/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace plinth::net {
namespace {

FileDescriptor NewSocket() {
  return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Error CannotListen(const std::string& path, const std::string& why) {
  return {Code::kFailedPrecondition, "cannot listen at '" + path + "': " + why};
}

// Removes a socket that nobody listens at.
Status RemoveStale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode))
    return Fail(CannotListen(path, "there is a file of that name; choose another one"));
  const FileDescriptor probe = NewSocket();
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return Fail(CannotListen(
        path, "another process may be listening there; stop it or choose another name"));
  }
  ::unlink(path.c_str());
  return {};
}

}  // namespace

Result<UnixSocket> UnixSocket::Listen(std::string path, mode_t mode) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Fail(Code::kInvalidArgument, "the path of a UNIX socket has 1 to " +
                                            std::to_string(sizeof address.sun_path - 1) +
                                            " bytes, not " + std::to_string(path.size()) + " as '" +
                                            path + "'");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (Status removed = RemoveStale(path, address); !removed)
    return Fail(std::move(removed).error());

  FileDescriptor socket = NewSocket();
  // The name is born with the rights of the socket, so that there is no moment in which others may
  // connect; what the umask has taken away is given behind it.
  if (!socket.valid() || ::fchmod(socket.get(), mode) != 0 ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(socket.get(), SOMAXCONN) != 0) {
    return Fail(CannotListen(path, ErrorText(errno)));
  }
  return UnixSocket(std::move(path), std::move(socket));
}

UnixSocket::UnixSocket(std::string path, FileDescriptor socket)
    : path_(std::move(path)), socket_(std::move(socket)) {
  struct stat made {};
  if (::lstat(path_.c_str(), &made) != 0) return;
  device_ = made.st_dev;
  inode_ = made.st_ino;
}

UnixSocket::~UnixSocket() {
  struct stat found {};
  if (path_.empty() || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace plinth::net
