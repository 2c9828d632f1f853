#include "io/file_descriptor.h"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace srwm {

FileDescriptor::~FileDescriptor() {
  close();
}

int FileDescriptor::close() {
  if (fd_ < 0) return 0;
  // After EINTR Linux has closed the descriptor all the same: closing again might hit another thread's file.
  const int status = ::close(std::exchange(fd_, -1));
  return status == 0 || errno == EINTR ? 0 : errno;
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {  // a full pipe that somebody made non-blocking
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace srwm
