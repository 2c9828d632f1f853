// docs/errors.md as the tests see it: what the page says of an error is held against the error itself.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run_binary.h"

namespace srwm::test {

/// "- `There is no file <file>.` (3)", followed by what to do.
struct ErrorEntry {
  std::string message;  ///< <words> stand for what differs from case to case
  int exit_code = -1;
  std::string advice;
};

/// The entries under the heading "## <title>"; fails the test if there is none, or an entry lacks its exit code or
/// advice.
std::vector<ErrorEntry> read_errors_page(std::string_view title);

/// Whether `message` is what `pattern` says, with any text in place of each <words>; runs of white space are equal.
bool matches(std::string_view pattern, std::string_view message);

/// One section of the page in a test case: each error that the test provokes must be on the page, with that exit code,
/// and when the section ends, every entry must have been provoked.
class ErrorSection {
 public:
  explicit ErrorSection(std::string_view title);
  ~ErrorSection();
  ErrorSection(const ErrorSection&) = delete;
  ErrorSection& operator=(const ErrorSection&) = delete;

  /// Calls `provoke`, which must throw an Error.
  void provoke(const std::function<void()>& provoke);
  /// An error that was met in another way. If several entries fit, the most definite one counts.
  void saw(std::string_view message, int exit_code);
  /// What the binary said on stderr after "srwm: ". Commands that the message names, as 'srwm env list', are run and
  /// must succeed.
  void saw(const RunResult& result);
  /// Excuses the entry that starts so: this machine cannot have the error. The place of the call says why.
  void cannot_provoke(std::string_view start);
  /// Whether an entry fits; does not count as provoked.
  bool knows(std::string_view message) const { return find(message) != nullptr; }

 private:
  const ErrorEntry* find(std::string_view message) const;

  std::string title_;
  std::vector<ErrorEntry> entries_;
  std::set<const ErrorEntry*> provoked_;
  std::set<std::vector<std::string>> tried_;  ///< commands that messages named
};

}  // namespace srwm::test
