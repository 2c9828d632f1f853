// A table of experiments: a folder with one spec per row, and table.json, which says how the rows stand together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace srwm {

struct TableRow {
  std::string label;           ///< "SRWM"
  std::filesystem::path path;  ///< of the spec
  ExperimentSpec spec;
};

/// A figure of somebody else's method, for comparison.
struct OtherFigure {
  std::string label;
  double accuracy;  ///< a fraction
};

struct Table {
  std::filesystem::path folder;
  std::string title, note;
  std::vector<std::uint64_t> seeds;  ///< of each row
  std::vector<TableRow> rows;
  std::vector<OtherFigure> others;
  std::string others_source;  ///< where those figures are from
};

/// The name of the file in a table's folder that says more than the specs do.
inline constexpr std::string_view table_file_name = "table.json";

/// Reads the folder's table.json (docs/user_guide.md, "Tables") and the specs that it names. Without a table.json every
/// spec in the folder is a row, by name, with its own seed alone. Throws SpecError, with everything that is wrong.
Table load_table(const std::filesystem::path& folder);

}  // namespace srwm
