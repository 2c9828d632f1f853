// DeltaNet, W_t = W_{t-1} + beta (v - W_{t-1} k') (x) k', y_t = W_t q', and its gradient through all of time. The
// backward pass rebuilds W_{t-1} from W_t by undoing the update, and starts again from a saved W every save_every
// steps.
//
// A block per (sequence, head) for all steps, W and dL/dW in registers: kernels/fast_weight_matrix.cuh has the layout.
#include "kernels/delta_net.h"
#include "kernels/delta_net_in_memory.h"
#include "kernels/delta_net_offsets.cuh"
#include "kernels/feature_map.cuh"

namespace srwm::cuda {
namespace {

template <class L>
__global__ void __launch_bounds__(L::threads) delta_net_forward_kernel(DeltaNetForward p) {
  __shared__ float keys[2][L::D], sums[2];
  const DeltaNetHead head(p.sizes);
  const MatrixInMemory<L, 1> memory{L::D, L::D};
  const int row = L::row();
  float w[1][L::K] = {};
  if (p.w_first != nullptr) memory.load(p.w_first + head.first_matrix_at(), w);
  for (int t = 0; t < p.sizes.steps; ++t) {
    if (head.resets(p.reset, t)) {
      memory.store(w, p.before_reset + head.step_at(t) * head.matrix);
#pragma unroll
      for (int m = 0; m < L::K; ++m) w[0][m] = 0;
    }
    const float* projected = p.projected + head.projected_at(t);
    const DeltaNetRecord record(p.steps, head.step_at(t), L::D);
    L::sync();  // the last step's keys have been read
    feature_maps<L>(projected, p.eps, keys, sums);
    const float beta = sigmoid(projected[3 * L::D]), v = projected[2 * L::D + row];
    L::sync();
    // delta = v - W k',  W += beta delta (x) k',  y = W q'
    const float delta = v - row_times<L>(w[0], keys[1]);
#pragma unroll
    for (int m = 0; m < L::K; ++m) w[0][m] += beta * delta * keys[1][L::first_column() + m];
    const float y = row_times<L>(w[0], keys[0]);
    if (L::part() == 0) {
      p.y[head.y_at(t) + row] = y;
      record.delta[row] = delta;
    }
    if (threadIdx.x < L::D) {
      record.q[threadIdx.x] = keys[0][threadIdx.x];
      record.k[threadIdx.x] = keys[1][threadIdx.x];
    }
    if (threadIdx.x < 2) record.sums[threadIdx.x] = sums[threadIdx.x];
    if (threadIdx.x == 0) *record.beta = beta;
    if (head.keeps(t)) memory.store(w, p.saved_w + head.saved_at(t));
  }
  memory.store(w, p.w_last + head.matrix_at());
}

template <class L>
struct DeltaBackwardShared {
  float keys[2][L::D];
  float dq[L::warps][L::D], dk[L::warps][L::D];  ///< partial sums of dL/dq' and dL/dk'
  float dbeta[L::warps];
};

template <class L>
__global__ void __launch_bounds__(L::threads) delta_net_backward_kernel(DeltaNetBackward p) {
  __shared__ DeltaBackwardShared<L> s;
  const DeltaNetHead head(p.sizes);
  const MatrixInMemory<L, 1> memory{L::D, L::D};
  const int row = L::row(), first = L::first_column();
  float w[1][L::K], g[1][L::K] = {};  // W_t and dL/dW_t
  memory.load(p.w_last + head.matrix_at(), w);
  if (p.dL_dw_last != nullptr) memory.load(p.dL_dw_last + head.matrix_at(), g);
  for (int t = p.sizes.steps - 1; t >= 0; --t) {
    const DeltaNetRecord record(const_cast<float*>(p.steps), head.step_at(t), L::D);
    if (head.keeps(t)) memory.load(p.saved_w + head.saved_at(t), w);
    L::sync();  // the last step's shared values have been read
    if (threadIdx.x < L::D) {
      s.keys[0][threadIdx.x] = record.q[threadIdx.x];
      s.keys[1][threadIdx.x] = record.k[threadIdx.x];
    }
    const float beta = *record.beta, delta = record.delta[row], u = beta * delta;
    const float dy = p.dL_dy != nullptr ? p.dL_dy[head.y_at(t) + row] : 0.0f;
    L::sync();
    float dq[L::K], dk[L::K];
#pragma unroll
    for (int m = 0; m < L::K; ++m) {
      dq[m] = w[0][m] * dy;  // y_t = W_t q'
      g[0][m] += dy * s.keys[0][first + m];
    }
    // W_t = W_{t-1} + u (x) k', u = beta delta, delta = v - W_{t-1} k'
    const float du = row_times<L>(g[0], s.keys[1]), ddelta = beta * du;
#pragma unroll
    for (int m = 0; m < L::K; ++m) {
      const float k = s.keys[1][first + m];
      w[0][m] -= u * k;
      dk[m] = g[0][m] * u - w[0][m] * ddelta;
      g[0][m] -= ddelta * k;
    }
    column_sums_of_warp<L>(dq, s.dq);
    column_sums_of_warp<L>(dk, s.dk);
    const float dbeta = warp_sum(L::part() == 0 ? du * delta : 0.0f);
    if (L::lane() == 0) s.dbeta[L::warp()] = dbeta;
    L::sync();
    if (p.dL_dprojected != nullptr) {
      const float* projected = p.projected + head.projected_at(t);
      float* to = p.dL_dprojected + head.projected_at(t);
      const auto dL_dkey = [](int which, int i) { return over_warps<L>(which == 0 ? s.dq : s.dk, i); };
      feature_maps_backward<L>(s.keys, dL_dkey, projected, record.sums, p.accumulate, to);
      if (L::part() == 0) put(p.accumulate, to[2 * L::D + row], ddelta);
      if (threadIdx.x == 0) {
        float total = 0;
#pragma unroll
        for (int warp = 0; warp < L::warps; ++warp) total += s.dbeta[warp];
        put(p.accumulate, to[3 * L::D], total * beta * (1 - beta));
      }
    }
    if (head.resets(p.reset, t)) {
      memory.load(p.before_reset + head.step_at(t) * head.matrix, w);
#pragma unroll
      for (int m = 0; m < L::K; ++m) g[0][m] = 0;
    }
  }
  memory.store(g, p.dL_dw_first + head.matrix_at());
}

}  // namespace

std::int64_t delta_net_saved_matrices(int d, std::int64_t steps) {
  return has_layout(d) ? saved_matrices(steps) : steps;
}

void delta_net_forward(cudaStream_t stream, const DeltaNetForward& p) {
  const bool launched = with_layout(p.sizes.d, [&](auto layout) {
    using L = decltype(layout);
    launch("delta_net forward", delta_net_forward_kernel<L>, blocks_for<L>(p.sizes), stream, p);
  });
  if (!launched) delta_net_forward_in_memory(stream, p);
}

void delta_net_backward(cudaStream_t stream, const DeltaNetBackward& p) {
  const bool launched = with_layout(p.sizes.d, [&](auto layout) {
    using L = decltype(layout);
    launch("delta_net backward", delta_net_backward_kernel<L>, blocks_for<L>(p.sizes), stream, p);
  });
  if (!launched) delta_net_backward_in_memory(stream, p);
}

}  // namespace srwm::cuda
