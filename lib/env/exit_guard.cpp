#include "env/exit_guard.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <unistd.h>

#include "core/error.h"
#include "core/utf8.h"

namespace srwm {
namespace {

thread_local const ExitGuard* used_last = nullptr;  // by this thread; may be gone

}  // namespace

/// The guards alive. What exit() does concerns the whole process, so this is one of the few things that do.
struct ExitGuards {
  std::mutex mutex;
  std::vector<const ExitGuard*> alive;

  static ExitGuards& instance() {
    static auto* guards = new ExitGuards;  // never destroyed: exit() may come later than destructors
    return *guards;
  }

  const ExitGuard& of_this_thread() const {
    const auto found = std::ranges::find(alive, used_last);
    return found == alive.end() ? *alive.back() : **found;
  }

  static std::string explanation(const ExitGuard& guard) {
    return fmt::format(
        "srwm: The library {} ended the process by itself (it called exit) while {}, with the options {}. What it "
        "printed before this line is its reason.\n",
        guard.library_, guard.activity_.load(), guard.options_.empty() ? "of its own choice" : guard.options_);
  }

  static void on_exit() {
    ExitGuards& guards = instance();
    std::unique_lock lock(guards.mutex, std::try_to_lock);
    if (!lock || guards.alive.empty()) return;
    std::fflush(nullptr);
    const std::string text = explanation(guards.of_this_thread());
    const std::string shown = printable(text);
    static_cast<void>(!::write(STDERR_FILENO, shown.data(), shown.size()));
    std::_Exit(static_cast<int>(ExitCode::device));
  }
};

ExitGuard::ExitGuard(std::string library, std::string options)
    : library_(std::move(library)), options_(std::move(options)) {
  static const int registered = std::atexit(ExitGuards::on_exit);
  static_cast<void>(registered);
  ExitGuards& guards = ExitGuards::instance();
  const std::lock_guard lock(guards.mutex);
  guards.alive.push_back(this);
}

void ExitGuard::doing(const char* activity) {
  activity_.store(activity, std::memory_order_relaxed);
  used_last = this;
}

ExitGuard::~ExitGuard() {
  ExitGuards& guards = ExitGuards::instance();
  const std::lock_guard lock(guards.mutex);
  std::erase(guards.alive, this);
}

}  // namespace srwm
