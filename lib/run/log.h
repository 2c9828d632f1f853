// Messages of a run: to the terminal, and with time stamps to log.txt.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace srwm {

/// Passed to whoever has something to say; there is no global logger. Safe to use from several threads.
class Logger {
 public:
  /// Messages to stderr only, until `add_file`. `quiet`: nothing but warnings and errors on stderr.
  explicit Logger(bool quiet = false);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// From now on everything goes to this file as well, appended, as "2022-07-17T12:00:00.123+0000 info: ...". DataError
  /// if the file cannot be opened. If it cannot be written later (a full disk), stderr says so once and the run goes
  /// on.
  void add_file(const std::filesystem::path& path);

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

  /// Called before each line on stderr; a progress bar takes itself away there. An empty function removes it.
  void set_before_terminal_line(std::function<void()> hook);

 private:
  enum class Level { note, info, warning, error };
  void write(Level level, const std::string& message);
  void write_terminal(const std::string& line);
  struct Sinks;
  std::unique_ptr<Sinks> sinks_;
};

}  // namespace srwm
