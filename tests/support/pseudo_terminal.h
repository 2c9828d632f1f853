// A terminal without a window: what a program writes to it can be looked at.
#pragma once

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace srwm {

class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) throw std::runtime_error("no terminal");
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    if (slave_ < 0) throw std::runtime_error("no terminal");
    resize(columns);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  ~PseudoTerminal() {
    ::close(slave_);
    ::close(master_);
  }

  /// The end that programs write to.
  int fd() const { return slave_; }
  void resize(unsigned short columns) const {
    const winsize size{25, columns, 0, 0};
    ::ioctl(slave_, TIOCSWINSZ, &size);
  }

  /// What has been written since the last call; the terminal makes "\r\n" of "\n".
  std::string output() const {
    std::string text;
    std::array<char, 4096> buffer;
    for (pollfd ready{master_, POLLIN, 0}; ::poll(&ready, 1, 20) > 0;) {
      const ssize_t count = ::read(master_, buffer.data(), buffer.size());
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int master_;
  int slave_ = -1;
};

}  // namespace srwm
