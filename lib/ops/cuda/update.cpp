#include "ops/cuda/update.h"

#include <algorithm>
#include <vector>

#include "kernels/update.h"
#include "ops/cuda/actor_critic.h"
#include "ops/cuda/gather_images.h"
#include "ops/cuda/queue.h"

namespace srwm::cuda {
namespace {

void store_pass_body(Context& context, const StorePass& pass) {
  StorePassLaunch launch{.values = {}, .count = static_cast<int>(pass.count), .row = pass.row.data<double>()};
  for (std::size_t i = 0; i < pass.count; ++i) launch.values[i] = pass.values[i].data<float>();
  store_pass(stream_of(context), launch);
}

void fold_passes_body(Context& context, const FoldPasses& fold) {
  double* stats = fold.stats.data<double>();
  fold_passes(stream_of(context), {.rows = fold.rows.data<double>(),
                                   .passes = static_cast<int>(fold.rows.dim(0)),
                                   .count = static_cast<int>(fold.rows.dim(1)),
                                   .loss = stats + StepStats::loss,
                                   .sums = stats + StepStats::sums});
}

void scale_add_body(Context& context, const ScaleAdd& add) {
  scale_add(stream_of(context), {.to = add.to.data<float>(),
                                 .from = add.from.data<float>(),
                                 .count = add.to.numel(),
                                 .scale = static_cast<float>(add.scale)});
}

/// The parameters cut into chunks, as a table in device memory.
Tensor plan_update(Context& context, std::span<const UpdatedTensors> tensors) {
  std::vector<UpdateChunk> chunks;
  for (const UpdatedTensors& p : tensors) {
    for (std::int64_t begin = 0; begin < p.value.numel(); begin += update_chunk) {
      const std::int64_t count = std::min<std::int64_t>(update_chunk, p.value.numel() - begin);
      chunks.push_back({p.value.data<float>() + begin, p.m ? p.m.data<float>() + begin : nullptr,
                        p.v.data<float>() + begin, p.grad.data<float>() + begin, static_cast<int>(count)});
    }
  }
  Tensor plan = context.persistent({static_cast<std::int64_t>(chunks.size() * sizeof(UpdateChunk))}, DType::u8);
  context.upload(plan, chunks.data());
  return plan;
}

/// What Adam and RMSProp have in common; `step` is the number of their step on the device.
template <typename Update>
ClippedUpdate clipped(Context& context, const Update& u, const double* step) {
  const std::int64_t chunks = u.plan.numel() / static_cast<std::int64_t>(sizeof(UpdateChunk));
  double* stats = u.stats.template data<double>();
  return {.chunks = static_cast<const UpdateChunk*>(u.plan.raw()),
          .count = static_cast<int>(chunks),
          .partial = context.empty({chunks}, DType::f64).data<double>(),
          .decision = context.empty({2}, DType::f32).data<float>(),
          .step = step,
          .stats_loss = stats + StepStats::loss,
          .stats_norm = stats + StepStats::grad_norm,
          .stats_bad_step = stats + StepStats::bad_step,
          .clip_norm = u.clip_norm};
}

void adam_body(Context& context, const AdamUpdate& u) {
  const double* numbers = u.numbers.data<double>();
  const ClippedUpdate update = clipped(context, u, numbers + AdamNumbers::step);
  if (update.count == 0) return;
  adam(stream_of(context), {.update = update,
                            .step_size = numbers + AdamNumbers::step_size,
                            .root_correction = numbers + AdamNumbers::root_correction,
                            .beta1 = static_cast<float>(u.beta1),
                            .beta2 = static_cast<float>(u.beta2),
                            .eps = static_cast<float>(u.eps)});
}

void rmsprop_body(Context& context, const RmsPropUpdate& u) {
  const double* numbers = u.numbers.data<double>();
  const ClippedUpdate update = clipped(context, u, numbers + RmsPropNumbers::step);
  if (update.count == 0) return;
  rmsprop(stream_of(context), {.update = update,
                               .learning_rate = numbers + RmsPropNumbers::learning_rate,
                               .alpha = static_cast<float>(u.alpha),
                               .eps = static_cast<float>(u.eps)});
}

}  // namespace

UpdateBodies update_bodies() {
  return {gather_images_body, store_pass_body, fold_passes_body, scale_add_body,     plan_update,
          adam_body,          rmsprop_body,    vtrace_body,      sample_actions_body};
}

}  // namespace srwm::cuda
