// A report in the forms in which people and programs read it. Accuracies and normalised scores are in percent where
// people read (Markdown, LaTeX) and fractions elsewhere (CSV, JSON, as in result.json). What is not known is a dash, an
// empty cell or null.
#pragma once

#include <string>

#include "report/report.h"

namespace srwm {

/// A table, then what is missing and the command for each, then what keeps a run from counting.
std::string to_markdown(const Report& report);
/// Table environments (booktabs); what is missing follows as comments.
std::string to_latex(const Report& report);
/// One line per row of the table and figure that is known, and for the figure that stands for the row; a header first
/// (RFC 4180).
std::string to_csv(const Report& report);
/// Everything, each single run included.
std::string to_json(const Report& report);
/// The commands that produce what is missing, a line each, for scripts: experiments/run_table.sh. A run that no command
/// can go on with is a line that begins with "# ".
std::string to_commands(const Report& report);

}  // namespace srwm
