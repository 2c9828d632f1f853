// Owner of a POSIX file descriptor.
#pragma once

#include <string_view>
#include <utility>

namespace srwm {

/// Closes its descriptor when it goes; -1 means none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  /// Closes now and returns 0 or the error number: network file systems report a full disk only here.
  int close();

 private:
  int fd_ = -1;
};

/// Writes all bytes, in one write(2) if the system takes them at once; waits for the reader of a full pipe. Returns 0
/// or the error number.
int write_all(int fd, std::string_view bytes);

}  // namespace srwm
