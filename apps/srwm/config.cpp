// srwm config: look at, check and document experiment specs.
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/utf8.h"
#include "report/sweep.h"
#include "report/table.h"
#include "spec/print.h"
#include "srwm/commands.h"
#include "tasks/task_table.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct ConfigOptions {
  std::vector<std::string> specs;
  std::vector<std::string> overrides;
  std::string key;
  std::string task{all_keys().front()->task()};
  bool markdown = false, origin = false;
};

/// Loads what the file is by its name: a table, a sweep or a spec.
void load_by_name(const std::filesystem::path& path) {
  if (path.filename() == table_file_name) {
    load_table(path.has_parent_path() ? path.parent_path() : ".");
  } else if (path.filename() == sweep_file_name) {
    load_sweep(path);
  } else {
    load_any_spec(path);
  }
}

void check_specs(const std::vector<std::string>& specs) {
  std::string problems;
  for (const std::string& spec : specs) {
    try {
      load_by_name(spec);
      fmt::print("{}: valid\n", printable(spec));
    } catch (const SpecError& error) {
      problems += fmt::format("{}{}", problems.empty() ? "" : "\n", error.what());
    }
  }
  if (!problems.empty()) throw SpecError(problems);
}

void show_spec(const ConfigOptions& options) {
  SpecOrigins origins;
  const std::unique_ptr<AnySpec> spec = load_any_spec(options.specs.front(), options.overrides, &origins);
  fmt::print("{}", options.origin ? printable(to_text(*spec, origins)) : to_json(*spec));
}

void add_show(CLI::App& config, const std::shared_ptr<ConfigOptions>& options) {
  CLI::App* show = config.add_subcommand("show", "Print a spec with every default filled in");
  takes_path(show->add_option(takes::spec, options->specs, "Spec file"), PathUse::input, "")->required()->expected(1);
  show->add_option("--set", options->overrides, "KEY=VALUE in place of what the file says; may be repeated")
      ->type_name(takes::setting)
      ->allow_extra_args(false);
  show->add_flag("--origin", options->origin,
                 "Print a line for each key, with where its value is from: a file and its line, --set, or the default");
  show->callback([options] { show_spec(*options); });
}

void add_check(CLI::App& config, const std::shared_ptr<ConfigOptions>& options) {
  CLI::App* check =
      config.add_subcommand("check", "List everything that is wrong with specs; exit code 2 if anything is");
  takes_path(
      check->add_option(takes::spec, options->specs, "Spec files; table.json and sweep.json are known by their names"),
      PathUse::input, "")
      ->required();
  check->callback([options] { check_specs(options->specs); });
}

void add_schema(CLI::App& config, const std::shared_ptr<ConfigOptions>& options) {
  CLI::App* schema = config.add_subcommand("schema", "Print the JSON schema of specs, for editors");
  std::vector<std::string> names;
  for (const SpecKeys* keys : all_keys()) names.emplace_back(keys->task());
  schema->add_option("--task", options->task, "Of the specs of this task")
      ->type_name(fmt::format("{{{}}}", fmt::join(names, ",")))
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  schema->callback([options] { fmt::print("{}", json_schema(find_task(options->task)->keys())); });
}

void add_explain(CLI::App& config, const std::shared_ptr<ConfigOptions>& options) {
  CLI::App* explain_command = config.add_subcommand("explain", "Say what a key, a group of keys or every key means");
  explain_command->add_option(takes::key, options->key, "As in model.core.heads or model.core; all keys if left out");
  explain_command->add_flag("--markdown", options->markdown, "Print the tables of docs/spec.md")->excludes(takes::key);
  explain_command->callback(
      [options] { fmt::print("{}", options->markdown ? markdown_tables() : explain(options->key)); });
}

}  // namespace

void add_config_command(CLI::App& app) {
  CLI::App* config = app.add_subcommand("config", "Look at, check and document experiment specs");
  config->require_subcommand(1);
  const auto options = std::make_shared<ConfigOptions>();
  add_show(*config, options);
  add_check(*config, options);
  add_schema(*config, options);
  add_explain(*config, options);
  config->footer(
      "Examples:\n"
      "  srwm config show experiments/quickstart.json --set train.steps=100\n"
      "  srwm config show my.json --origin               where each value is from\n"
      "  srwm config check experiments/*.json\n"
      "  srwm config explain model.core.heads\n"
      "  srwm config schema > spec.schema.json");
}

}  // namespace srwm
