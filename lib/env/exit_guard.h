// Libraries of environments end the process with exit() when something displeases them. Then somebody should at least
// learn which library it was, what it was doing and with which options.
#pragma once

#include <atomic>
#include <string>

namespace srwm {

/// While one of these lives, exit() is taken for a library's doing: a sentence goes to stderr after whatever the
/// library printed, and the process ends with ExitCode::device. The threads of a library count too, so this covers the
/// time between calls. Where several live, the sentence is about the one that the thread which called exit used last;
/// of a thread of a library's own nobody knows that, and it is about the newest.
class ExitGuard {
 public:
  /// `library` is its path, `options` what it was made with.
  ExitGuard(std::string library, std::string options);
  ~ExitGuard();
  ExitGuard(const ExitGuard&) = delete;
  ExitGuard& operator=(const ExitGuard&) = delete;

  /// "making 4 environments", "stepping": what the library was asked for last; a literal, or text that outlives this.
  void doing(const char* activity);

 private:
  friend struct ExitGuards;
  std::string library_, options_;
  std::atomic<const char*> activity_{"loading"};
};

}  // namespace srwm
