#include "rl/playground.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "core/error.h"
#include "core/threads.h"

namespace srwm {
namespace {

/// Groups that an actor may be ahead of the learner.
std::int64_t groups_ahead(const RlSpec& spec) {
  return spec.train.mode == RlMode::overlapped ? 2 : 1;
}

void add(const ActorTimes& now, ActorTimes& before, ActorTimes& sum) {
  sum.env += now.env - before.env;
  sum.inference += now.inference - before.inference;
  before = now;
}

std::string state_name(std::size_t i) {
  return fmt::format("actor.state.{}", i);
}
std::string env_name(std::int64_t n) {
  return fmt::format("env.{}", n);
}
constexpr const char* ring_names[] = {"unrolls.frames", "unrolls.rewards", "unrolls.first", "unrolls.actions",
                                      "unrolls.log_probs"};

std::string ring_name(std::size_t i) {
  return i < std::size(ring_names) ? ring_names[i] : fmt::format("unrolls.state.{}", i - std::size(ring_names));
}

/// The same shape with another first axis.
Shape with_rows(const Shape& shape, std::int64_t rows) {
  Shape result{rows};
  for (int axis = 1; axis < shape.rank(); ++axis) result.push_back(shape[axis]);
  return result;
}

}  // namespace

struct Playground::Side {
  Side(Context& learner_context, const Agent& agent, const RlSpec& spec, std::unique_ptr<EnvGroup> envs,
       std::int64_t first_env);

