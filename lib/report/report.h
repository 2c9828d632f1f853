// A table's rows as far as they have been run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/finished_run.h"
#include "report/table.h"

namespace srwm {

struct RowReport {
  TableRow row;
  std::vector<RunState> runs;  ///< one per seed
  int complete = 0;            ///< n: runs that count
  std::optional<double> mean;  ///< of the test accuracies of the complete runs, a fraction
  std::optional<double> std;   ///< sample standard deviation over seeds; none with fewer than two
  /// Half the width of the 95 % interval over test episodes: the mean of the runs' own. All seeds are tested on the
  /// same episodes, so it does not shrink with their number.
  std::optional<double> ci95;
  double wall_seconds = 0;  ///< mean of the complete runs
  /// The complete runs do not have the same data digest: they should not stand in one row.
  bool data_differs = false;
};

struct Report {
  Table table;
  std::vector<RowReport> rows;
};

/// Looks for each row's runs, one per seed, in `runs_dir`/<spec name>-s<seed>.
Report make_report(const Table& table, const std::filesystem::path& runs_dir);

/// The command that starts or goes on with a run, with words quoted for a shell where they need it.
std::string command_for(const TableRow& row, const RunState& run);

/// A word as a shell reads it back: in single quotes if it has anything but letters, digits and -_./=,:+@%.
std::string quoted_for_shell(const std::string& word);

}  // namespace srwm
