// Comparisons of runs in the forms of reports: fractions are in percent where people read, and fractions elsewhere.
#pragma once

#include <string>

#include "report/comparison.h"

namespace srwm {

/// A table of the groups, one of the differences from the first of them, and the remarks.
std::string to_markdown(const RunComparison& comparison);
/// The same as table environments (booktabs) that fit the text width of the class article; the remarks are comments.
std::string to_latex(const RunComparison& comparison);
/// A line per group, with its difference from the first one; a header first.
std::string to_csv(const RunComparison& comparison);
/// Everything, each single run included.
std::string to_json(const RunComparison& comparison);

}  // namespace srwm
