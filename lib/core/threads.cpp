#include "core/threads.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <latch>
#include <system_error>
#include <utility>
#include <vector>

#include <pthread.h>

#include "core/error.h"

namespace srwm {
namespace {

constexpr const char* stack_variables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE"};  // the first that is set counts

const char* stack_variable() {
  for (const char* name : stack_variables) {
    if (std::getenv(name) != nullptr) return name;
  }
  return nullptr;
}

/// Threads that do nothing but wait, to see how many there can be.
class IdleThreads {
 public:
  explicit IdleThreads(std::size_t stack_bytes) {
    ::pthread_attr_init(&attributes_);
    if (stack_bytes > 0) stack_error_ = ::pthread_attr_setstacksize(&attributes_, stack_bytes);
  }
  ~IdleThreads() {
    end_.count_down();
    for (const pthread_t thread : threads_) ::pthread_join(thread, nullptr);
    ::pthread_attr_destroy(&attributes_);
  }
  IdleThreads(const IdleThreads&) = delete;
  IdleThreads& operator=(const IdleThreads&) = delete;

  /// 0, or the error number with which the system refused one of them.
  int start(int count) {
    // libgomp keeps the default where the system refuses the size of the stacks.
    for (int i = 0; i < count; ++i) {
      pthread_t thread{};
      const int error = ::pthread_create(&thread, stack_error_ == 0 ? &attributes_ : nullptr, wait, &end_);
      if (error != 0) return error;
      threads_.push_back(thread);
    }
    return 0;
  }

 private:
  static void* wait(void* end) {
    static_cast<std::latch*>(end)->wait();
    return nullptr;
  }

  pthread_attr_t attributes_{};
  int stack_error_ = 0;
  std::latch end_{1};
  std::vector<pthread_t> threads_;
};

[[noreturn]] void refuse_team(int team, int error) {
  const char* variable = stack_variable();
  const std::string stacks =
      variable == nullptr ? "" : fmt::format(", or unset {} (now '{}')", variable, std::getenv(variable));
  throw DeviceError(
      "The system does not start {} threads for this process: {}. Use fewer (--threads, or taskset), or raise the "
      "limit "
      "on processes (ulimit -u, pids.max of the container or job){}.",
      team, std::system_category().message(error), stacks);
}

}  // namespace

std::thread start_thread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    throw DeviceError(
        "The system does not start another thread for this process: {}. Raise the limit on processes (ulimit -u, "
        "pids.max of the container or job).",
        error.code().message());
  }
}

void require_team(int team) {
  thread_local int largest = 1;  // libgomp keeps the threads of a team for the thread that had it
  if (team <= largest) return;
  const char* variable = stack_variable();
  IdleThreads threads(variable == nullptr ? 0 : omp_stack_bytes(std::getenv(variable)));
  if (const int error = threads.start(team - largest)) refuse_team(team, error);
  largest = team;
}

std::size_t omp_stack_bytes(const std::string& text) {
  const auto skip_blanks = [](const char* at, const char* end) {
    return std::find_if(at, end, [](unsigned char c) { return std::isspace(c) == 0; });
  };
  const char* const end = text.data() + text.size();
  std::size_t number = 0;
  const auto [unit, error] = std::from_chars(skip_blanks(text.data(), end), end, number);
  if (error != std::errc()) return 0;
  const char* at = skip_blanks(unit, end);
  int shift = 10;
  if (at != end) {
    const std::size_t place = std::string_view("bkmg").find(static_cast<char>(std::tolower(*at)));
    if (place == std::string_view::npos || skip_blanks(at + 1, end) != end) return 0;
    shift = 10 * static_cast<int>(place);
  }
  const std::size_t bytes = number << shift;
  return bytes >> shift == number ? bytes : 0;
}

}  // namespace srwm
