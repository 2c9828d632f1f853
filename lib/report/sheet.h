// A report as tables for people to read.
#pragma once

#include <string>
#include <vector>

#include "report/report.h"

namespace srwm {

struct Sheet {
  std::string title;  ///< what its figures are; empty where the headings say it
  std::string note;
  std::string alignment;  ///< of the columns, in the letters of LaTeX: "lrrl"
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;
  std::vector<Measure> compared;  ///< those of which it shows published figures and others', where there are any
};

/// What is not known, in a cell.
inline constexpr const char* dash = "–";

/// The figure that stands for each row, with all that there is to say of it. For agents there follow normalized scores
/// by the other constants in use, if they differ, and on each split the mean return of every game; for sequences of two
/// tasks, in either order and in each, the accuracy on every task. What nothing is known of is left out. Fractions are
/// in percent.
std::vector<Sheet> sheets_of(const Report& report);

}  // namespace srwm
