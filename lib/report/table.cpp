#include "report/table.h"

#include <algorithm>
#include <map>
#include <optional>

#include "core/error.h"
#include "report/json_file.h"
#include "report/sweep.h"
#include "spec/problems.h"
#include "tasks/task_table.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view table_keys[] = {
    "title", "note", "seeds", "games", "base", "rows", "published", "published_source", "others", "others_source"};

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

/// The games that every spec is run on, each by itself; none: specs are run as they are.
std::vector<std::string> read_games(JsonFile& file) {
  const ordered_json& list = file.value("games");
  if (list.is_null()) return {};
  const auto is_name = [](const ordered_json& game) { return game.is_string() && !game.get<std::string>().empty(); };
  if (list.is_array() && !list.empty() && std::ranges::all_of(list, is_name)) return list;
  file.must_be("games", "a list of names of games", list);
  return {};
}

RowSpec row_spec(const std::string& label, const std::filesystem::path& path, std::vector<std::string> overrides = {}) {
  std::shared_ptr<const AnySpec> spec = load_any_spec(path, overrides);
  return {label, std::move(overrides), std::move(spec)};
}

/// A row of the spec `path`, changed by `overrides`; its key is `key`.
TableRow read_row(const std::string& key, const std::string& label, const std::filesystem::path& path,
                  const std::vector<std::string>& overrides, const std::vector<std::string>& games) {
  TableRow row{label, path, key, {row_spec(label, path, overrides)}, {}};
  const AnySpec& as_it_is = *row.specs.front().spec;
  if (const FiguresSpec& figures = as_it_is.figures; figures.published) {
    row.published.emplace(test_measure(as_it_is.task(), /*has_normalized=*/true),
                          PublishedFigure{*figures.published, figures.source});
  }
  const std::string_view listed_key = type_of(as_it_is).listed_key;
  if (games.empty() || listed_key.empty()) return row;
  const std::string name = as_it_is.name;
  row.specs.clear();
  for (const std::string& game : games) {
    std::vector<std::string> of_game = overrides;
    of_game.push_back(fmt::format("{}={}", listed_key, ordered_json({game}).dump()));
    of_game.push_back(fmt::format("name={}_{}", name, game));
    row.specs.push_back(row_spec(fmt::format("{}, {}", label, game), path, std::move(of_game)));
  }
  return row;
}

/// A row that is another spec with some keys changed: {"label": "LSTM", "base": "srwm.json", "set": {...}}. Without a
/// base of its own it has the table's. What the row does not say of its name is the base's with the row's key, and the
/// figures of the base are not its own.
std::optional<TableRow> read_derived_row(JsonFile& file, const std::string& key, const ordered_json& row,
                                         const std::vector<std::string>& games) {
  constexpr std::string_view row_keys[] = {"label", "base", "set"};
  const std::string member = "rows." + key;
  for (const auto& [name, value] : row.items()) {
    if (std::ranges::find(row_keys, name) != std::end(row_keys)) continue;
    file.problems().add("", member, fmt::format("A row has the members label, base and set; found {}.", shown(name)));
    return std::nullopt;
  }
  const ordered_json label = row.value("label", ordered_json()), set = row.value("set", ordered_json::object());
  const ordered_json base = row.contains("base") ? row.at("base") : file.value("base");
  if (!label.is_string() || !base.is_string() || !set.is_object()) {
    file.problems().add(
        "", member,
        "A row that changes a spec has a label, text; a base, the file of a spec, here or for all rows; "
        "and set, an object of keys.");
    return std::nullopt;
  }
  const std::filesystem::path path = file.path().parent_path() / base.get<std::string>();
  std::vector<std::string> overrides{"figures=null", fmt::format("name={}_{}", load_any_spec(path)->name, key)};
  for (const auto& [name, value] : set.items()) overrides.push_back(fmt::format("{}={}", name, value.dump()));
  return read_row(key, label.get<std::string>(), path, overrides, games);
}

std::vector<TableRow> read_rows(JsonFile& file, const std::vector<std::string>& games) {
  std::vector<TableRow> rows;
  for (const auto& [key, row] : file.object("rows").items()) {
    if (row.is_string()) {
      rows.push_back(read_row(key, row.get<std::string>(), file.path().parent_path() / (key + ".json"), {}, games));
    } else if (!row.is_object()) {
      file.must_be("rows." + key, "text: how the row is called, or an object of label, base and set", row);
    } else if (std::optional<TableRow> derived = read_derived_row(file, key, row, games)) {
      rows.push_back(std::move(*derived));
    }
  }
  return rows;
}

/// Takes the task of the first row, and tells of rows that have another.
void check_task(Problems& problems, Table& table) {
  if (table.rows.empty()) return;
  const TableRow& first = table.rows.front();
  table.task = first.specs.front().spec->task();
  for (const TableRow& row : table.rows) {
    const std::string_view task = row.specs.front().spec->task();
    if (task == table.task) continue;
    problems.add(
        "", row.path.filename().string(),
        fmt::format("is a spec for srwm train-{}, but {} is one for srwm train-{}; give each kind a table of its own.",
                    task, first.path.filename().string(), table.task));
  }
}

/// Whether the specs of the table name games, of which each may have a run of its own.
bool lists_games(const Table& table) {
  const TaskType* type = find_task(table.task);
  return type != nullptr && !type->listed_key.empty();
}

/// "No row of the table has such a figure. There are: accuracy; accuracy of A."
std::string describe_unknown(const std::vector<Measure>& known) {
  std::string names;
  for (const Measure& measure : known) {
    if (measure.split == "test") names += (names.empty() ? "" : "; ") + measure.name;
  }
  return fmt::format("No row of the table has such a figure. There are: {}.", names);
}

