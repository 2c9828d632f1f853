#include "ops/cuda/update.h"

#include <algorithm>
#include <vector>

#include "kernels/update.h"
#include "ops/cuda/gather_images.h"
#include "ops/cuda/queue.h"

namespace srwm::cuda {
namespace {

void add_outcome_body(Context& context, const AddOutcome& outcome) {
  double* ledger = outcome.ledger.data<double>();
  add_outcome(stream_of(context), outcome.loss.data<float>(), outcome.correct.data<float>(), ledger + Ledger::loss,
              ledger + Ledger::correct);
}

/// The parameters cut into chunks, as a table in device memory.
Tensor plan_adam(Context& context, std::span<const AdamTensors> tensors) {
  std::vector<AdamChunk> chunks;
  for (const AdamTensors& p : tensors) {
    for (std::int64_t begin = 0; begin < p.value.numel(); begin += adam_chunk) {
      const std::int64_t count = std::min<std::int64_t>(adam_chunk, p.value.numel() - begin);
      chunks.push_back({p.value.data<float>() + begin, p.m.data<float>() + begin, p.v.data<float>() + begin,
                        p.grad.data<float>() + begin, static_cast<int>(count)});
    }
  }
  Tensor plan = context.persistent({static_cast<std::int64_t>(chunks.size() * sizeof(AdamChunk))}, DType::u8);
  context.upload(plan, chunks.data());
  return plan;
}

void adam_body(Context& context, const AdamUpdate& u) {
  const std::int64_t chunks = u.plan.numel() / static_cast<std::int64_t>(sizeof(AdamChunk));
  if (chunks == 0) return;
  const double* numbers = u.numbers.data<double>();
  double* ledger = u.ledger.data<double>();
  adam(stream_of(context), {.chunks = static_cast<const AdamChunk*>(u.plan.raw()),
                            .count = static_cast<int>(chunks),
                            .partial = context.empty({chunks}, DType::f64).data<double>(),
                            .decision = context.empty({2}, DType::f32).data<float>(),
                            .step = numbers + AdamNumbers::step,
                            .step_size = numbers + AdamNumbers::step_size,
                            .root_correction = numbers + AdamNumbers::root_correction,
                            .ledger_loss = ledger + Ledger::loss,
                            .ledger_norm = ledger + Ledger::grad_norm,
                            .ledger_bad_step = ledger + Ledger::bad_step,
                            .beta1 = static_cast<float>(u.beta1),
                            .beta2 = static_cast<float>(u.beta2),
                            .eps = static_cast<float>(u.eps),
                            .clip_norm = u.clip_norm});
}

}  // namespace

UpdateBodies update_bodies() {
  return {gather_images_body, add_outcome_body, plan_adam, adam_body};
}

}  // namespace srwm::cuda
