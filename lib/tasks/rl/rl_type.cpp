#include "tasks/rl/rl_type.h"

#include <fmt/format.h>

#include "tasks/rl/eval.h"
#include "tasks/rl/measures.h"
#include "tasks/rl/memory_estimate.h"
#include "tasks/rl/report.h"
#include "tasks/rl/rl_task.h"

namespace srwm {
namespace {

/// The library of environments; the environments themselves belong to a run.
struct RlData final : TaskData {
  explicit RlData(std::shared_ptr<const EnvLibrary> opened) : library(std::move(opened)) {}
  std::string digest() const override { return {}; }
  std::shared_ptr<const EnvLibrary> library;
};

std::shared_ptr<const TaskData> open_data(const AnySpec& spec, const std::string& data_dir, int) {
  return std::make_shared<const RlData>(EnvLibrary::open(as<RlSpec>(spec).env.library, data_dir));
}

void check_memory_of(const AnySpec& spec, const Context& context, const TaskData& data, std::int64_t runs) {
  check_memory(as<RlSpec>(spec), context, static_cast<const RlData&>(data).library, runs);
}

std::unique_ptr<Task> make(const AnySpec& spec, Context& context, const std::shared_ptr<const TaskData>& data,
                           Ranks& ranks) {
  return std::make_unique<RlTask>(as<RlSpec>(spec), context, static_cast<const RlData&>(*data).library, ranks);
}

/// Next to the learner the actors would have finished the few batches of a dry run before they are asked for.
std::unique_ptr<AnySpec> for_dry_run(const AnySpec& spec) {
  auto synchronous = std::make_unique<RlSpec>(as<RlSpec>(spec));
  synchronous->train.mode = RlMode::synchronous;
  return synchronous;
}

std::string headline_text(double score) {
  return fmt::format("normalized {:.3f}", score);
}

}  // namespace

const TaskType& rl_type() {
  static const TaskType type{
      .keys = rl_keys,
      .open_data = open_data,
      .make = make,
      .for_dry_run = for_dry_run,
      .check_memory = check_memory_of,
      .make_eval = make_rl_eval,
      .measures = rl_measures,
      .sequence_measures = nullptr,
      .read_measure = read_rl_measure,
      .is_certain = is_certain_rl_measure,
      .is_fraction = is_rl_fraction,
      .headline = rl_headline,
      .choice = rl_choice,
      .listed_key = "env.games",
      .describe_result = describe_rl_result,
      .headline_text = headline_text,
      .summary = "Train an agent on games from a spec, then test it",
      .data = "procgen in it",
      .examples = R"(
  srwm train-rl --config experiments/games_quickstart.json
  srwm train-rl --config X.json --set train.mode=overlapped --set env.threads=4 --run-dir runs/fast)",
  };
  return type;
}

}  // namespace srwm
