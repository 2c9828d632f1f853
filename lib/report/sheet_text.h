// A single sheet in the forms of reports.
#pragma once

#include <string>

#include "report/sheet.h"

namespace srwm {

/// The title as a heading, the note if it is wanted, the table.
std::string markdown_of(const Sheet& sheet, bool with_note);

/// What LaTeX tables need, as a comment that begins a file of them.
inline constexpr const char* latex_preamble = "% The preamble must have \\usepackage{array,booktabs}.\n";

/// One table environment, or several if the blocks are too many for a page.
std::string latex_of(const Sheet& sheet, const std::string& caption);

}  // namespace srwm
