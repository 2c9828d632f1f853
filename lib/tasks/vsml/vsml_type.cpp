#include "tasks/vsml/vsml_type.h"

#include "tasks/vsml/eval.h"
#include "tasks/vsml/measures.h"
#include "tasks/vsml/vsml_task.h"
#include "train/by_accuracy.h"

namespace srwm {
namespace {

std::shared_ptr<const TaskData> open_data(const AnySpec& spec, const std::string& data_dir, int threads) {
  return std::make_shared<const VsmlData>(as<VsmlSpec>(spec), data_dir, threads);
}

std::unique_ptr<Task> make(const AnySpec& spec, Context& context, const std::shared_ptr<const TaskData>& data,
                           Ranks& ranks) {
  return std::make_unique<VsmlTask>(as<VsmlSpec>(spec), context, std::static_pointer_cast<const VsmlData>(data), ranks);
}

}  // namespace

const TaskType& vsml_type() {
  static const TaskType type{
      .keys = vsml_keys,
      .open_data = open_data,
      .make = make,
      .for_dry_run = [](const AnySpec& spec) { return spec.clone(); },
      .make_eval = make_vsml_eval,
      .measures = vsml_measures,
      .sequence_measures = nullptr,
      .read_measure = read_vsml_measure,
      .is_certain = is_certain_vsml_measure,
      .is_fraction = is_vsml_fraction,
      .headline = test_accuracy,
      .choice = validation_accuracy,
      .describe_result = describe_vsml_result,
      .headline_text = accuracy_headline_text,
      .summary = "Meta-train a learning rule from a spec, then test it",
      .data = "the packed datasets",
      .examples = R"(
  srwm train-vsml --config experiments/quickstart_vsml.json
  srwm train-vsml --config X.json --set train.population=32 --set episode.length=100 --run-dir runs/small)",
  };
  return type;
}

}  // namespace srwm
