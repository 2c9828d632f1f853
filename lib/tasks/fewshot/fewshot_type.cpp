#include "tasks/fewshot/fewshot_type.h"

#include <utility>

#include "tasks/fewshot/eval.h"
#include "tasks/fewshot/fewshot_task.h"
#include "tasks/fewshot/measures.h"
#include "tasks/fewshot/memory_estimate.h"
#include "tasks/fewshot/predict.h"
#include "tasks/fewshot/report.h"
#include "train/by_accuracy.h"

namespace srwm {
namespace {

std::shared_ptr<const TaskData> open_data(const AnySpec& spec, const std::string& data_dir, int threads) {
  return std::make_shared<const FewShotData>(as<ExperimentSpec>(spec), data_dir, threads);
}

std::unique_ptr<Task> make(const AnySpec& spec, Context& context, const std::shared_ptr<const TaskData>& data,
                           Ranks& ranks) {
  const auto& fewshot = static_cast<const FewShotData&>(*data);
  return std::make_unique<FewShotTask>(as<ExperimentSpec>(spec), context,
                                       std::make_shared<const FewShotData>(fewshot.with_seed(spec.seed)), ranks);
}

std::unique_ptr<AnySpec> for_dry_run(const AnySpec& spec) {
  return std::make_unique<ExperimentSpec>(with_longest_episodes(as<ExperimentSpec>(spec)));
}

void check_memory_of(const AnySpec& spec, const Context& context, const TaskData& data, std::int64_t runs) {
  check_memory(as<ExperimentSpec>(spec), context, static_cast<const FewShotData&>(data), runs);
}

constexpr std::string_view test_keys[] = {"protocol.kind",    "protocol.n_way",     "protocol.k_shot",
                                          "protocol.queries", "protocol.rotations", "protocol.second_rotations",
                                          "test.episodes"};

}  // namespace

const TaskType& fewshot_type() {
  static const TaskType type{
      .keys = fewshot_keys,
      .open_data = open_data,
      .make = make,
      .for_dry_run = for_dry_run,
      .check_memory = check_memory_of,
      .make_eval = make_fewshot_eval,
      .predict = predict_pictures,
      .measures = fewshot_measures,
      .sequence_measures = fewshot_sequence_measures,
      .read_measure = read_fewshot_measure,
      .is_certain = is_certain_fewshot_measure,
      .is_fraction = is_fewshot_fraction,
      .headline = test_accuracy,
      .choice = validation_accuracy,
      .test_keys = test_keys,
      .describe_result = describe_fewshot_result,
      .headline_text = accuracy_headline_text,
      .summary = "Meta-train a few-shot model from a spec, then test it",
      .data = "the packed datasets",
      .examples = R"(
  srwm train-fewshot --config experiments/quickstart.json
  srwm train-fewshot --config X.json --set train.batch=32 --set optim.rate=3e-4 --run-dir runs/small-batch)",
  };
  return type;
}

}  // namespace srwm
