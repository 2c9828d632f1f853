// Reports in the forms in which people and programs read them. Accuracies and normalized scores are in percent where
// people read (Markdown, LaTeX) and fractions elsewhere (CSV, JSON, as in result.json). What is not known is a dash, an
// empty cell or null.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace srwm {

/// A table, then what is missing and the command for each, then what keeps a run from counting.
std::string to_markdown(const std::vector<Report>& reports);
/// Table environments (booktabs) that fit the text width of the class article, a caption each with the note of the
/// table and the sources of its figures; what is missing follows as comments.
std::string to_latex(const std::vector<Report>& reports);
/// One line per row of each table and figure that is known, and for the figure that stands for the row; a header first
/// (RFC 4180).
std::string to_csv(const std::vector<Report>& reports);
/// Everything, each single run included: an object, or a list of them unless there is one report.
std::string to_json(const std::vector<Report>& reports);
/// The commands that produce what is missing, a line each, for scripts: experiments/run_table.sh. A run that no command
/// can go on with is a line that begins with "# ".
std::string to_commands(const std::vector<Report>& reports);

}  // namespace srwm
