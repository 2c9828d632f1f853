// Runs before the libraries' own start: OpenBLAS takes a buffer for each thread when it is loaded, and if the process
// may not have it, tries again for ever. One sentence and exit code 4 are better. Also opens standard streams that are
// closed.
//
// The C library has not begun either, so this file calls the system alone: no environ, no stdio.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/error.h"
#include "ops/cpu/blas_memory.h"

namespace srwm {
namespace {

constexpr int most_blas_threads = 64;
constexpr std::size_t rest_of_program = std::size_t{64} << 20;

/// The threads that OpenBLAS makes buffers for: one per processor of the machine, also of those that this process is
/// kept from, or as many as a variable says.
int blas_threads(char** environment) {
  int count = std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF)));
  for (const std::string_view name : {"OMP_NUM_THREADS=", "OPENBLAS_NUM_THREADS="}) {  // the later one counts
    for (char** variable = environment; *variable != nullptr; ++variable) {
      const std::string_view text = *variable;
      int value = 0;
      if (!text.starts_with(name)) continue;
      std::from_chars(text.data() + name.size(), text.data() + text.size(), value);
      if (value > 0) count = std::min(count, value);
    }
  }
  return std::min(count, most_blas_threads);
}

/// A file that is opened later must not become one of the standard streams, where messages would be written into it.
void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The system gives the lowest number that is free, and those below are taken by now. A sanitizer, which is
    // between open(2) and its callers, has not begun yet.
    if (::syscall(SYS_fcntl, stream, F_GETFD) < 0) ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
  }
}

void check_address_space(char** environment) {
  constexpr std::string_view complaint =
      "Out of memory: srwm cannot start in the address space that it may use. Raise the limit (ulimit -v, that "
      "of the batch job), or set OMP_NUM_THREADS to fewer threads.";
  const auto threads = static_cast<std::size_t>(blas_threads(environment));
  if (cpu::has_addresses(threads * cpu::blas_buffer_bytes + rest_of_program)) return;
  for (const std::string_view part : {std::string_view("srwm: "), complaint, std::string_view("\n")}) {
    [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, part.data(), part.size());
  }
  ::_exit(static_cast<int>(ExitCode::device));
}

void check_start(int, char**, char** environment) {
  open_closed_streams();
  check_address_space(environment);
}

// The functions of this section run first of all (System V ABI, "Initialization and Termination Functions").
[[gnu::section(".preinit_array"), gnu::used]] void (*const at_start)(int, char**, char**) = check_start;

}  // namespace
}  // namespace srwm
