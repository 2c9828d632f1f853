#include "fewshot/learner.h"

#include <algorithm>

#include "ops/backend.h"

namespace srwm {
namespace {

template <typename T>
Tensor to_device(Context& context, const std::vector<T>& values) {
  Tensor tensor = context.empty({static_cast<std::int64_t>(values.size())}, DTypeOf<T>::value);
  context.upload(tensor, values.data());
  return tensor;
}

/// A list in step memory of the host, on its way to the device.
class HostList {
 public:
  HostList(Context& context, std::int64_t most)
      : values_(
            static_cast<std::int32_t*>(context.host_scratch(static_cast<std::size_t>(most) * sizeof(std::int32_t)))) {}
  void push_back(std::int64_t value) { values_[size_++] = static_cast<std::int32_t>(value); }
  Tensor on_device(Context& context) const {
    Tensor tensor = context.empty({size_}, DType::i32);
    context.upload(tensor, values_);
    return tensor;
  }

 private:
  std::int32_t* values_;
  std::int64_t size_ = 0;
};

/// Positions with and without a target, ascending, and the targets.
void stage_positions(Context& context, const EpisodeBatch& batch, StagedBatch& staged) {
  const std::int64_t positions = batch.positions();
  HostList rows(context, positions), targets(context, positions), support_rows(context, positions);
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

/// The indices of a batch's images into one of several sets; -1 for images of the others.
Tensor index_into(Context& context, const EpisodeBatch& batch, std::size_t set) {
  HostList index(context, batch.positions());
  for (std::size_t p = 0; p < batch.image.size(); ++p) index.push_back(batch.task[p] == set ? batch.image[p] : -1);
  return index.on_device(context);
}

GatherImages stage_gather(const ImageSet& set, const Tensor& images, const Tensor& index, const Tensor& rotation,
                          const Tensor& out) {
  GatherImages gather{.images = images, .index = index, .rotation = rotation, .out = out};
  std::ranges::copy(set.mean, gather.mean.begin());
  std::ranges::copy(set.std, gather.std.begin());
  return gather;
}

void stage_images(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                  const std::array<Tensor, ImagePool::max_sets>& images, StagedBatch& staged) {
  const ImageShape image = pool.shape();
  check_rotations(batch, image);
  staged.input.images = context.empty({batch.positions(), image.height, image.width, image.channels});
  const Tensor rotation = to_device(context, batch.rotation);
  staged.sets = pool.sets.size();
  for (std::size_t i = 0; i < staged.sets; ++i) {
    const Tensor index = staged.sets == 1 ? to_device(context, batch.image) : index_into(context, batch, i);
    staged.gathers[i] = stage_gather(pool.sets[i], images[i], index, rotation, staged.input.images);
  }
}

double scalar(Context& context, const Tensor& tensor) {
  const Tensor value = context.on_host(tensor);
  return value.dtype() == DType::f64 ? *value.data<double>() : static_cast<double>(*value.data<float>());
}

}  // namespace

FewShotLearner::FewShotLearner(Context& context, const ExperimentSpec& spec, const ImageShape& image)
    : parameters_(context, spec.seed), model_(parameters_, spec.model, image, spec.protocol.n_way) {}

StagedBatch FewShotLearner::stage(Context& context, const EpisodeBatch& batch, const ImagePool& pool) {
  SRWM_CHECK(pool.sets.size() <= ImagePool::max_sets, "{} sets of images", pool.sets.size());
  std::array<Tensor, ImagePool::max_sets> images;
  for (std::size_t i = 0; i < pool.sets.size(); ++i) images[i] = on_device(context, pool.sets[i].images);
  context.rewind();
  StagedBatch staged;
  stage_images(context, batch, pool, images, staged);
  staged.input.labels = to_device(context, batch.label_in);
  staged.input.batch = batch.batch;
  staged.input.length = batch.length;
  // A single query is the last step of the sequence: the same numbers without a second pass over the core.
  staged.input.queries = batch.queries > 1 ? batch.queries : 0;
  stage_positions(context, batch, staged);
  return staged;
}

FewShotLearner::Outcome FewShotLearner::gradient(Context& context, const StagedBatch& batch,
                                                 const TensorWatcher& watcher) {
  Tape tape(context);
  tape.watch(watcher);
  const Forward pass = forward(tape, batch, {.training = true});
  tape.backward(pass.loss);
  return {pass.loss.value(), pass.correct.value()};
}

BatchOutcome FewShotLearner::accumulate_gradient(Context& context, const EpisodeBatch& batch, const ImagePool& pool,
                                                 const TensorWatcher& watcher) {
  const StagedBatch staged = stage(context, batch, pool);
  const Outcome outcome = gradient(context, staged, watcher);
  return {scalar(context, outcome.loss), static_cast<std::int64_t>(scalar(context, outcome.correct)),
          staged.targets.numel()};
}

FewShotLearner::Prediction FewShotLearner::predict(Context& context, const StagedBatch& batch) {
  Tape tape(context, Tape::Mode::forward_only);
  const Forward pass = forward(tape, batch, {.training = false});
  return {pass.logits.value(), {pass.loss.value(), pass.correct.value()}};
}

FewShotLearner::Forward FewShotLearner::forward(Tape& tape, const StagedBatch& batch, ForwardMode mode) {
  for (std::size_t i = 0; i < batch.sets; ++i) {
    tape.context().backend().updates.gather_images(tape.context(), batch.gathers[i]);
  }
  const Variable logits = model_.logits(tape, batch.input, mode);
  const auto [loss, correct] = tape.apply(CrossEntropy{.targets = batch.targets}, {logits});
  return {logits, loss, correct};
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
