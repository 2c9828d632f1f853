#include "io/terminal.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "io/file_descriptor.h"

namespace srwm {

void print_to_stderr(std::string_view text) noexcept {
  write_all(STDERR_FILENO, text);
}

void wait_for_readers_of_stdout() {
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0 || (flags & O_NONBLOCK) == 0) return;
  cookie_io_functions_t functions{};
  functions.write = [](void*, const char* bytes, std::size_t count) -> ssize_t {
    errno = write_all(STDOUT_FILENO, {bytes, count});
    return errno == 0 ? static_cast<ssize_t>(count) : 0;
  };
  std::FILE* stream = ::fopencookie(nullptr, "w", functions);
  if (stream == nullptr) return;
  std::setvbuf(stream, nullptr, ::isatty(STDOUT_FILENO) == 1 ? _IOLBF : _IOFBF, BUFSIZ);
  stdout = stream;
}

}  // namespace srwm
