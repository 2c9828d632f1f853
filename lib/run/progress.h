// What a person at the terminal sees of a running job.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "run/log.h"

namespace srwm {

/// A figure as people read it.
struct Figure {
  enum class Style {
    plain,    ///< "loss 1.234"
    percent,  ///< "accuracy 34.5 %", of a fraction
    rate,     ///< "2,950 images/s": the label is the unit
  };
  std::string_view label;
  double value;
  Style style = Style::plain;
};

/// Everything that decides how the display looks; taken from the process by `detect`.
struct TerminalOptions {
  bool bar = false;     ///< stderr is a terminal that can rewrite its line
  bool colour = false;  ///< not with NO_COLOR set (https://no-color.org) or TERM=dumb
  int fd = 2;
  static TerminalOptions detect(int fd = 2);
};

/// On a terminal, one line that is redrawn at most ten times a second and fits the width of the window:
///   train  1,200/10,000 ━━━━━━━────────────────  12 %  loss 1.234  accuracy 34.5 %  2,950 images/s  1 min 12 s left
/// Elsewhere one line per report. Reports also go to log.txt. Messages of the Logger appear above the bar.
class ProgressDisplay {
 public:
  /// `first` is the step a resumed run goes on from. The logger must live longer.
  ProgressDisplay(Logger& logger, std::string label, std::int64_t first, std::int64_t total,
                  TerminalOptions options = TerminalOptions::detect());
  /// Takes the bar away and leaves the cursor at the start of an empty line.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// `done` steps are done. Call it every step: it looks at the clock and mostly returns; allocates nothing.
  void step(std::int64_t done);
  /// New figures.
  void report(std::int64_t done, std::initializer_list<Figure> figures);

 private:
  void draw(std::int64_t done);
  void erase();
  double seconds_left(std::int64_t done) const;

  Logger& logger_;
  std::string label_;
  std::int64_t first_, total_;
  TerminalOptions options_;
  std::chrono::steady_clock::time_point start_, drawn_;
  std::mutex mutex_;
  bool visible_ = false;
  std::string figures_;  ///< as shown, the most important first
  std::string line_;
};

/// "3 s", "2 min 05 s", "1 h 20 min", "3 d 4 h".
std::string format_duration(double seconds);
/// 12345678 as "12,345,678".
std::string format_count(std::int64_t count);

}  // namespace srwm
