#include "run/run_lock.h"

#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "core/error.h"
#include "io/file.h"
#include "io/file_descriptor.h"
#include "run/host.h"

namespace srwm {
namespace {

constexpr std::string_view before_process = "process ", before_host = " on ";

struct Holder {
  int process = 0;
  std::string host;
};

/// None unless it is as lock_holder writes it.
std::optional<Holder> parse_holder(std::string_view text) {
  if (!text.starts_with(before_process)) return std::nullopt;
  text.remove_prefix(before_process.size());
  Holder holder;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), holder.process);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(before_host)) return std::nullopt;
  holder.host = text.substr(before_host.size());
  return holder;
}

/// Whether the kernel of this host knows of a lock of `process` on this inode. Devices are not compared: some file
/// systems give files other numbers than /proc/locks shows.
bool is_locked_here(int process, ino_t inode) {
  std::ifstream locks("/proc/locks");
  const std::string owner = fmt::format(" {} ", process), file = fmt::format(":{} ", inode);
  for (std::string line; std::getline(locks, line);) {
    const bool is_holder = line.find("FLOCK") != line.npos && line.find("->") == line.npos;
    if (is_holder && line.find(owner) != line.npos && line.find(file) != line.npos) return true;
  }
  return false;
}

/// Whether hosts that share the file system see each other's locks in it: NFS turns the lock of a file into one of all
/// its bytes.
bool shares_locks(int file) {
  constexpr long nfs = 0x6969;
  struct statfs system {};
  return ::fstatfs(file, &system) == 0 && static_cast<long>(system.f_type) == nfs;
}

/// Whether anybody has a lock on any byte of the file.
bool has_byte_lock(int file) {
  struct flock query {};
  query.l_type = F_WRLCK;
  query.l_whence = SEEK_SET;
  return ::fcntl(file, F_GETLK, &query) == 0 && query.l_type != F_UNLCK;
}

LockHeld is_held(const std::filesystem::path& lock, const Holder& holder) {
  const FileDescriptor file(::open(lock.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return LockHeld::unknown;
  if (holder.host == host_name()) return is_locked_here(holder.process, status.st_ino) ? LockHeld::yes : LockHeld::no;
  if (has_byte_lock(file.get())) return LockHeld::yes;
  return shares_locks(file.get()) ? LockHeld::no : LockHeld::unknown;
}

}  // namespace

std::string lock_holder(int process, const std::string& host) {
  return fmt::format("{}{}{}{}", before_process, process, before_host, host);
}

RunLock read_run_lock(const std::filesystem::path& lock) {
  RunLock result;
  try {
    if (!is_there(lock)) return result;
    const std::string text = read_text_file(lock);
    result.holder = text.substr(0, text.find('\n'));
  } catch (const DataError&) {
    result.held = LockHeld::unknown;
    return result;
  }
  const std::optional<Holder> holder = parse_holder(result.holder);
  if (holder) result.held = is_held(lock, *holder);
  return result;
}

}  // namespace srwm
