#include "tasks/fewshot/learner.h"

#include <algorithm>

#include "ops/add.h"
#include "ops/backend.h"
#include "ops/cross_entropy.h"
#include "ops/kl_divergence.h"
#include "ops/weighted_sum.h"

namespace srwm {
namespace {

/// A list in step memory of the host, on its way to the device.
template <typename T>
class HostList {
 public:
  HostList(Context& context, std::int64_t most)
      : values_(static_cast<T*>(context.host_scratch(static_cast<std::size_t>(most) * sizeof(T)))) {}
  void push_back(std::int64_t value) { values_[size_++] = static_cast<T>(value); }
  Tensor on_device(Context& context) const {
    Tensor tensor = context.empty({size_}, DTypeOf<T>::value);
    context.upload(tensor, values_);
    return tensor;
  }

 private:
  T* values_;
  std::int64_t size_ = 0;
};

/// The positions of a batch in the order in which its images are staged: as they are, or part by part - support,
/// queries, future - where there are future images.
template <typename Function>
void for_each_position(const EpisodeBatch& batch, const Function& function) {
  struct Part {
    std::int64_t begin = 0, end = 0;
  };
  const std::int64_t queries = batch.length - batch.queries, future = queries - batch.future;
  const std::array<Part, 3> by_part{Part{0, future}, Part{queries, batch.length}, Part{future, queries}};
  const std::array<Part, 3> whole{Part{0, batch.length}};
  for (const Part& part : batch.future > 0 ? by_part : whole) {
    for (std::int64_t b = 0; b < batch.batch; ++b) {
      for (std::int64_t t = part.begin; t < part.end; ++t) function(static_cast<std::size_t>(b * batch.length + t));
    }
  }
}

/// value(p) of each position p in the order of staging.
template <typename T, typename Value>
Tensor stage_list(Context& context, const EpisodeBatch& batch, const Value& value) {
  HostList<T> list(context, batch.positions());
  for_each_position(batch, [&](std::size_t p) { list.push_back(value(p)); });
  return list.on_device(context);
}

/// Positions with and without a target, ascending, and the targets.
void stage_positions(Context& context, const EpisodeBatch& batch, StagedBatch& staged) {
  const std::int64_t positions = batch.positions();
  HostList<std::int32_t> rows(context, positions), targets(context, positions), support_rows(context, positions);
  for (std::int64_t p = 0; p < positions; ++p) {
    const std::int32_t target = batch.target[static_cast<std::size_t>(p)];
    if (target >= 0) {
      rows.push_back(p);
      targets.push_back(target);
    } else {
      support_rows.push_back(p);
    }
  }
  staged.input.rows = rows.on_device(context);
  staged.targets = targets.on_device(context);
  if (staged.input.queries > 0) staged.input.support_rows = support_rows.on_device(context);
}

void check_rotations(const EpisodeBatch& batch, const ImageShape& image) {
  if (image.height == image.width) return;
  for (const std::uint8_t turns : batch.rotation) {
    SRWM_CHECK(turns % 2 == 0, "a quarter turn of an image that is not square");
  }
}

/// The placements in the order of staging; absent if there are none.
Tensor stage_placements(Context& context, const EpisodeBatch& batch, std::span<const Placement> placements) {
  if (placements.empty()) return {};
  auto* rows = static_cast<Placement*>(context.host_scratch(placements.size_bytes()));
  std::size_t row = 0;
  for_each_position(batch, [&](std::size_t p) { rows[row++] = placements[p]; });
  Tensor tensor = context.empty({batch.positions(), std::ssize(rows[0])}, DType::f32);
  context.upload(tensor, rows);
  return tensor;
}

GatherImages stage_gather(const ImageSet& set, GatherImages gather) {
  std::ranges::copy(set.mean, gather.mean.begin());
  std::ranges::copy(set.std, gather.std.begin());
  return gather;
}

void stage_images(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                  const std::array<Tensor, ImagePool::max_sets>& images, std::span<const Placement> placements,
                  StagedBatch& staged) {
  const ImageShape image = pool.shape();
  check_rotations(batch, image);
  staged.input.images = context.empty({batch.positions(), image.height, image.width, image.channels});
  const Tensor rotation = stage_list<std::uint8_t>(context, batch, [&](std::size_t p) { return batch.rotation[p]; });
  const Tensor placement = stage_placements(context, batch, placements);
  staged.sets = pool.sets.size();
  for (std::size_t i = 0; i < staged.sets; ++i) {
    // Images of the other set are left to its own gathering.
    const Tensor index = stage_list<std::int32_t>(
        context, batch, [&](std::size_t p) { return batch.task[p] == i ? batch.image[p] : -1; });
    staged.gathers[i] = stage_gather(pool.sets[i], {.images = images[i],
                                                    .index = index,
                                                    .rotation = rotation,
                                                    .placement = placement,
                                                    .out = staged.input.images});
  }
}

/// The tensors that a state tensor consists of, along its last axis: those of an SRWM are W^y, W^q, W^k, W^b.
std::array<std::int64_t, MeanSquares::max_blocks> state_blocks(const CoreOptions& core) {
  if (core.kind != CoreKind::srwm) return {};
  const std::int64_t head = core.hidden / core.heads;
  return {head, head, head, 4};
}

double scalar(Context& context, const Tensor& tensor) {
  const Tensor value = context.on_host(tensor);
  return value.dtype() == DType::f64 ? *value.data<double>() : static_cast<double>(*value.data<float>());
}

}  // namespace

void gather_images(Context& context, const StagedBatch& batch) {
  for (std::size_t i = 0; i < batch.sets; ++i) context.backend().updates.gather_images(context, batch.gathers[i]);
}

FewShotLearner::FewShotLearner(Context& context, const ExperimentSpec& spec, const ImageShape& image)
    : bootstrap_(spec.bootstrap),
      state_blocks_(state_blocks(spec.model.core)),
      parameters_(context, spec.seed),
      model_(parameters_, spec.model, image, spec.protocol.n_way) {}

StagedBatch FewShotLearner::stage(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                                  std::span<const Placement> placements) {
  SRWM_CHECK(pool.sets.size() <= ImagePool::max_sets, "{} sets of images", pool.sets.size());
  std::array<Tensor, ImagePool::max_sets> images;
  for (std::size_t i = 0; i < pool.sets.size(); ++i) images[i] = on_device(context, pool.sets[i].images);
  context.rewind();
  StagedBatch staged;
  stage_images(context, batch, pool, images, placements, staged);
  staged.input.labels = stage_list<std::int32_t>(context, batch, [&](std::size_t p) { return batch.label_in[p]; });
  staged.input.batch = batch.batch;
  staged.input.length = batch.length;
  // A single query is the last step of the sequence: the same numbers without a second pass over the core.
  staged.input.queries = batch.queries > 1 ? batch.queries : 0;
  stage_positions(context, batch, staged);
  if (batch.future > 0) {
    staged.bootstrap = {.images = staged.input.images,
                        .labels = staged.input.labels,
                        .batch = batch.batch,
                        .support = batch.length - batch.future - batch.queries,
                        .queries = batch.queries,
                        .future = batch.future};
  }
  return staged;
}

FewShotLearner::Outcome FewShotLearner::gradient(Context& context, const StagedBatch& batch,
                                                 const TensorWatcher& watcher) {
  Tape tape(context);
  tape.watch(watcher);
  const Forward pass = training_pass(tape, batch);
  tape.backward(pass.loss);
  return {pass.loss.value(), pass.correct.value()};
}

FewShotLearner::Outcome FewShotLearner::loss(Context& context, const StagedBatch& batch) {
  Tape tape(context, Tape::Mode::forward_only);
  const Forward pass = training_pass(tape, batch);
  return {pass.loss.value(), pass.correct.value()};
}

FewShotLearner::Forward FewShotLearner::training_pass(Tape& tape, const StagedBatch& batch) {
  return batch.bootstrap.future > 0 ? bootstrapped(tape, batch) : forward(tape, batch, {.training = true});
}

BatchOutcome FewShotLearner::accumulate_gradient(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                                                 const TensorWatcher& watcher) {
  const StagedBatch staged = stage(context, batch, pool);
  const Outcome outcome = gradient(context, staged, watcher);
  return {scalar(context, outcome.loss), static_cast<std::int64_t>(scalar(context, outcome.correct)),
          staged.targets.numel()};
}

FewShotLearner::Prediction FewShotLearner::predict(Context& context, const StagedBatch& batch,
                                                   const TensorWatcher& watcher) {
  Tape tape(context, Tape::Mode::forward_only);
  tape.watch(watcher);
  const Forward pass = forward(tape, batch, {.training = false});
  return {pass.logits.value(), {pass.loss.value(), pass.correct.value()}};
}

FewShotLearner::Forward FewShotLearner::forward(Tape& tape, const StagedBatch& batch, ForwardMode mode) {
  gather_images(tape.context(), batch);
  const Variable logits = model_.logits(tape, batch.input, mode);
  const auto [loss, correct] = tape.apply(CrossEntropy{.targets = batch.targets}, {logits});
  return {logits, loss, correct};
}

FewShotLearner::Forward FewShotLearner::bootstrapped(Tape& tape, const StagedBatch& batch) const {
  gather_images(tape.context(), batch);
  const BootstrapOutput output = model_.bootstrap(tape, batch.bootstrap);
  const CrossEntropy cross_entropy{.targets = batch.targets};
  const auto [loss, correct] = tape.apply(cross_entropy, {output.logits});
  const auto [future_loss, future_correct] = tape.apply(cross_entropy, {output.future_logits});
  const Variable match = bootstrap_.kind == BootstrapKind::kl
                             ? tape.apply(KlDivergence{.target = output.future_logits.value()}, {output.logits})[0]
                             : state_difference(tape, output);
  const WeightedSum total{{bootstrap_.loss_scale, bootstrap_.match_scale, bootstrap_.future_loss_scale}};
  return {output.logits, tape.apply(total, {loss, match, future_loss})[0], correct};
}

Variable FewShotLearner::state_difference(Tape& tape, const BootstrapOutput& output) const {
  Variable sum;
  for (std::size_t i = 0; i < output.state.size(); ++i) {
    const MeanSquares squares{.target = output.future_state.at(i).value(), .widths = state_blocks_};
    const Variable of_tensor = tape.apply(squares, {output.state.at(i)})[0];
    sum = sum.absent() ? of_tensor : tape.apply(Add{}, {sum, of_tensor})[0];
  }
  return sum;
}

Tensor FewShotLearner::on_device(Context& context, const Tensor& images) {
  if (context.device().kind == Device::Kind::cpu) return images;
  for (const auto& [host, device] : pools_) {
    if (host.raw() == images.raw()) return device;
  }
  Tensor device = context.persistent(images.shape(), images.dtype());
  context.upload(device, images.raw());
  pools_.emplace_back(images, device);
  return device;
}

}  // namespace srwm
