#include "cli/run_binary.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace srwm::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds poll_interval{2};

void check(int error, const std::string& what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

// The redirections and the change of folder that posix_spawn makes in the child.
class FileActions {
 public:
  FileActions() { check(posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init"); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void open(int descriptor, const std::filesystem::path& file, int flags) {
    check(posix_spawn_file_actions_addopen(&actions_, descriptor, file.c_str(), flags, 0600),
          "redirecting to " + file.string());
  }
  void change_folder(const std::filesystem::path& folder) {
    check(posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()), "changing to " + folder.string());
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A process group of its own, so that a timeout can kill the children too, and no signal inherited as blocked or
// ignored.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    check(posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<std::string> merged_environment(std::map<std::string, std::string> variables) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t split = text.find('=');
    if (split != std::string::npos) variables.emplace(text.substr(0, split), text.substr(split + 1));
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

// The form in which exec takes argument and environment lists; points into `strings`.
std::vector<char*> null_terminated(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string read_all(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

Process::Process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 const RunOptions& options)
    : deadline_(Clock::now() + options.timeout) {
  std::ofstream(streams_ / "in", std::ios::binary) << options.input;
  FileActions actions;
  actions.open(STDIN_FILENO, streams_ / "in", O_RDONLY);
  actions.open(STDOUT_FILENO, streams_ / "out", O_WRONLY | O_CREAT | O_APPEND);
  actions.open(STDERR_FILENO, streams_ / "err", O_WRONLY | O_CREAT | O_APPEND);
  if (!options.folder.empty()) actions.change_folder(options.folder);

  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = merged_environment(options.environment);
  check(posix_spawn(&pid_, program.c_str(), actions.get(), SpawnAttributes().get(), null_terminated(words).data(),
                    null_terminated(environment).data()),
        "starting " + program.string());
}

Process::~Process() {
  if (!running()) return;
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::send(int signal) const {
  if (kill(pid_, signal) != 0) check(errno, "kill");
}

bool Process::running() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return !status_;
}

bool Process::wait_for_output(const std::string& text) {
  while (out().find(text) == std::string::npos) {
    if (!running() || Clock::now() > deadline_) return out().find(text) != std::string::npos;
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

RunResult Process::wait() {
  RunResult result;
  while (running()) {
    if (Clock::now() > deadline_ && !result.timed_out) {
      result.timed_out = true;
      kill(-pid_, SIGKILL);
    }
    std::this_thread::sleep_for(poll_interval);
  }
  if (WIFEXITED(*status_)) result.exit_code = WEXITSTATUS(*status_);
  if (WIFSIGNALED(*status_)) result.signal = WTERMSIG(*status_);
  result.out = out();
  result.err = err();
  return result;
}

std::string Process::out() const {
  return read_all(streams_ / "out");
}

std::string Process::err() const {
  return read_all(streams_ / "err");
}

RunResult run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                      const RunOptions& options) {
  return Process(program, arguments, options).wait();
}

RunResult run_srwm(const std::vector<std::string>& arguments, const RunOptions& options) {
  return run_program(srwm_binary(), arguments, options);
}

RunResult run_without_threads(const std::vector<std::string>& arguments, const RunOptions& options) {
  std::vector<std::string> words{"--nproc=1:1", "--", srwm_binary().string()};
  const bool is_root = ::geteuid() == 0;  // whom the limit does not hold
  if (is_root) words.insert(words.begin(), {"--reuid=65534", "--clear-groups", "--inh-caps=-all", "--", "prlimit"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_program(is_root ? "/usr/bin/setpriv" : "/usr/bin/prlimit", words, options);
}

bool can_run_without_threads() {
  return ::access("/usr/bin/setpriv", X_OK) == 0 && ::access("/usr/bin/prlimit", X_OK) == 0 &&
         run_without_threads({"--version"}).exit_code == 0;
}

std::filesystem::path srwm_binary() {
  return SRWM_BINARY;
}

}  // namespace srwm::test
