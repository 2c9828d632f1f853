// What a report says below its tables, in every form.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/report.h"

namespace srwm {

/// Whether a command can produce the run, or resume it.
bool is_runnable(const RowRun& run);

/// Runs that a command can produce, with their rows; they point into the report.
std::vector<std::pair<const RowReport*, const RowRun*>> missing_runs(const Report& report);

/// What keeps runs from counting, and what to do; a line each.
std::vector<std::string> obstacles(const Report& report);

/// Of the row's published figure; empty if there is none.
std::string source_of(const RowReport& row, const Measure& measure);

/// Where published figures of these measures are from, a sentence each.
std::vector<std::string> sources(const Report& report, const std::vector<Measure>& measures);

/// Line breaks, which would end a comment, become blanks.
std::string on_one_line(std::string text);

}  // namespace srwm
