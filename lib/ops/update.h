// What a training step does besides ops: functions without a gradient, in every backend. None of them waits for the
// device; what the host wants to know is in the step statistics.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/tensor.h"
#include "ops/context.h"
#include "ops/gather_images.h"
#include "ops/sample_actions.h"
#include "ops/vtrace.h"

namespace srwm {

/// Elements of the step statistics, a tensor f64 [StepStats::sums + n] on the device in which training steps add up
/// what is reported.
struct StepStats {
  enum : std::size_t {
    loss,       ///< sum of the losses of all passes
    grad_norm,  ///< of the last optimizer step, before clipping
    bad_step,   ///< the first optimizer step with a loss or gradient that is not finite, counted from 1; 0: none
    sums        ///< from here on the n other sums of the task
  };
  static constexpr std::size_t most_sums = 7;
};

/// What a pass computed, as a row f64 [count]: row[i] = values[i], each [1]. The first value is the loss.
struct StorePass {
  std::array<Tensor, 1 + StepStats::most_sums> values;
  std::size_t count = 0;
  Tensor row;
};

/// Adds the rows [passes, 1 + n] of a step in the order of its passes: stats[loss] += row[0], stats[sums + i] +=
/// row[1 + i].
struct FoldPasses {
  Tensor rows, stats;
};

/// to <- scale to + from, of one shape and type real.
struct ScaleAdd {
  double scale;
  Tensor to, from;
};

/// One parameter as an optimizer sees it; all tensors have one shape and type.
struct UpdatedTensors {
  Tensor value, grad;
  Tensor m;  ///< Adam's first moment; absent for RMSProp
  Tensor v;  ///< running mean of the squares of the gradient
};

/// What changes from one Adam step to the next: a tensor f64 [AdamNumbers::size] on the device, so that the launches of
/// one step serve another.
struct AdamNumbers {
  enum : std::size_t {
    step,             ///< t, counted from 1
    step_size,        ///< learning_rate / (1 - beta1^t)
    root_correction,  ///< sqrt(1 - beta2^t)
    size
  };
};

/// One Adam step (Kingma, Ba, 2015), as torch.optim.Adam, with g = scale * grad:
///   m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
///   value <- value - step_size m / (sqrt(v) / root_correction + eps)
/// stats[grad_norm] becomes the Euclidean norm of all gradients together, added up in double in an order that depends
/// on shapes alone; scale = clip_norm / (norm + 1e-6) where it is above clip_norm > 0, else 1. If the norm or
/// stats[loss] is not finite, or stats[bad_step] is set already, nothing changes but stats[bad_step], which becomes
/// t if it was 0.
struct AdamUpdate {
  std::span<const UpdatedTensors> tensors;
  Tensor plan;  ///< what plan_update made of the same tensors
  Tensor numbers, stats;
  double beta1, beta2, eps, clip_norm;
};

/// What changes from one RMSProp step to the next, as AdamNumbers.
struct RmsPropNumbers {
  enum : std::size_t {
    step,  ///< counted from 1
    learning_rate,
    size
  };
};

/// One RMSProp step (Tieleman, Hinton, 2012), as torch.optim.RMSprop without momentum, with g = scale * grad:
///   v <- alpha v + (1 - alpha) g^2,  value <- value - learning_rate g / (sqrt(v) + eps)
/// Norm, scale and statistics as for Adam.
struct RmsPropUpdate {
  std::span<const UpdatedTensors> tensors;
  Tensor plan;  ///< what plan_update made of the same tensors
  Tensor numbers, stats;
  double alpha, eps, clip_norm;
};

struct UpdateBodies {
  void (*gather_images)(Context&, const GatherImages&) = nullptr;
  void (*store_pass)(Context&, const StorePass&) = nullptr;
  void (*fold_passes)(Context&, const FoldPasses&) = nullptr;
  void (*scale_add)(Context&, const ScaleAdd&) = nullptr;
  /// What an optimizer needs to know of its tensors on the device, in persistent memory; absent where it needs nothing.
  Tensor (*plan_update)(Context&, std::span<const UpdatedTensors>) = nullptr;
  void (*adam)(Context&, const AdamUpdate&) = nullptr;
  void (*rmsprop)(Context&, const RmsPropUpdate&) = nullptr;
  void (*vtrace)(Context&, const VTrace&) = nullptr;
  void (*sample_actions)(Context&, const SampleActions&) = nullptr;
};

/// Bodies for tensors in host memory, for both the reference and the fast backend: reference implementation in double,
/// vector code in float.
UpdateBodies host_update_bodies(DType real);

}  // namespace srwm
