// Messages of a run: to the terminal, and with time stamps to log.txt.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace srwm {

/// Passed to whoever has something to say; there is no global logger. Safe to use from several threads.
class Logger {
 public:
  /// Messages to the terminal only, until `add_file`. `quiet`: nothing but warnings and errors there. `terminal` is a
  /// file descriptor, stderr but in tests.
  explicit Logger(bool quiet = false, int terminal = 2);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// From now on everything goes to this file as well, appended, as "2022-07-17T12:00:00.123+00:00 info: ...".
  /// WriteError if the file cannot be opened. If it cannot be written later (a full disk), stderr says so once and the
  /// run goes on.
  void add_file(const std::filesystem::path& path);

  /// For several runs on one terminal: every line there begins with `name` and ": ", and there is no status line.
  void share_terminal(std::string_view name);
  bool shares_terminal() const;

  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::info, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::error, fmt::format(format, std::forward<Args>(args)...));
  }
  /// To log.txt only.
  template <typename... Args>
  void note(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::note, fmt::format(format, std::forward<Args>(args)...));
  }
  /// The same for what ended the run: the program prints that itself.
  template <typename... Args>
  void note_failure(fmt::format_string<Args...> format, Args&&... args) {
    write(Level::failure, fmt::format(format, std::forward<Args>(args)...));
  }

  /// Shows a line below all messages that the next call replaces: a progress bar. It must fit the terminal. An empty
  /// text takes it away. Allocates nothing once the longest has been shown.
  void set_status(std::string_view line);

 private:
  enum class Level { note, info, warning, error, failure };
  void write(Level level, const std::string& text);
  void write_terminal(std::string_view level, std::string_view message);
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace srwm
