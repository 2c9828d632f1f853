#include "run/run_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"
#include "io/file_use.h"
#include "run/host.h"
#include "run/run_lock.h"

namespace srwm {
namespace {

/// What the holder of the lock wrote about itself: "process 123 on node7".
std::string read_holder(const std::filesystem::path& lock) {
  std::string holder = read_run_lock(lock).holder;
  return holder.empty() ? "another process" : std::move(holder);
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

/// Whether a run was made in `folder`, and not only files that happen to have such names.
bool holds_run(const std::filesystem::path& folder) {
  std::error_code unknown;
  const RunPaths paths{folder};
  return std::filesystem::is_regular_file(paths.spec(), unknown) &&
         std::filesystem::is_directory(paths.checkpoints(), unknown);
}

/// Files of two runs must not lie among each other: who moves or deletes one would take the other along.
void refuse_nested(const std::filesystem::path& root) {
  std::error_code unknown;
  const std::filesystem::path full = std::filesystem::weakly_canonical(std::filesystem::absolute(root), unknown);
  if (unknown) return;
  for (std::filesystem::path above = full.parent_path(); above != above.root_path(); above = above.parent_path()) {
    if (!holds_run(above)) continue;
    throw UsageError("The run folder {} is inside {}, which holds another run. Choose another --run-dir.",
                     root.string(), above.string());
  }
  for (const auto& entry : std::filesystem::directory_iterator(full, unknown)) {
    if (!holds_run(entry.path())) continue;
    throw UsageError("The run folder {} contains another run, {}. Choose another --run-dir.", root.string(),
                     entry.path().filename().string());
  }
}

/// A run that starts must not overwrite what it was given: --config, --init-from, a dataset. With --resume its own spec
/// or result may be what it starts from.
void refuse_inputs(const RunPaths& paths, bool resume) {
  if (paths.has_checkpoint() || (paths.is_occupied() && !resume)) return;  // it continues, or is refused anyway
  std::vector<std::filesystem::path> files = paths.existing();
  const auto own = std::to_array({paths.spec(), paths.result(), paths.lock()});
  std::erase_if(files, [&](const auto& file) { return std::ranges::find(own, file) != own.end(); });
  if (const auto input = first_input_among(files)) {
    throw UsageError(
        "This run reads {} and would overwrite it, since it is in the run folder {}. Choose another "
        "--run-dir.",
        input->string(), paths.root.string());
  }
}

/// What flock(2) says where the file system has no locks.
bool means_no_locks(int error) {
  return error == ENOLCK || error == ENOSYS || error == EOPNOTSUPP || error == EINVAL;
}

/// Takes the lock, which the kernel releases with the last descriptor of this process. Returns false where the file
/// system has no locks.
bool take_lock(const RunPaths& paths, int lock) {
  if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {
    const std::string holder = lock_holder(::getpid(), host_name()) + "\n";
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

std::vector<std::filesystem::path> RunPaths::existing() const {
  std::vector<std::filesystem::path> found;
  for (const auto& file : {spec(), metrics(), events(), log(), result(), test_episodes(), data_dir(), done(), lock()}) {
    if (is_there(file)) found.push_back(file);
  }
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints(), unreadable)) {
    found.push_back(entry.path());
  }
  return found;
}

std::string RunPaths::read_spec() const {
  return read_text_file(spec());
}

std::string RunPaths::read_data_dir() const {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(data_dir(), unknown)) return {};
  const std::string text = read_text_file(data_dir());
  const std::string folder = text.substr(0, text.find('\n'));
  return std::filesystem::is_directory(folder, unknown) ? folder : std::string();
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
  if (!paths.is_occupied()) refuse_nested(root);
  refuse_inputs(paths, resume);
  make_directories(root);
  FileDescriptor lock(::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock.valid()) fail_to_write(paths.lock(), errno);
  const bool locked = take_lock(paths, lock.get());
  if (paths.is_occupied() && !resume) refuse_occupied(paths);
  make_directories(paths.checkpoints());
  return RunFolder(std::move(paths), std::move(lock), locked);
}

void RunFolder::write_data_dir(const std::string& folder) const {
  if (!folder.empty()) write_file_atomically(paths_.data_dir(), folder + "\n");
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
