#include "tasks/rl/actor_pool.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "core/error.h"
#include "core/threads.h"

namespace srwm {
namespace {

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

struct ActorPool::Side {
  Side(Context& learner_context, const Agent& agent, const RlSpec& spec, Group own, int play_threads);

  std::int64_t number;                   ///< among those of all ranks
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

ActorPool::Side::Side(Context& learner_context, const Agent& agent, const RlSpec& spec, Group own, int play_threads)
    : number(own.number),
      own_context(
          spec.train.mode == RlMode::overlapped
              ? std::make_unique<Context>(learner_context.backend(), learner_context.real(), play_threads, spec.seed)
              : nullptr),
      context(own_context ? *own_context : learner_context),
      group(std::move(own.envs)),
      ring(learner_context, agent, group->frame(), spec.train.unroll, group->size(), spec.train.batch,
           groups_ahead(spec)),
      queue(ring),
      actor(context, agent, *group, ring, number * group->size(), spec.agent.carry == CarryKind::episode),
      figures(group->games()),
      report(group->games()) {
  context.set_precision(learner_context.precision());
}

ActorPool::Groups ActorPool::make_groups(Context& context, const RlSpec& spec,
                                         const std::shared_ptr<const EnvLibrary>& library, const PassRange& share) {
  const std::int64_t count = spec.train.accumulate * halves(spec), size = spec.env.actors / count;
  Groups groups;
  for (std::int64_t group = 0; group < count; ++group) {
    if (!share.contains(group % spec.train.accumulate)) continue;
    groups.push_back({group, std::make_unique<EnvGroup>(context, library, training_request(spec, group, size))});
  }
  return groups;
}

ActorPool::ActorPool(Context& context, const Agent& agent, const RlSpec& spec, Groups groups)
    : context_(context),
      overlapped_(spec.train.mode == RlMode::overlapped),
      saves_state_(!overlapped_ && groups.front().envs->library().saves_state()),
      passes_(spec.train.accumulate),
      groups_(spec.train.accumulate * halves(spec)),
      batch_size_(spec.train.batch) {
  const int play_threads = std::max(1, context.threads() / static_cast<int>(groups.size()));
  for (Group& group : groups) {
    sides_.push_back(std::make_unique<Side>(context, agent, spec, std::move(group), play_threads));
  }
}

ActorPool::Side& ActorPool::side_of(std::int64_t pass) const {
  return **std::ranges::find_if(sides_, [&](const auto& side) { return side->number == pass % groups_; });
}

ActorPool::~ActorPool() {
  close();
  for (const std::unique_ptr<Side>& side : sides_) {
    if (side->thread.joinable()) side->thread.join();
  }
}

/// Plays and hands over one group of unrolls; false once the queue is closed.
bool ActorPool::play(Side& side) {
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

void ActorPool::play_in_thread(Side& side) {
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

void ActorPool::start_threads() {
  if (sides_.front()->thread.joinable()) return;
  context_.queue().synchronize();  // whatever was put into weights and rings is there
  for (const std::unique_ptr<Side>& side : sides_) {
    side->thread = start_thread([this, &side = *side] { play_in_thread(side); });
  }
}

void ActorPool::close() {
  for (const std::unique_ptr<Side>& side : sides_) side->queue.close();
}

void ActorPool::throw_actors_error() {
  const std::scoped_lock lock(mutex_);
  SRWM_CHECK(error_ != nullptr, "the queue of unrolls was closed without an error");
  std::rethrow_exception(error_);
}

bool ActorPool::prepare(const PassRange& passes, const KeepGoing& keep_going) {
  if (overlapped_) start_threads();
  for (std::int64_t pass = passes.first; pass < passes.last; ++pass) {
    Side& side = side_of(pass);
    if (overlapped_) {
      const UnrollQueue::Wait end = side.queue.wait_for_batch(keep_going);
      if (end == UnrollQueue::Wait::ended) return false;
      if (end == UnrollQueue::Wait::closed) throw_actors_error();
      continue;
    }
    while (!side.queue.has_batch()) {
      if (!keep_going()) return false;
      play(side);
    }
  }
  return true;
}

UnrollRows ActorPool::batch(std::int64_t pass) const {
  const Side& side = side_of(pass);
  return side.ring.at(side.queue.tail(), batch_size_);
}

std::int64_t ActorPool::place(std::int64_t pass) const {
  const Side& side = side_of(pass);
  return side.number * side.ring.rows() + side.queue.tail() % side.ring.rows();
}

double ActorPool::lag(std::int64_t pass) const {
  Side& side = side_of(pass);
  std::int64_t sum = 0;
  for (std::int64_t n = 0; n < batch_size_; ++n) sum += updates_ - side.ring.version(side.queue.tail() + n);
  return static_cast<double>(sum) / static_cast<double>(batch_size_);
}

void ActorPool::done(std::int64_t pass) {
  side_of(pass).queue.read();
}

void ActorPool::change_agent(const std::function<void()>& work, const std::function<std::int64_t()>& updates) {
  if (overlapped_) {
    context_.queue().synchronize();  // before the actors are held up
    agent_lock_.write([&] {
      work();
      context_.queue().synchronize();
    });
  } else {
    work();  // who acts next is behind it in the same queue
  }
  updates_ = updates();
}

void ActorPool::collect(std::int64_t pass, PlayReport& report) {
  const std::scoped_lock lock(mutex_);
  for (const std::unique_ptr<Side>& side : sides_) {
    if (side->number % passes_ != pass % passes_) continue;
    report.episodes.add(side->report.episodes);
    side->report.episodes.clear();
    report.times.env += std::exchange(side->report.times.env, 0);
    report.times.inference += std::exchange(side->report.times.inference, 0);
  }
}

namespace {

/// The rows that are yet to be learned from.
void save_waiting(Context& context, UnrollRing& ring, const UnrollQueue& queue, const StateWriter& state) {
  const std::int64_t tail = queue.tail(), waiting = queue.head() - tail;
  std::vector<double> versions;
  for (std::int64_t n = 0; n < waiting; ++n) versions.push_back(static_cast<double>(ring.version(tail + n)));
  state.reals("unrolls.versions", versions);
  for (std::size_t i = 0; i < ring.tensors().size(); ++i) {
    const Tensor& all = ring.tensors()[i];
    Tensor rows = Tensor::owning(with_rows(all.shape(), waiting), all.dtype());
    for (std::int64_t n = 0; n < waiting; ++n) {
      const std::int64_t place = (tail + n) % ring.rows();
      context.download(rows.rows(n, n + 1).raw(), all.rows(place, place + 1));
    }
    state.tensor(ring_name(i), rows);
  }
}

void restore_waiting(Context& context, UnrollRing& ring, const UnrollQueue& queue, const StateReader& state) {
  const std::int64_t tail = queue.tail(), waiting = queue.head() - tail;
  const Tensor& versions = state.tensor("unrolls.versions", {waiting}, DType::f64);
  for (std::int64_t n = 0; n < waiting; ++n) {
    ring.version(tail + n) = static_cast<std::int64_t>(versions.data<double>()[n]);
  }
  for (std::size_t i = 0; i < ring.tensors().size(); ++i) {
    const Tensor& all = ring.tensors()[i];
    const Tensor& rows = state.tensor(ring_name(i), with_rows(all.shape(), waiting), all.dtype());
    for (std::int64_t n = 0; n < waiting; ++n) {
      const std::int64_t place = (tail + n) % ring.rows();
      context.upload(all.rows(place, place + 1), rows.rows(n, n + 1).raw());
    }
  }
}

constexpr const char *written_name = "unrolls_written", *read_name = "unrolls_read", *choices_name = "choices";

/// Where a side's state is in a checkpoint: at the top if the run has one side alone.
std::string section_name(std::int64_t side) {
  return fmt::format("group.{}", side);
}

}  // namespace

void ActorPool::save_side(Context& context, Side& side, const StateWriter& state) {
  for (std::int64_t n = 0; n < side.group->size(); ++n) state.bytes(env_name(n), side.group->save(n));
  state.reals("actor.returns", side.group->running_returns());
  const std::vector<Tensor>& carried = side.actor.policy().state();
  for (std::size_t i = 0; i < carried.size(); ++i) state.tensor(state_name(i), context, carried[i]);
  if (side.queue.head() > side.queue.tail()) save_waiting(context, side.ring, side.queue, state);
  state.integer(written_name, side.queue.head());
  state.integer(read_name, side.queue.tail());
  state.integer(choices_name, side.actor.choices());
}

void ActorPool::save(Context& context, const StateWriter& state) {
  if (!saves_state_) return;
  if (groups_ == 1) return save_side(context, *sides_.front(), state);
  for (const std::unique_ptr<Side>& side : sides_) save_side(context, *side, state.section(section_name(side->number)));
}

void ActorPool::restore_side(Context& context, Side& side, const StateReader& state,
                             const std::map<std::string, std::int64_t>& counters) {
  const auto number = [&](const char* name) { return state.has(name) ? state.integer(name) : counters.at(name); };
  for (std::int64_t n = 0; n < side.group->size(); ++n) side.group->load(n, state.text(env_name(n)));
  side.group->observe_again(context);
  std::vector<double>& returns = side.group->running_returns();
  const Tensor& stored = state.tensor("actor.returns", {side.group->size()}, DType::f64);
  returns.assign(stored.data<double>(), stored.data<double>() + returns.size());
  const std::vector<Tensor>& carried = side.actor.policy().state();
  for (std::size_t i = 0; i < carried.size(); ++i) state.restore(context, state_name(i), carried[i]);
  side.queue.continue_from(number(written_name), number(read_name));
  side.actor.set_choices(number(choices_name));
  if (side.queue.head() > side.queue.tail()) restore_waiting(context, side.ring, side.queue, state);
}

bool ActorPool::restore(Context& context, const StateReader& state,
                        const std::map<std::string, std::int64_t>& counters) {
  if (!saves_state_ || (state.empty() && !counters.contains(choices_name))) {
    // Other random numbers than those that the first session began with.
    for (const std::unique_ptr<Side>& side : sides_) side->actor.set_choices(updates_ * side->ring.unroll());
    return false;
  }
  if (groups_ == 1) {
    restore_side(context, *sides_.front(), state, counters);
  } else {
    for (const std::unique_ptr<Side>& side : sides_) {
      restore_side(context, *side, state.section(section_name(side->number)), {});
    }
  }
  return true;
}

}  // namespace srwm
