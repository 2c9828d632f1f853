// The keys of reinforcement-learning specs.
#include <iterator>
#include <limits>
#include <utility>

#include "spec/declare.h"
#include "tasks/rl/rl_spec.h"
#include "tasks/rl/rules.h"

namespace srwm {
namespace {

using Spec = RlSpec;

bool has_core(const RlSpec& spec) {
  return spec.agent.core != CoreKind::feed_forward;
}
bool has_heads(const RlSpec& spec) {
  return has_core(spec) && spec.agent.core != CoreKind::feed_forward_deep && spec.agent.core != CoreKind::lstm;
}
bool has_blocks(const RlSpec& spec) {
  return has_core(spec) && spec.agent.core != CoreKind::lstm;
}
bool has_srwm(const RlSpec& spec) {
  return spec.agent.core == CoreKind::srwm || spec.agent.core == CoreKind::sr_delta;
}
bool has_srwm_family(const RlSpec& spec) {
  return has_srwm(spec) || spec.agent.core == CoreKind::fake_sr;
}
bool remembers(const RlSpec& spec) {
  return has_heads(spec) ? spec.agent.core != CoreKind::fake_sr : spec.agent.core == CoreKind::lstm;
}

constexpr ConditionOn<Spec> if_core{"agent.core", "agent.core is not \"feed_forward\"", has_core};
constexpr ConditionOn<Spec> if_heads{
    "agent.core", "agent.core has heads: it is neither a \"feed_forward\" one nor \"lstm\"", has_heads};
constexpr ConditionOn<Spec> if_blocks{"agent.core", "agent.core is neither \"feed_forward\" nor \"lstm\"", has_blocks};
constexpr ConditionOn<Spec> if_srwm{"agent.core", "agent.core is \"srwm\" or \"sr_delta\"", has_srwm};
constexpr ConditionOn<Spec> if_srwm_family{"agent.core", "agent.core is \"srwm\", \"sr_delta\" or \"fake_sr\"",
                                           has_srwm_family};
constexpr ConditionOn<Spec> if_remembering{"agent.core", "agent.core is one that remembers", remembers};

bool uses_rate(const RlSpec& spec) {
  return spec.optim.schedule != ScheduleKind::transformer_warmup;
}

constexpr ConditionOn<Spec> if_rate{"optim.schedule", "optim.schedule is not \"transformer_warmup\"", uses_rate};

constexpr std::int64_t most = 1'000'000'000;
constexpr std::int64_t last_level = std::numeric_limits<std::int32_t>::max();

void add_env(std::vector<Field>& keys) {
  keys.push_back({"env.library",
                  TextKey{SRWM_MEMBER(env.library), TextRule::one_line, true, true},
                  "\"games\" for the built-in games, \"procgen\" for ProcGen (data_scripts/get_procgen.py), the folder "
                  "that was unpacked into, or any library with the libenv interface.",
                  "",
                  {},
                  ValueHint::env_library});
  keys.push_back({"env.games", TextsKey{SRWM_MEMBER(env.games), 100},
                  "Names of the games, as srwm env list tells them; actor i plays the i-th in turn."});
  keys.push_back({"env.mode", TextKey{SRWM_MEMBER(env.mode), TextRule::one_line},
                  "The library's distribution_mode: \"easy\", \"hard\", \"memory\"; empty: the library's default."});
  keys.push_back({"env.settings", TextsKey{SRWM_MEMBER(env.settings), 100},
                  "Other options of the library, each NAME=VALUE, as srwm env list tells them."});
  keys.push_back({"env.actors", IntegerKey{SRWM_MEMBER(env.actors), 1, 100000},
                  "Environments that play at once; a multiple of the number of games.", "environments"});
  keys.push_back({"env.levels", IntegerKey{SRWM_MEMBER(env.levels), 0, last_level},
                  "Levels to train on; 0: all there are.", "levels"});
  keys.push_back({"env.first_level", IntegerKey{SRWM_MEMBER(env.first_level), 0, last_level}, "The first of them."});
  keys.push_back({"env.threads", IntegerKey{SRWM_MEMBER(env.threads), 0, 1024},
                  "Threads of the library's own that step environments; 0: the acting thread does. No influence on "
                  "what happens.",
                  "threads"});
}

void add_agent(std::vector<Field>& keys) {
  keys.push_back({"agent.channels", IntegersKey{SRWM_MEMBER(agent.channels), 1, 4096, 8},
                  "Channels of the stages of the IMPALA network, each of which halves the frame.", "channels"});
  keys.push_back({"agent.features", IntegerKey{SRWM_MEMBER(agent.features), 1, 65536},
                  "What a frame becomes; the last reward, clipped to [-1, 1], is appended.", "units"});
  keys.push_back({"agent.core", choice<CoreKind>(SRWM_MEMBER(agent.core), agent_core_kinds),
                  "What stands between the features of a frame and the policy."});
  keys.push_back(
      {"agent.layers", IntegerKey{SRWM_MEMBER(agent.layers), 1, 16}, "Layers of the core.", "layers", if_core});
  keys.push_back({"agent.heads", IntegerKey{SRWM_MEMBER(agent.heads), 1, 1024},
                  "Heads of a fast-weight layer, each with hidden / heads units.", "heads", if_heads});
  keys.push_back(
      {"agent.hidden", IntegerKey{SRWM_MEMBER(agent.hidden), 1, 65536}, "Width of a layer.", "units", if_core});
  keys.push_back({"agent.ff_inner", IntegerKey{SRWM_MEMBER(agent.ff_inner), 1, 65536},
                  "Inner width of the feed-forward block after each layer.", "units", if_blocks});
  keys.push_back({"agent.input_softmax", FlagKey{SRWM_MEMBER(agent.input_softmax)},
                  "A softmax per head on the input of an SRWM layer.", "", if_srwm});
  keys.push_back({"agent.beta_init", NumberKey{SRWM_MEMBER(agent.beta_init), -20, 20},
                  "Mean of the initial weights that make the self-written learning rates.", "", if_srwm});
  keys.push_back(
      {"agent.layer_norm", FlagKey{SRWM_MEMBER(agent.layer_norm)},
       "LayerNorm on what a layer of the SRWM family sees. The published layers hold one and never apply it.", "",
       if_srwm_family});
  keys.push_back({"agent.carry", choice<CarryKind>(SRWM_MEMBER(agent.carry), all_carry_kinds),
                  "How long the state lives: to the end of the episode, of the unroll, or of the step.", "",
                  if_remembering});
  keys.push_back({"agent.state_gradient", choice<StateGradient>(SRWM_MEMBER(agent.state_gradient), all_state_gradients),
                  "How far back through the state gradients flow: \"unroll\", to its start; \"per_step\", not beyond "
                  "the step, as in the published code.",
                  "", if_remembering});
}

void add_optim(std::vector<Field>& keys) {
  keys.push_back({"optim.rate", NumberKey{SRWM_MEMBER(optim.rate), 0, 1, true, false},
                  "Learning rate of RMSProp at the start, or after the warm-up if there is one.", "", if_rate});
  add_schedule<Spec>(
      keys, all_rl_schedule_kinds,
      {.kinds = "\"linear_decay\": from rate to 0 at train.steps; \"constant\": rate; \"linear_warmup\": rate * min(1, "
                "update / warmup_steps); \"transformer_warmup\": hidden^-0.5 * min(update^-0.5, update * "
                "warmup_steps^-1.5); \"cosine\": linear_warmup, then along half a cosine to decay * rate, decay_steps "
                "later; \"step\": linear_warmup, then times decay every decay_steps.",
       .if_warmup = "optim.schedule is neither \"linear_decay\" nor \"constant\"",
       .warmup = "Updates over which the rate rises.",
       .decay = "Updates after the warm-up in which the rate falls.",
       .unit = "updates"});
  keys.push_back({"optim.alpha", NumberKey{SRWM_MEMBER(optim.alpha), 0, 1, false, true},
                  "How much of the mean squared gradient stays from step to step."});
  keys.push_back({"optim.eps", NumberKey{SRWM_MEMBER(optim.eps), smallest_eps, 1},
                  "Added to the root of the mean squared gradient, by which a step is divided."});
  keys.push_back({"optim.clip_norm", NumberKey{SRWM_MEMBER(optim.clip_norm), 0, unbounded},
                  "Largest norm of all gradients together; longer ones are shortened to it. 0: no limit."});
}

void add_loss(std::vector<Field>& keys) {
  keys.push_back({"loss.discount", NumberKey{SRWM_MEMBER(loss.discount), 0, 1},
                  "What a reward one step later counts, as a factor."});
  keys.push_back({"loss.baseline_cost", NumberKey{SRWM_MEMBER(loss.baseline_cost), 0, unbounded},
                  "Factor on the squared error of the value, halved."});
  keys.push_back({"loss.entropy_cost", NumberKey{SRWM_MEMBER(loss.entropy_cost), 0, unbounded},
                  "Factor on the policy's negative entropy."});
  keys.push_back({"loss.reward_clip", NumberKey{SRWM_MEMBER(loss.reward_clip), 0, unbounded},
                  "Rewards count as at most so much either way; 0: as they are."});
  keys.push_back({"loss.rho_clip", NumberKey{SRWM_MEMBER(loss.rho_clip), 0, unbounded, true, false},
                  "V-trace: largest importance weight in the temporal differences."});
  keys.push_back({"loss.c_clip", NumberKey{SRWM_MEMBER(loss.c_clip), 0, unbounded, true, false},
                  "V-trace: largest importance weight in the trace."});
  keys.push_back({"loss.pg_rho_clip", NumberKey{SRWM_MEMBER(loss.pg_rho_clip), 0, unbounded, true, false},
                  "V-trace: largest importance weight of the policy gradient."});
}

void add_run(std::vector<Field>& keys) {
  keys.push_back({"train.steps", IntegerKey{SRWM_MEMBER(train.steps), 1, 1'000'000'000'000},
                  "Steps of the environments, all together, to train on.", "steps"});
  keys.push_back({"train.unroll", IntegerKey{SRWM_MEMBER(train.unroll), 1, 10000},
                  "Steps of an environment that are learned from at once.", "steps"});
  keys.push_back({"train.batch", IntegerKey{SRWM_MEMBER(train.batch), 1, 100000}, "Unrolls in a pass.", "unrolls"});
  keys.push_back({"train.accumulate", IntegerKey{SRWM_MEMBER(train.accumulate), 1, 65536},
                  "Passes in an update, their gradients summed; the actors fall into as many groups.", "passes"});
  keys.push_back({"train.mode", choice<RlMode>(SRWM_MEMBER(train.mode), all_rl_modes),
                  "\"synchronous\": playing and learning in turn, the same numbers every time; \"overlapped\": at the "
                  "same time, by two halves of the environments, faster."});
  add_report_every<Spec>(keys, in_updates);
  add_precision<Spec>(keys);
  keys.push_back({"validation.every", IntegerKey{SRWM_MEMBER(validation.every), 0, most},
                  "Updates between validations: games played with greedy actions on levels kept apart, by whose mean "
                  "return best.h5 is chosen. 0: never, as in the published runs.",
                  "updates"});
  add_patience<Spec>(keys);
  keys.push_back({"validation.episodes", IntegerKey{SRWM_MEMBER(validation.episodes), 1, most},
                  "Episodes of each game in a validation.", "episodes"});
  keys.push_back({"validation.first_level", IntegerKey{SRWM_MEMBER(validation.first_level), 0, last_level},
                  "The first level to validate on."});
  keys.push_back({"validation.levels", IntegerKey{SRWM_MEMBER(validation.levels), 1, last_level},
                  "Levels to validate on.", "levels"});
  add_checkpoint<Spec>(keys, in_updates);
  keys.push_back({"test.episodes", IntegerKey{SRWM_MEMBER(test.episodes), 0, most},
                  "Episodes of each game on each split (train and the test splits) when training ends, with "
                  "greedy actions; 0: none.",
                  "episodes"});
  keys.push_back({"test.envs", IntegerKey{SRWM_MEMBER(test.envs), 1, 10000},
                  "Environments of each game that play them; each plays equally many.", "environments"});
  keys.push_back(
      {"test.levels", IntegerKey{SRWM_MEMBER(test.levels), 1, last_level}, "Levels of a test split.", "levels"});
  keys.push_back({"test.first_levels", IntegersKey{SRWM_MEMBER(test.first_levels), 0, last_level, 100},
                  "The first level of each test split."});
}

constexpr Group all_groups[] = {
    {"env", "What is played."},
    {"agent", "The network that plays."},
    {"optim", "RMSProp and its learning rate."},
    {"loss", "The actor-critic loss: V-trace (IMPALA, arXiv 1802.01561)."},
    {"train", "How long and in what portions to train."},
    {"validation", "When and on what to validate; validation chooses the best checkpoint."},
    {"checkpoint", "What a run can be resumed from."},
    {"test", "The evaluation at the end."},
    {"figures", "What the result is compared with; no influence on the run."},
};

constexpr std::string_view task_name = "rl";

/// Not train.steps, by which the learning rate falls.
constexpr std::string_view free_on_resume[] = {"comment", "train.report_every", "env.threads", "checkpoint", "test",
                                               "figures"};

}  // namespace

const SpecKeys& rl_keys() {
  static const SpecKeys all = [] {
    std::vector<Field> keys;
    add_general(keys, task_name);
    for (const auto add : {add_env, add_agent, add_optim, add_loss, add_run}) add(keys);
    add_figures(keys, "Normalized test score in the publication, mean over games and test splits.",
                "Normalized test score seen with this very spec.");
    return SpecKeys({.task = task_name,
                     .title = "reinforcement learning",
                     .meaning = "One experiment: environments, agent and training.",
                     .fields = std::move(keys),
                     .groups = {std::begin(all_groups), std::end(all_groups)},
                     .make = []() -> std::unique_ptr<AnySpec> { return std::make_unique<Spec>(); },
                     .rules = check_rl_rules,
                     .free_on_resume = free_on_resume});
  }();
  return all;
}

}  // namespace srwm
