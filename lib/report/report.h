// A table's rows as far as they have been run.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/finished_run.h"
#include "report/table.h"

namespace srwm {

/// A figure over the seeds of a row.
struct Summary {
  int n = 0;                   ///< seeds that have it
  std::optional<double> mean;  ///< over those
  std::optional<double> std;   ///< sample standard deviation over seeds; none with fewer than two
  /// Half the width of the 95 % interval over test episodes: the mean of the seeds' own. All seeds are tested on the
  /// same episodes, so it does not shrink with their number.
  std::optional<double> ci95;
};

/// The run of one of a row's specs with one of the table's seeds.
struct RowRun {
  std::size_t spec = 0;  ///< index into the row's specs
  RunState state;
};

struct RowReport {
  TableRow row;
  std::vector<RowRun> runs;  ///< one per seed and spec
  int complete = 0;          ///< n: runs that count
  /// By measure, where any seed has it. Where a row has a spec for each game, a seed's normalized score and mean return
  /// are means over the games, and there only if all its runs are complete.
  std::map<Measure, Summary> figures;
  double wall_seconds = 0;  ///< mean of the complete runs
  /// The complete runs do not have the same data digest: they should not stand in one row.
  bool data_differs = false;

  Summary figure(const Measure& measure) const;
};

struct Report {
  Table table;
  std::vector<Measure> measures;  ///< all that a row may have
  std::vector<RowReport> rows;

  /// Whether any row, or a publication, has a figure.
  bool has(const Measure& measure) const;
  /// Whether there is a published figure of any of the table's rows.
  bool has_published(const Measure& measure) const;
  /// The figure that stands for a row.
  Measure headline() const;
};

/// Looks for each row's runs, one per seed, in `runs_dir`/<spec name>-s<seed>.
Report make_report(const Table& table, const std::filesystem::path& runs_dir);

/// "SRWM, seed 2: unfinished, step 1,200 of 300,000"
std::string describe(const RowReport& row, const RowRun& run);

/// The command that starts or goes on with a run, with words quoted for a shell where they need it. Its first words are
/// srwm, the command that trains, --config and the spec, --seed and the seed, --run-dir and the folder.
std::string command_for(const TableRow& row, const RowRun& run);

/// A word as a shell reads it back, byte for byte: in single quotes if it has anything but letters, digits and
/// -_./=,:+@%.
std::string quoted_for_shell(const std::string& word);

}  // namespace srwm
