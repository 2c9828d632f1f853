// A table of experiments: a folder with one spec per row, and table.json, which says how the rows stand together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/measure.h"
#include "spec/spec.h"

namespace srwm {

/// A spec to be run with every seed.
struct RowSpec {
  std::string label;                   ///< of its row, with the game if the row has a spec for each: "SRWM, maze"
  std::vector<std::string> overrides;  ///< as for --set: what it changes in the row's file
  std::shared_ptr<const AnySpec> spec;
};

/// A figure that a row is compared with.
struct PublishedFigure {
  double value = 0;  ///< accuracies and normalized scores are fractions
  std::string source;
};

struct TableRow {
  std::string label;                             ///< "SRWM"
  std::filesystem::path path;                    ///< of the spec
  std::string key;                               ///< of the row in table.json: "srwm"
  std::vector<RowSpec> specs;                    ///< one; in a table with "games" one for each of them
  std::map<Measure, PublishedFigure> published;  ///< what the spec says (figures.published) and what table.json says

  const FiguresSpec& figures() const { return specs.front().spec->figures; }
  std::optional<double> published_figure(const Measure& measure) const;
};

/// Figures of somebody else's method, for comparison.
struct OtherFigures {
  std::string label;
  std::map<Measure, double> figures;  ///< accuracies and normalized scores are fractions
};

struct Table {
  std::filesystem::path folder;
  std::string title, note;
  std::string task;                  ///< of all rows
  std::vector<std::uint64_t> seeds;  ///< of each row
  std::vector<TableRow> rows;
  std::vector<OtherFigures> others;
  std::string others_source;  ///< where those figures are from
};

/// Those of all its specs, each once.
std::vector<Measure> measures_of(const Table& table);

/// The name of the file in a table's folder that says more than the specs do.
inline constexpr std::string_view table_file_name = "table.json";

/// Reads the folder's table.json (docs/user_guide.md, "Tables") and the specs that it names. Without a table.json every
/// spec in the folder is a row, by name, with its own seed alone. Throws SpecError, with everything that is wrong.
Table load_table(const std::filesystem::path& folder);

}  // namespace srwm
