// A library to be put in front of the system's with LD_PRELOAD: file operations below one folder fail, or the process
// dies, at an operation chosen by number, and the wall clock jumps. Everything is asked for by environment variables:
//
//   SRWM_FAULT_FOLDER=/abs/path   operations on files below this folder are counted, from 1
//   SRWM_FAULT_AT=12              at the 12th one ...
//   SRWM_FAULT_HOW=kill           the process dies by SIGKILL before the operation
//                  tear           the same; if it is a write, half of its bytes have gone out
//                  28             it fails with this errno, as do all later ones; of a write, half the bytes go out
//   SRWM_FAULT_LOG=file           each operation becomes a line "12 write metrics.jsonl"
//   SRWM_FAULT_FLOCK=37           flock(2) fails with this errno: a file system without locks
//   SRWM_CLOCK_JUMP=86400         the wall clock goes forward and back by so many seconds, from one look to the next
//
// Reading is not counted, but fails once the fault has come.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

long number(const char* name) {
  return std::strtol(std::string(variable(name)).c_str(), nullptr, 10);
}

/// The function of this name that would have been called without this library.
template <typename Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Plan {
  std::string_view folder = variable("SRWM_FAULT_FOLDER");
  std::string_view how = variable("SRWM_FAULT_HOW");
  long at = number("SRWM_FAULT_AT");
  int error = static_cast<int>(number("SRWM_FAULT_HOW"));
  std::atomic<long> done{0};
  int log = -1;

  Plan() {
    const std::string_view path = variable("SRWM_FAULT_LOG");
    const auto real_open = original<int(const char*, int, ...)>("open");
    if (!path.empty()) log = real_open(path.data(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

bool is_ours(std::string_view path) {
  const std::string_view folder = plan().folder;
  return !folder.empty() && path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string path_of(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path, sizeof(path));
  return length > 0 ? std::string(path, static_cast<std::size_t>(length)) : std::string();
}

void log_operation(long index, const char* what, std::string_view path) {
  if (plan().log < 0) return;
  const std::string line = std::to_string(index) + " " + what + std::string(path.substr(plan().folder.size())) + "\n";
  original<ssize_t(int, const void*, size_t)>("write")(plan().log, line.data(), line.size());
}

void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

/// What is to become of one operation.
enum class Fate { good, torn, bad };

/// Counts an operation; dies in it, or says what becomes of it, errno set.
Fate decide(const char* what, std::string_view path) {
  if (!is_ours(path)) return Fate::good;
  const long index = ++plan().done;
  log_operation(index, what, path);
  if (plan().at == 0 || index < plan().at) return Fate::good;
  if (plan().how == "kill") die();
  if (plan().how == "tear") return Fate::torn;
  errno = plan().error;
  return index == plan().at ? Fate::torn : Fate::bad;
}

/// For operations that cannot be done by half.
bool fails(const char* what, std::string_view path) {
  const Fate fate = decide(what, path);
  if (fate == Fate::torn && plan().error == 0) die();
  return fate != Fate::good;
}

/// Reading: not counted.
bool is_lost(int fd) {
  if (plan().error == 0 || plan().at == 0 || plan().done < plan().at || !is_ours(path_of(fd))) return false;
  errno = plan().error;
  return true;
}

void jump(time_t& seconds) {
  static const long by = number("SRWM_CLOCK_JUMP");
  static std::atomic<unsigned> looks{0};
  if (by != 0) seconds += (looks++ % 2 == 0 ? by : -by);
}

template <typename Open>
int open_file(Open* real_open, const char* path, int flags, mode_t mode) {
  return fails("open", path) ? -1 : real_open(path, flags, mode);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_file(original<int(const char*, int, ...)>("open"), path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_file(original<int(const char*, int, ...)>("open64"), path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
  return fails("fopen", path) ? nullptr : original<FILE*(const char*, const char*)>("fopen")(path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
  return fails("fopen", path) ? nullptr : original<FILE*(const char*, const char*)>("fopen64")(path, mode);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  const auto real_write = original<ssize_t(int, const void*, size_t)>("write");
  const Fate fate = decide("write", path_of(fd));
  if (fate == Fate::bad) return -1;
  const ssize_t written = real_write(fd, bytes, fate == Fate::torn ? count / 2 : count);
  if (fate == Fate::torn && plan().error == 0) die();
  return written;
}

int fflush(FILE* file) {
  // What stdio has buffered (log.txt) goes out past the write() above.
  if (file != nullptr && fails("fflush", path_of(fileno(file)))) return EOF;
  return original<int(FILE*)>("fflush")(file);
}

int fsync(int fd) {
  return fails("fsync", path_of(fd)) ? -1 : original<int(int)>("fsync")(fd);
}

int ftruncate(int fd, off_t length) noexcept {
  return fails("ftruncate", path_of(fd)) ? -1 : original<int(int, off_t)>("ftruncate")(fd, length);
}

int close(int fd) {
  // The descriptor is gone after a failure too.
  const bool failed = fails("close", path_of(fd));
  const int error = errno;
  const int status = original<int(int)>("close")(fd);
  if (failed) errno = error;
  return failed ? -1 : status;
}

int rename(const char* from, const char* to) noexcept {
  return fails("rename", to) ? -1 : original<int(const char*, const char*)>("rename")(from, to);
}

int link(const char* from, const char* to) noexcept {
  return fails("link", to) ? -1 : original<int(const char*, const char*)>("link")(from, to);
}

int unlink(const char* path) noexcept {
  return fails("unlink", path) ? -1 : original<int(const char*)>("unlink")(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  return fails("mkdir", path) ? -1 : original<int(const char*, mode_t)>("mkdir")(path, mode);
}

int stat(const char* path, struct stat* result) noexcept {
  return fails("stat", path) ? -1 : original<int(const char*, struct stat*)>("stat")(path, result);
}

ssize_t read(int fd, void* bytes, size_t count) {
  return is_lost(fd) ? -1 : original<ssize_t(int, void*, size_t)>("read")(fd, bytes, count);
}

ssize_t pread(int fd, void* bytes, size_t count, off_t offset) {
  return is_lost(fd) ? -1 : original<ssize_t(int, void*, size_t, off_t)>("pread")(fd, bytes, count, offset);
}

ssize_t pread64(int fd, void* bytes, size_t count, off64_t offset) {
  return is_lost(fd) ? -1 : original<ssize_t(int, void*, size_t, off64_t)>("pread64")(fd, bytes, count, offset);
}

int flock(int fd, int operation) noexcept {
  if (const long error = number("SRWM_FAULT_FLOCK"); error != 0) {
    errno = static_cast<int>(error);
    return -1;
  }
  return fails("flock", path_of(fd)) ? -1 : original<int(int, int)>("flock")(fd, operation);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const int status = original<int(clockid_t, timespec*)>("clock_gettime")(clock, now);
  if (clock == CLOCK_REALTIME) jump(now->tv_sec);
  return status;
}

int gettimeofday(timeval* now, void* zone) noexcept {
  const int status = original<int(timeval*, void*)>("gettimeofday")(now, zone);
  jump(now->tv_sec);
  return status;
}

time_t time(time_t* result) noexcept {
  time_t now = original<time_t(time_t*)>("time")(nullptr);
  jump(now);
  if (result != nullptr) *result = now;
  return now;
}

}  // extern "C"
