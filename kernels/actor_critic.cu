// Actor-critic learning with V-trace (Espeholt et al., 2018): targets and advantages, the loss with its gradient, draws
// of actions. The equations are in lib/ops/vtrace.h, lib/ops/actor_critic.h and lib/ops/sample_actions.h.
//
// A thread per step (b, t); the V-trace recursion runs from the last step to the first, a thread per sequence. The
// parts of the loss are summed by one block in a fixed order.
#include "kernels/actor_critic.h"
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/log_sum_exp.cuh"
#include "kernels/philox.cuh"

namespace srwm::cuda {
namespace {

/// rho = pi(a | x) / mu(a | x), a thread per step.
__global__ void rho_kernel(VTraceLaunch p) {
  for (std::int64_t row = thread_index(); row < p.sizes.rows(); row += thread_count()) {
    if (row % (p.sizes.steps + 1) == p.sizes.steps) continue;  // whose action is not read
    const float* logits = p.logits + row * p.sizes.actions;
    p.rhos[row] = expf(logits[p.taken[row]] - log_sum_exp(logits, p.sizes.actions) - p.log_mu[row]);
  }
}

/// From the last step back, a thread per sequence.
__global__ void vtrace_kernel(VTraceLaunch p) {
  const std::int64_t b = thread_index();
  if (b >= p.sizes.batch) return;
  const std::int64_t steps = p.sizes.steps, base = b * (steps + 1);
  float vs_next = p.values[base + steps];
  for (std::int64_t t = steps - 1; t >= 0; --t) {
    const float rho = p.rhos[base + t], value = p.values[base + t], value_next = p.values[base + t + 1];
    const float reward = fminf(fmaxf(p.rewards[base + t + 1], -p.reward_limit), p.reward_limit);
    const float gamma = p.is_first[base + t + 1] != 0 ? 0.0f : p.discount;
    // delta_t = min(rho_clip, rho) (r + gamma V_{t+1} - V_t)
    const float delta = (rho > p.rho_clip ? p.rho_clip : rho) * (reward + gamma * value_next - value);
    p.advantages[b * steps + t] = (rho > p.pg_rho_clip ? p.pg_rho_clip : rho) * (reward + gamma * vs_next - value);
    // vs_t = V_t + delta_t + gamma min(c_clip, rho) (vs_{t+1} - V_{t+1})
    vs_next = value + delta + gamma * (rho > p.c_clip ? p.c_clip : rho) * (vs_next - value_next);
    p.vs[b * steps + t] = vs_next;
  }
}

/// The row of [B, T + 1] that element i of [B, T] belongs to.
__device__ __forceinline__ std::int64_t row_of(const TrajectorySizes& s, std::int64_t i) {
  return i + i / s.steps;
}

/// The three parts of each step's loss, a thread per step.
__global__ void actor_critic_rows_kernel(ActorCriticForward f) {
  const ActorCriticLaunch& p = f.of;
  const std::int64_t n = static_cast<std::int64_t>(p.sizes.batch) * p.sizes.steps;
  for (std::int64_t i = thread_index(); i < n; i += thread_count()) {
    const std::int64_t row = row_of(p.sizes, i);
    const float* logits = p.logits + row * p.sizes.actions;
    float* log_row = f.log_pi + row * p.sizes.actions;
    const float log_sum = log_sum_exp(logits, p.sizes.actions), error = p.vs[i] - p.values[row];
    float entropy = 0;
    for (int a = 0; a < p.sizes.actions; ++a) {
      const float value = logits[a] - log_sum;
      log_row[a] = value;
      entropy += expf(value) * value;
    }
    f.partial[i] = -log_row[p.taken[row]] * p.advantages[i];
    f.partial[n + i] = 0.5f * error * error;
    f.partial[2 * n + i] = entropy;
  }
}

constexpr int sum_warps = 8;

__global__ void actor_critic_sum_kernel(ActorCriticForward f) {
  const ActorCriticLaunch& p = f.of;
  const std::int64_t n = static_cast<std::int64_t>(p.sizes.batch) * p.sizes.steps;
  double sums[3] = {0, 0, 0};
  for (int part = 0; part < 3; ++part) {
    for (std::int64_t i = threadIdx.x; i < n; i += sum_warps * warp_size) {
      sums[part] += static_cast<double>(f.partial[part * n + i]);
    }
    sums[part] = block_sum<sum_warps>(sums[part]);
  }
  if (threadIdx.x > 0) return;
  *f.policy = static_cast<float>(sums[0]);
  *f.baseline = static_cast<float>(sums[1]);
  *f.entropy = static_cast<float>(sums[2]);
  *f.loss = static_cast<float>(sums[0] + static_cast<double>(p.baseline_cost) * sums[1] +
                               static_cast<double>(p.entropy_cost) * sums[2]);
}

// dL/dz[a] = dL/dloss (advantage (pi(a) - [a = taken]) + entropy_cost pi(a) (log pi(a) - sum_c pi(c) log pi(c)))
// dL/dV = dL/dloss baseline_cost (V - vs)
__global__ void actor_critic_backward_kernel(ActorCriticBackward g) {
  const ActorCriticLaunch& p = g.of;
  const float scale = *g.dL_dloss;
  const int actions = p.sizes.actions, period = p.sizes.steps + 1;
  for (std::int64_t row = thread_index(); row < p.sizes.rows(); row += thread_count()) {
    const bool counts = row % period != p.sizes.steps;
    const std::int64_t i = row - row / period;
    if (g.dL_dvalues != nullptr) {
      put(g.accumulate_values, g.dL_dvalues[row], counts ? scale * p.baseline_cost * (p.values[row] - p.vs[i]) : 0.0f);
    }
    if (g.dL_dlogits == nullptr) continue;
    const float* log_row = g.log_pi + row * actions;
    float entropy = 0;
    for (int a = 0; counts && a < actions; ++a) entropy += expf(log_row[a]) * log_row[a];
    for (int a = 0; a < actions; ++a) {
      float gradient = 0;
      if (counts) {
        const float pi = expf(log_row[a]), taken = a == p.taken[row] ? 1.0f : 0.0f;
        gradient = scale * (p.advantages[i] * (pi - taken) + p.entropy_cost * pi * (log_row[a] - entropy));
      }
      put(g.accumulate_logits, g.dL_dlogits[row * actions + a], gradient);
    }
  }
}

/// A thread per row.
__global__ void sample_actions_kernel(SampleLaunch p) {
  for (std::int64_t row = thread_index(); row < p.rows; row += thread_count()) {
    const float* logits = p.logits + row * p.actions;
    const float log_sum = log_sum_exp(logits, p.actions);
    int action = 0;
    if (p.greedy) {
      for (int a = 1; a < p.actions; ++a) action = logits[a] > logits[action] ? a : action;
    } else {
      const std::uint64_t block = p.first_block + static_cast<std::uint64_t>(row);
      const PhiloxBlock random = philox(static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                        *p.step, p.stream, p.key0, p.key1);
      const float u = static_cast<float>(random.word[0] >> 8) / 16777216.0f;
      float cumulated = 0;
      for (; action < p.actions - 1; ++action) {
        cumulated += expf(logits[action] - log_sum);
        if (u < cumulated) break;
      }
    }
    p.taken[row] = action;
    p.log_probs[row] = logits[action] - log_sum;
  }
}

}  // namespace

void vtrace(cudaStream_t stream, const VTraceLaunch& p) {
  launch("vtrace", rho_kernel, elementwise(p.sizes.rows()), stream, p);
  launch("vtrace", vtrace_kernel, Launch{static_cast<unsigned>(ceil_div(p.sizes.batch, 32)), 32}, stream, p);
}

void actor_critic(cudaStream_t stream, const ActorCriticForward& p) {
  launch("actor_critic", actor_critic_rows_kernel, elementwise(p.of.sizes.rows()), stream, p);
  launch("actor_critic", actor_critic_sum_kernel, Launch{1, sum_warps * warp_size}, stream, p);
}

void actor_critic_backward(cudaStream_t stream, const ActorCriticBackward& p) {
  launch("actor_critic_backward", actor_critic_backward_kernel, elementwise(p.of.sizes.rows()), stream, p);
}

void sample_actions(cudaStream_t stream, const SampleLaunch& p) {
  launch("sample_actions", sample_actions_kernel, elementwise(p.rows), stream, p);
}

}  // namespace srwm::cuda
