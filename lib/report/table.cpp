#include "report/table.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "report/json_file.h"
#include "report/sweep.h"
#include "spec/parse.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view keys[] = {"title", "note", "seeds", "rows", "others", "others_source"};

std::vector<std::uint64_t> read_seeds(JsonFile& file) {
  const ordered_json& list = file.value("seeds");
  std::vector<std::uint64_t> seeds;
  const auto is_seed = [](const ordered_json& seed) { return seed.is_number_unsigned(); };
  if (list.is_null()) return {1};
  if (!list.is_array() || list.empty() || !std::ranges::all_of(list, is_seed)) {
    file.must_be("seeds", "a list of integers of at least 0", list);
    return {1};
  }
  for (const ordered_json& seed : list) {
    if (std::ranges::find(seeds, seed.get<std::uint64_t>()) == seeds.end()) seeds.push_back(seed);
  }
  return seeds;
}

std::vector<OtherFigure> read_others(JsonFile& file) {
  std::vector<OtherFigure> others;
  for (const auto& [label, accuracy] : file.object("others").items()) {
    if (accuracy.is_number() && accuracy >= 0 && accuracy <= 1) {
      others.push_back({label, accuracy.get<double>()});
    } else {
      file.must_be("others." + label, "a fraction from 0 to 1", accuracy);
    }
  }
  return others;
}

std::vector<TableRow> read_rows(JsonFile& file) {
  std::vector<TableRow> rows;
  for (const auto& [stem, label] : file.object("rows").items()) {
    if (!label.is_string()) {
      file.must_be("rows." + stem, "text: how the row is called", label);
      continue;
    }
    const std::filesystem::path path = file.path().parent_path() / (stem + ".json");
    rows.push_back({label.get<std::string>(), path, load_spec(path)});
  }
  return rows;
}

/// Two rows of one name would share their run folders.
void check_distinct(JsonFile& file, const std::vector<TableRow>& rows) {
  std::map<std::string, std::string> row_of_name;
  for (const TableRow& row : rows) {
    const auto [first, is_new] = row_of_name.emplace(row.spec.name, row.path.stem().string());
    if (is_new) continue;
    file.problems().add("", "rows." + row.path.stem().string(),
                        fmt::format("The spec has the name \"{}\", as that of {} has; give each a name of its own.",
                                    row.spec.name, first->second));
  }
}

Table read_table(const std::filesystem::path& folder) {
  JsonFile file(folder / table_file_name, "table");
  file.check_names(keys);
  Table table{.folder = folder, .title = file.text("title"), .note = file.text("note", "")};
  table.seeds = read_seeds(file);
  table.rows = read_rows(file);
  table.others = read_others(file);
  table.others_source = file.text("others_source", "");
  if (!file.object("others").empty() && table.others_source.empty()) {
    file.problems().add("", "others_source", "is missing; it must be text.");
  }
  check_distinct(file, table.rows);
  file.check();
  return table;
}

Table table_of_specs(const std::filesystem::path& folder) {
  Table table{.folder = folder, .title = folder.filename().string()};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json" || entry.path().filename() == sweep_file_name) continue;
    table.rows.push_back({entry.path().stem().string(), entry.path(), load_spec(entry.path())});
  }
  std::ranges::sort(table.rows, {}, &TableRow::path);
  for (const TableRow& row : table.rows) {
    if (std::ranges::find(table.seeds, row.spec.seed) == table.seeds.end()) table.seeds.push_back(row.spec.seed);
  }
  return table;
}

}  // namespace

Table load_table(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw UsageError("'{}' is not a folder. Name the folder of a table, as in experiments/omniglot_1shot.",
                     folder.string());
  }
  // "experiments/x/" is "experiments/x": the folder's name may become the title.
  const std::filesystem::path name = folder.has_filename() ? folder : folder.parent_path();
  Table table = std::filesystem::exists(name / table_file_name) ? read_table(name) : table_of_specs(name);
  if (table.rows.empty()) {
    throw UsageError("{} has no specs: a table is a folder with one spec per row.", folder.string());
  }
  return table;
}

}  // namespace srwm
