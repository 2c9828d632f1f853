#include "run/run_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"
#include "run/environment.h"

namespace srwm {
namespace {

/// What the holder of the lock wrote about itself: "process 123 on node7".
std::string read_holder(const std::filesystem::path& lock) {
  try {
    const std::string text = read_text_file(lock);
    return text.empty() ? "another process" : text.substr(0, text.find('\n'));
  } catch (const DataError&) {
    return "another process";
  }
}

[[noreturn]] void refuse_locked(const RunPaths& paths) {
  throw UsageError("The run folder {} is in use by {}. Wait until that run ends, or choose another --run-dir.",
                   paths.root.string(), read_holder(paths.lock()));
}

void refuse_occupied(const RunPaths& paths) {
  if (paths.is_done()) {
    throw UsageError("The run folder {} holds a finished run. Choose another --run-dir to run it again.",
                     paths.root.string());
  }
  throw UsageError("The run folder {} holds an unfinished run. Use --resume to go on with it, or another --run-dir.",
                   paths.root.string());
}

/// What flock(2) says where the file system has no locks.
bool means_no_locks(int error) {
  return error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL;
}

/// Takes the lock, which the kernel releases with the last descriptor of this process. Returns false where the file
/// system has no locks.
bool take_lock(const RunPaths& paths, int lock) {
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {
    const std::string holder = fmt::format("process {} on {}\n", ::getpid(), host_name());
    // Only a courtesy to whoever is refused: a full disk must not stop the run here.
    static_cast<void>(::ftruncate(lock, 0) == 0 && write_all(lock, holder) == 0);
    return true;
  }
  if (errno == EWOULDBLOCK) refuse_locked(paths);
  if (!means_no_locks(errno)) fail_to_write(paths.lock(), errno);
  return false;
}

}  // namespace

std::filesystem::path RunPaths::at_step(std::int64_t step) const {
  return checkpoints() / fmt::format("step-{}.h5", step);
}

bool RunPaths::is_done() const {
  return is_there(done());
}
bool RunPaths::has_checkpoint() const {
  return is_there(latest());
}

bool RunPaths::is_occupied() const {
  const auto files = std::to_array({spec(), metrics(), events(), latest(), best(), result(), done()});
  return std::any_of(files.begin(), files.end(), is_there);
}

std::string RunPaths::read_spec() const {
  return read_text_file(spec());
}

std::filesystem::path default_run_folder(const std::string& spec_name, std::uint64_t seed) {
  return std::filesystem::path("runs") / fmt::format("{}-s{}", spec_name, seed);
}

RunFolder::RunFolder(RunPaths paths, FileDescriptor lock, bool locked)
    : paths_(std::move(paths)), lock_(std::move(lock)), locked_(locked) {}

RunFolder RunFolder::open(const std::filesystem::path& root, bool resume) {
  try {
    return open_writable(root, resume);
  } catch (const WriteError& error) {
    throw WriteError("{} A run needs a folder that it can write to: mend that, or choose another --run-dir.",
                     error.what());
  }
}

RunFolder RunFolder::open_writable(const std::filesystem::path& root, bool resume) {
  RunPaths paths{root};
  make_directories(root);
  FileDescriptor lock(::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock.valid()) fail_to_write(paths.lock(), errno);
  const bool locked = take_lock(paths, lock.get());
  if (paths.is_occupied() && !resume) refuse_occupied(paths);
  make_directories(paths.checkpoints());
  return RunFolder(std::move(paths), std::move(lock), locked);
}

void RunFolder::write_spec(const std::string& json) const {
  write_file_atomically(paths_.spec(), json);
}

void RunFolder::mark_unfinished() const {
  std::error_code error;
  std::filesystem::remove(paths_.done(), error);
  if (error) throw WriteError("Cannot remove {}: {}.", paths_.done().string(), explain_errno(error.value()));
}

void RunFolder::mark_done() const {
  write_file_atomically(paths_.done(), "");
}

}  // namespace srwm
