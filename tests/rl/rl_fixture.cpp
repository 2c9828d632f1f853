#include "rl/rl_fixture.h"

#include "ops/backend.h"

namespace srwm::test {

RlSpec small_rl_spec() {
  RlSpec spec;
  spec.name = "small";
  spec.env.library = SRWM_GAMES;
  spec.env.games = {"signpost", "labyrinth"};
  spec.env.settings = {"frame_size=16"};
  spec.env.actors = 6;
  spec.agent.channels = {4, 4};
  spec.agent.features = 16;
  spec.agent.layers = 1;
  spec.agent.heads = 2;
  spec.agent.hidden = 16;
  spec.agent.ff_inner = 16;
  spec.train = {.steps = 12 * 5 * 4, .unroll = 5, .batch = 4, .report_every = 5};
  spec.checkpoint = {.every = 3};
  spec.test = {.episodes = 2, .envs = 1, .levels = 10, .first_levels = {1000}};
  return spec;
}

void train(const RlSpec& spec, const std::filesystem::path& folder, const RlOptions& options,
           std::optional<std::int64_t> last) {
  Logger logger(true);
  StopRequest stop(options.max_seconds);
  const RunFolder run = RunFolder::open(folder, options.resume);
  Context context(cpu_backend(), DType::f32, options.threads, spec.seed);
  RlTask task(spec, context, EnvLibrary::open(spec.env.library));
  Trainer trainer(spec, context, task, "", run.paths(), logger, stop);
  logger.add_file(run.paths().log());
  if (options.resume && run.paths().has_checkpoint()) trainer.resume();
  if (last) return trainer.run_until(*last);
  trainer.run();
  run.mark_done();
}

}  // namespace srwm::test