bool is_from_0_to_1(const ordered_json& value) {
  return value.is_number() && value >= 0 && value <= 1;
}

/// Figures on the test splits by name: mean returns by game, accuracies.
std::map<Measure, double> read_published(JsonFile& file, std::string_view task, const std::string& key,
                                         const ordered_json& object, const std::vector<Measure>& known) {
  std::map<Measure, double> figures;
  for (const auto& [name, value] : object.items()) {
    const Measure measure{"test", name};
    const std::string member = fmt::format("{}.{}", key, name);
    if (std::ranges::find(known, measure) == known.end()) {
      file.problems().add("", member, describe_unknown(known));
    } else if (is_fraction(task, measure) && !is_from_0_to_1(value)) {
      file.must_be(member, "a fraction from 0 to 1", value);
    } else if (!value.is_number()) {
      file.must_be(member, "a number: the mean return", value);
    } else {
      figures.emplace(measure, value.get<double>());
    }
  }
  return figures;
}

/// The source that belongs to the figures of `member`; it must be there if they are.
std::string read_source(JsonFile& file, const std::string& member) {
  std::string source = file.text(member + "_source", "");
  if (!file.object(member).empty() && source.empty()) {
    file.problems().add("", member + "_source", "is missing; it must be text.");
  }
  return source;
}

/// Adds to the rows what is published of them and does not stand in their specs.
void read_published(JsonFile& file, Table& table) {
  const std::string source = read_source(file, "published");
  const std::vector<Measure> known = measures_of(table);
  for (const auto& [stem, figures] : file.object("published").items()) {
    const std::string key = "published." + stem;
    const auto row = std::ranges::find(table.rows, stem, &TableRow::key);
    if (row == table.rows.end()) {
      file.problems().add("", key, "The table has no such row.");
    } else if (!figures.is_object()) {
      file.must_be(key, "an object of figures", figures);
    } else {
      for (const auto& [measure, value] : read_published(file, table.task, key, figures, known)) {
        row->published.insert_or_assign(measure, PublishedFigure{value, source});
      }
    }
  }
}

std::vector<OtherFigures> read_others(JsonFile& file, const Table& table) {
  const bool of_agents = lists_games(table);
  const std::vector<Measure> known = measures_of(table);
  std::vector<OtherFigures> others;
  for (const auto& [label, figure] : file.object("others").items()) {
    const std::string key = "others." + label;
    if (is_from_0_to_1(figure)) {
      others.push_back({label, {{test_measure(table.task, /*has_normalized=*/true), figure.get<double>()}}});
    } else if (of_agents && figure.is_object()) {
      others.push_back({label, read_published(file, table.task, key, figure, known)});
    } else {
      file.must_be(
          key, of_agents ? "a fraction from 0 to 1, or an object of games and mean returns" : "a fraction from 0 to 1",
          figure);
    }
  }
  return others;
}

/// Two runs of one name would share their folder.
void check_distinct(JsonFile& file, const std::vector<TableRow>& rows) {
  std::map<std::string, std::string> row_of_name;
  for (const TableRow& row : rows) {
    for (const RowSpec& each : row.specs) {
      const auto [first, is_new] = row_of_name.emplace(each.spec->name, row.key);
      if (is_new) continue;
      file.problems().add("", "rows." + row.key,
                          fmt::format("The spec has the name \"{}\", as that of {} has; give each a name of its own.",
                                      each.spec->name, first->second));
    }
  }
}

Table read_table(const std::filesystem::path& folder) {
  JsonFile file(folder / table_file_name, "table");
  file.check_names(table_keys);
  Table table{.folder = folder, .title = file.text("title"), .note = file.text("note", "")};
  table.seeds = read_seeds(file);
  const std::vector<std::string> games = read_games(file);
  table.rows = read_rows(file, games);
  check_task(file.problems(), table);
  if (!games.empty() && !lists_games(table)) {
    file.problems().add("", "games", "has no meaning here: the specs of the table play no games.");
  }
  read_published(file, table);
  table.others = read_others(file, table);
  table.others_source = read_source(file, "others");
  check_distinct(file, table.rows);
  file.check();
  return table;
}

Table table_of_specs(const std::filesystem::path& folder) {
  Table table{.folder = folder, .title = folder.filename().string()};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json" || entry.path().filename() == sweep_file_name) continue;
    const std::string stem = entry.path().stem().string();
    table.rows.push_back(read_row(stem, stem, entry.path(), {}, {}));
  }
  std::ranges::sort(table.rows, {}, &TableRow::path);
  Problems problems("table");
  check_task(problems, table);
  problems.throw_if_any(folder.string());
  for (const TableRow& row : table.rows) {
    const std::uint64_t seed = row.specs.front().spec->seed;
    if (std::ranges::find(table.seeds, seed) == table.seeds.end()) table.seeds.push_back(seed);
  }
  return table;
}

}  // namespace

std::optional<double> TableRow::published_figure(const Measure& measure) const {
  const auto found = published.find(measure);
  return found == published.end() ? std::nullopt : std::optional(found->second.value);
}

std::vector<Measure> measures_of(const Table& table) {
  std::vector<Measure> measures;
  for (const TableRow& row : table.rows) {
    for (const RowSpec& each : row.specs) {
      for (Measure& measure : measures_of(*each.spec)) {
        if (std::ranges::find(measures, measure) == measures.end()) measures.push_back(std::move(measure));
      }
    }
  }
  return measures;
}

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
