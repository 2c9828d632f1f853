#include "ranks/rank_runs.h"

#include <nlohmann/json.hpp>

#include "comm/thread_ranks.h"
#include "fewshot/training_fixture.h"
#include "ops/backend.h"
#include "rl/rl_fixture.h"
#include "support/run_files.h"
#include "tasks/task_table.h"
#include "train/trainer.h"
#include "vsml/small_vsml_spec.h"

namespace srwm::test {
namespace {

template <typename Spec>
std::unique_ptr<AnySpec> shared(Spec spec, std::int64_t passes) {
  spec.train.accumulate = passes;
  return std::make_unique<Spec>(std::move(spec));
}

std::unique_ptr<AnySpec> clipped_fewshot(std::int64_t passes) {
  ExperimentSpec spec = small_spec();  // has dropout
  spec.optim.clip_norm = 0.5;
  return shared(std::move(spec), passes);
}

std::unique_ptr<AnySpec> synchronous_rl(std::int64_t passes) {
  RlSpec spec = small_rl_spec();  // six actors and batches of four a pass: unrolls wait over checkpoints
  spec.env.actors *= passes;
  spec.train.accumulate = passes;
  spec.train.steps = 12 * spec.train.steps_per_update();
  spec.validation = {.every = 6, .episodes = 2, .levels = 10};
  return std::make_unique<RlSpec>(std::move(spec));
}

std::unique_ptr<AnySpec> evolved_vsml(std::int64_t pairs) {
  VsmlSpec spec = small_vsml_spec();
  spec.train.evolution.population = pairs;
  return std::make_unique<VsmlSpec>(std::move(spec));
}

std::unique_ptr<AnySpec> evolved_fewshot(std::int64_t pairs) {
  ExperimentSpec spec = small_evolution_spec();  // members one by one, with running statistics
  spec.train.evolution.population = pairs;
  return std::make_unique<ExperimentSpec>(std::move(spec));
}

/// result.json without clock and provenance.
nlohmann::json outcome_of(const std::filesystem::path& run) {
  nlohmann::json result = nlohmann::json::parse(read_file(run / "result.json"));
  for (const char* name : {"wall_seconds", "images_per_second", "steps_per_second", "examples_per_second", "threads",
                           "ranks", "engine", "hosts"}) {
    result.erase(name);
  }
  return result;
}

}  // namespace

const std::vector<RankCase>& rank_cases() {
  static const std::vector<RankCase> cases{
      {"few-shot, four passes", [] { return clipped_fewshot(4); }},
      {"few-shot, six passes", [] { return clipped_fewshot(6); }},
      {"sequential", [] { return shared(small_sequential_spec(), 4); }},
      {"bootstrapped", [] { return shared(small_bootstrap_spec(BootstrapKind::kl), 4); }},
      {"few-shot by evolution", [] { return evolved_fewshot(5); }},
      {"agents, synchronous", [] { return synchronous_rl(4); }},
      {"a learning rule by evolution", [] { return evolved_vsml(7); }},
      {"a learning rule by backpropagation", [] { return shared(small_backward_spec(), 4); }},
  };
  return cases;
}

void train_on_ranks(const AnySpec& spec, const std::filesystem::path& folder, const RankRun& run) {
  const TaskType& type = type_of(spec);
  const RunFolder open = RunFolder::open(folder, /*resume=*/true);
  const bool resumes = open.paths().has_checkpoint();
  const auto data = type.open_data(spec, "", 1);
  StopRequest stop;
  run_thread_ranks(run.ranks, [&](Ranks& ranks) {
    Logger logger(/*quiet=*/true);
    Context context(cpu_backend(), DType::f32, 1 + ranks.rank() % 2, spec.seed);
    const std::unique_ptr<Task> task = type.make(spec, context, data, ranks);
    if (run.spoil) run.spoil(ranks.rank(), *task);
    Trainer trainer(spec, context, *task, data->digest(), open.paths(), logger, stop, ranks);
    if (resumes) trainer.resume();
    run.last ? trainer.run_until(*run.last) : trainer.run();
    ranks.barrier();
  });
}

std::string differences_of_runs(const std::filesystem::path& one, const std::filesystem::path& other) {
  std::string found;
  for (const char* file : {"checkpoints/latest.h5", "checkpoints/best.h5"}) {
    if (read_file(one / file) != read_file(other / file)) found += std::string(file) + " ";
  }
  if (metrics_of(one) != metrics_of(other)) found += "metrics.jsonl ";
  if (outcome_of(one) != outcome_of(other)) found += "result.json";
  return found;
}

}  // namespace srwm::test