  std::unique_ptr<Context> own_context;  ///< where it plays in a thread of its own
  Context& context;
  std::unique_ptr<EnvGroup> group;
  UnrollRing ring;
  UnrollQueue queue;
  Actor actor;
  EpisodeFigures figures;  ///< of the unroll that is being played
  PlayReport report;       ///< of those that are done
  ActorTimes reported;     ///< when the last of them was
  std::thread thread;
};

Playground::Side::Side(Context& learner_context, const Agent& agent, const RlSpec& spec, std::unique_ptr<EnvGroup> envs,
                       std::int64_t first_env)
    : own_context(spec.train.mode == RlMode::overlapped
                      ? std::make_unique<Context>(learner_context.backend(), learner_context.real(),
                                                  std::max(1, learner_context.threads() / 2), spec.seed)
                      : nullptr),
      context(own_context ? *own_context : learner_context),
      group(std::move(envs)),
      ring(learner_context, agent, group->frame(), spec.train.unroll, group->size(), spec.train.batch,
           groups_ahead(spec)),
      queue(ring),
      actor(context, agent, *group, ring, first_env, spec.agent.carry == CarryKind::episode),
      figures(group->games()),
      report(group->games()) {
  context.set_precision(learner_context.precision());
}

std::vector<std::unique_ptr<EnvGroup>> make_groups(Context& context, const RlSpec& spec,
                                                   const std::shared_ptr<const EnvLibrary>& library) {
  const std::int64_t halves = spec.train.mode == RlMode::overlapped ? 2 : 1, size = spec.env.actors / halves;
  std::vector<std::unique_ptr<EnvGroup>> groups;
  for (std::int64_t half = 0; half < halves; ++half) {
    groups.push_back(std::make_unique<EnvGroup>(context, library, training_request(spec, half, size)));
  }
  return groups;
}

Playground::Playground(Context& context, const Agent& agent, const RlSpec& spec, Groups groups)
    : context_(context),
      overlapped_(spec.train.mode == RlMode::overlapped),
      saves_state_(!overlapped_ && groups.front()->library().saves_state()),
      batch_size_(spec.train.batch) {
  std::int64_t first_env = 0;
  for (std::unique_ptr<EnvGroup>& group : groups) {
    const std::int64_t size = group->size();
    sides_.push_back(std::make_unique<Side>(context, agent, spec, std::move(group), first_env));
    first_env += size;
  }
}

Playground::~Playground() {
  close();
  for (const std::unique_ptr<Side>& side : sides_) {
    if (side->thread.joinable()) side->thread.join();
  }
}

/// Plays and hands over one group of unrolls; false once the queue is closed.
bool Playground::play(Side& side) {
  const std::optional<std::int64_t> row = side.queue.room();
  if (!row) return false;
  for (std::int64_t n = 0; n < side.group->size(); ++n) side.ring.version(*row + n) = updates_;
  side.actor.unroll(side.context, *row, side.figures, [&](const auto& work) { agent_lock_.read(work); });
  {
    const std::scoped_lock lock(mutex_);
    side.report.episodes.add(side.figures);
    add(side.actor.times(), side.reported, side.report.times);
  }
  side.figures.clear();
  if (overlapped_) side.context.queue().synchronize();  // the learner reads on another queue
  side.queue.written();
  return true;
}

void Playground::play_in_thread(Side& side) {
  try {
    while (play(side)) {
    }
  } catch (...) {
    {
      const std::scoped_lock lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
    close();
  }
}

void Playground::start_threads() {
  if (sides_.front()->thread.joinable()) return;
  context_.queue().synchronize();  // whatever was put into weights and rings is there
  for (const std::unique_ptr<Side>& side : sides_) {
    side->thread = start_thread([this, &side = *side] { play_in_thread(side); });
  }
}

void Playground::close() {
  for (const std::unique_ptr<Side>& side : sides_) side->queue.close();
}

UnrollRows Playground::batch() {
  Side& side = *sides_[next_side_];
  if (overlapped_) {
    start_threads();
  } else {
    while (!side.queue.has_batch()) play(side);
  }
  const std::optional<std::int64_t> row = side.queue.batch();
  if (!row) {
    const std::scoped_lock lock(mutex_);
    SRWM_CHECK(error_ != nullptr, "the queue of unrolls was closed without an error");
    std::rethrow_exception(error_);
  }
  row_ = *row;
  return side.ring.at(row_, batch_size_);
}

double Playground::lag() const {
  std::int64_t sum = 0;
  for (std::int64_t n = 0; n < batch_size_; ++n) sum += updates_ - sides_[next_side_]->ring.version(row_ + n);
  return static_cast<double>(sum) / static_cast<double>(batch_size_);
}

void Playground::done() {
  sides_[next_side_]->queue.read();
  next_side_ = (next_side_ + 1) % sides_.size();
}

void Playground::collect(PlayReport& report) {
  const std::scoped_lock lock(mutex_);
  for (const std::unique_ptr<Side>& side : sides_) {
    report.episodes.add(side->report.episodes);
    side->report.episodes.clear();
    report.times.env += std::exchange(side->report.times.env, 0);
    report.times.inference += std::exchange(side->report.times.inference, 0);
  }
}

/// The rows that are yet to be learned from.
void Playground::save_waiting(Context& context, Side& side, const StateWriter& state) {
  const std::int64_t tail = side.queue.tail(), waiting = side.queue.head() - tail;
  std::vector<double> versions;
  for (std::int64_t n = 0; n < waiting; ++n) versions.push_back(static_cast<double>(side.ring.version(tail + n)));
  state.reals("unrolls.versions", versions);
  for (std::size_t i = 0; i < side.ring.tensors().size(); ++i) {
    const Tensor& ring = side.ring.tensors()[i];
    Tensor rows = Tensor::owning(with_rows(ring.shape(), waiting), ring.dtype());
    for (std::int64_t n = 0; n < waiting; ++n) {
      const std::int64_t place = (tail + n) % side.ring.rows();
      context.download(rows.rows(n, n + 1).raw(), ring.rows(place, place + 1));
    }
    state.tensor(ring_name(i), rows);
  }
}

void Playground::restore_waiting(Context& context, Side& side, const StateReader& state) {
  const std::int64_t tail = side.queue.tail(), waiting = side.queue.head() - tail;
  const Tensor& versions = state.tensor("unrolls.versions", {waiting}, DType::f64);
  for (std::int64_t n = 0; n < waiting; ++n) {
    side.ring.version(tail + n) = static_cast<std::int64_t>(versions.data<double>()[n]);
  }
  for (std::size_t i = 0; i < side.ring.tensors().size(); ++i) {
    const Tensor& ring = side.ring.tensors()[i];
    const Tensor& rows = state.tensor(ring_name(i), with_rows(ring.shape(), waiting), ring.dtype());
    for (std::int64_t n = 0; n < waiting; ++n) {
      const std::int64_t place = (tail + n) % side.ring.rows();
      context.upload(ring.rows(place, place + 1), rows.rows(n, n + 1).raw());
    }
  }
}

void Playground::save(Context& context, Checkpoint& checkpoint) {
  if (!saves_state_) return;
  Side& side = *sides_.front();
  const StateWriter state(checkpoint.state);
  for (std::int64_t n = 0; n < side.group->size(); ++n) state.bytes(env_name(n), side.group->save(n));
  state.reals("actor.returns", side.group->running_returns());
  const std::vector<Tensor>& carried = side.actor.player().state();
  for (std::size_t i = 0; i < carried.size(); ++i) state.tensor(state_name(i), context, carried[i]);
  if (side.queue.head() > side.queue.tail()) save_waiting(context, side, state);
  checkpoint.progress.counters["unrolls_written"] = side.queue.head();
  checkpoint.progress.counters["unrolls_read"] = side.queue.tail();
  checkpoint.progress.counters["choices"] = side.actor.choices();
}

bool Playground::restore(Context& context, const Checkpoint& checkpoint) {
  const auto& counters = checkpoint.progress.counters;
  updates_ = checkpoint.progress.step;
  if (!saves_state_ || !counters.contains("choices")) {
    // Other random numbers than those that the first sitting began with.
    for (const std::unique_ptr<Side>& side : sides_) side->actor.set_choices(updates_ * side->ring.unroll());
    return false;
  }
  Side& side = *sides_.front();
  const StateReader state = checkpoint.state_reader();
  for (std::int64_t n = 0; n < side.group->size(); ++n) side.group->load(n, state.text(env_name(n)));
  side.group->observe_again(context);
  std::vector<double>& returns = side.group->running_returns();
  const Tensor& stored = state.tensor("actor.returns", {side.group->size()}, DType::f64);
  returns.assign(stored.data<double>(), stored.data<double>() + returns.size());
  const std::vector<Tensor>& carried = side.actor.player().state();
  for (std::size_t i = 0; i < carried.size(); ++i) state.restore(context, state_name(i), carried[i]);
  side.queue.go_on_from(counters.at("unrolls_written"), counters.at("unrolls_read"));
  side.actor.set_choices(counters.at("choices"));
  if (side.queue.head() > side.queue.tail()) restore_waiting(context, side, state);
  return true;
}

}  // namespace srwm
