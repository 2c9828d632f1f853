// srwm predict: labels of one's own pictures from a trained few-shot model.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "core/utf8.h"
#include "io/png.h"
#include "io/terminal.h"
#include "report/csv.h"
#include "run/checkpoint.h"
#include "srwm/commands.h"
#include "srwm/session.h"
#include "srwm/trained_model.h"
#include "tasks/task_table.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct PredictArguments {
  TrainedModelOptions model;
  std::string data_dir, support, picture, format = "table";
  std::vector<std::string> queries;
  std::uint64_t order_seed = 0;
  bool inverts = false;
  DeviceOptions device;
};

/// Files as they are; of folders the PNG files in them, sorted.
std::vector<std::filesystem::path> find_queries(const std::vector<std::string>& given) {
  std::vector<std::filesystem::path> queries;
  for (const std::string& name : given) {
    if (!std::filesystem::is_directory(name)) {
      queries.emplace_back(name);
      continue;
    }
    const std::vector<std::filesystem::path> pictures = png_files(name);
    if (pictures.empty()) throw DataError("The folder {} has no *.png to ask about.", name);
    queries.insert(queries.end(), pictures.begin(), pictures.end());
  }
  return queries;
}

/// "cat 0.93, dog 0.05", the most probable first.
std::string others_text(const PredictOutcome& outcome, const PredictAnswer& answer) {
  constexpr std::size_t most_shown = 3;
  std::vector<std::size_t> order;
  for (std::size_t label = 0; label < outcome.classes.size(); ++label) {
    if (label != answer.label()) order.push_back(label);
  }
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t label) { return answer.probabilities[label]; });
  std::string text;
  for (std::size_t i = 0; i < std::min(order.size(), most_shown); ++i) {
    text += fmt::format("{}{} {:.3f}", i > 0 ? ", " : "", printable(outcome.classes[order[i]]),
                        answer.probabilities[order[i]]);
  }
  return text;
}

std::string table_of(const PredictOutcome& outcome) {
  std::size_t widest_query = 5, widest_class = 6;
  for (const PredictAnswer& answer : outcome.answers) {
    widest_query = std::max(widest_query, printable(answer.query.string()).size());
    widest_class = std::max(widest_class, printable(outcome.classes[answer.label()]).size());
  }
  std::string text =
      fmt::format("{:<{}}  {:<{}}  probability  others\n", "query", widest_query, "answer", widest_class);
  for (const PredictAnswer& answer : outcome.answers) {
    text += fmt::format("{:<{}}  {:<{}}  {:>11.3f}  {}\n", printable(answer.query.string()), widest_query,
                        printable(outcome.classes[answer.label()]), widest_class, answer.probabilities[answer.label()],
                        others_text(outcome, answer));
  }
  return text;
}

std::string csv_of(const PredictOutcome& outcome) {
  std::string text = "query,answer";
  for (const std::string& name : outcome.classes) text += "," + for_csv(name);
  for (const PredictAnswer& answer : outcome.answers) {
    text += fmt::format("\n{},{}", for_csv(answer.query.string()), for_csv(outcome.classes[answer.label()]));
    for (const double probability : answer.probabilities) text += fmt::format(",{}", probability);
  }
  return text + "\n";
}

std::string json_of(const PredictOutcome& outcome, const std::filesystem::path& checkpoint) {
  nlohmann::ordered_json object = {{"checkpoint", printable(checkpoint.string())}};
  object["support"] = nlohmann::ordered_json::object();
  for (std::size_t label = 0; label < outcome.classes.size(); ++label) {
    object["support"][printable(outcome.classes[label])] = outcome.shots[label];
  }
  object["queries"] = nlohmann::ordered_json::array();
  for (const PredictAnswer& answer : outcome.answers) {
    nlohmann::ordered_json query = {{"query", printable(answer.query.string())},
                                    {"answer", printable(outcome.classes[answer.label()])}};
    for (std::size_t label = 0; label < outcome.classes.size(); ++label) {
      query["probabilities"][printable(outcome.classes[label])] = answer.probabilities[label];
    }
    object["queries"].push_back(std::move(query));
  }
  object["remarks"] = outcome.remarks;
  return json_text(object, 2) + "\n";
}

void run_predict(const PredictArguments& options) {
  const std::filesystem::path path = checkpoint_path(options.model);
  const Checkpoint checkpoint = load_checkpoint(path);
  const std::unique_ptr<AnySpec> spec = parse_any_spec_text(checkpoint.spec_json, path.string());
  const TaskType& type = type_of(*spec);
  if (type.predict == nullptr) {
    throw UsageError("{} is a checkpoint of {}. Only few-shot models learn from labeled pictures.", path.string(),
                     type.keys().title());
  }
  const std::unique_ptr<Context> context = make_context(options.device, spec->seed);
  const PredictOutcome outcome = type.predict({.checkpoint = checkpoint,
                                               .spec = *spec,
                                               .context = *context,
                                               .data_dir = data_dir_of(options.data_dir, path),
                                               .support = options.support,
                                               .queries = find_queries(options.queries),
                                               .inverts = options.inverts,
                                               .order_seed = options.order_seed,
                                               .picture = options.picture});
  if (options.format == "json") return fmt::print("{}", json_of(outcome, path));
  for (const std::string& remark : outcome.remarks) print_to_stderr(fmt::format("srwm: warning: {}\n", remark));
  fmt::print("{}", options.format == "csv" ? csv_of(outcome) : table_of(outcome));
}

}  // namespace

void add_predict_command(CLI::App& app) {
  auto options = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "Labels of your own pictures, from a few labeled ones");
  add_trained_model_options(*command, options->model);
  takes_path(command->add_option("--support", options->support,
                                 "Folder with a folder of PNG pictures for each class, named after it"),
             PathUse::input, takes::folder)
      ->required();
  takes_path(command->add_option("--query", options->queries, "PNG pictures to label, or folders of them"),
             PathUse::input, takes::png_file)
      ->required();
  command->add_flag("--invert", options->inverts,
                    "Show the model dark for bright: for ink on paper, where it was trained on bright strokes");
  command->add_option("--order-seed", options->order_seed, "Seed of the order in which the support is shown")
      ->check(not_negative())
      ->capture_default_str();
  takes_path(command->add_option("--picture", options->picture, "Draw the episode with its answers"), PathUse::output,
             takes::png_file);
  command->add_option("--format", options->format, "How to print")
      ->type_name(takes::answer_format)
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
  add_data_dir_of_run(*command, options->data_dir);
  add_device_options(*command, options->device);
  command->footer(R"(Examples:
  srwm predict --run runs/omniglot-s1 --support letters --query unknown/*.png --invert
  srwm predict --run runs/mini-s1 --support animals --query holiday --picture answers.png
  srwm predict --run runs/mini-s1 --support animals --query holiday --format json

There must be as many folders as the model tells classes apart (protocol.n_way). Pictures become images of the
size that it was trained on. The size comes from its dataset, which has to be found as for srwm eval.)");
  command->callback([options] { run_predict(*options); });
}

}  // namespace srwm
