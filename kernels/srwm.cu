// SRWM, [y, q, k, b] = W_{t-1} phi(x_t), W_t = W_{t-1} + B_t (W_{t-1} (q' - k')) (x) k' (lib/ops/srwm.h), and its
// gradient through all of time. The backward pass rebuilds W_{t-1} from W_t by undoing the update, and starts again
// from a saved W every save_every steps.
//
// A block per (sequence, head) for all steps, W and dL/dW in registers, the rows in four blocks y, q, k, b:
// kernels/fast_weight_matrix.cuh has the layout.
#include "kernels/fast_weight_head.cuh"
#include "kernels/fast_weight_matrix.cuh"
#include "kernels/srwm.h"
#include "kernels/srwm_in_memory.h"

namespace srwm::cuda {
namespace {

constexpr int blocks = 4;  // of rows: y, q, k, b

template <class L>
struct Head : FastWeightHead {
  static constexpr int rows = 3 * L::D + 4;

  __device__ __forceinline__ explicit Head(const FastWeightSizes& n)
      : FastWeightHead(n, static_cast<std::int64_t>(L::D) * rows) {}

  __device__ __forceinline__ std::int64_t x_at(int t) const { return step_of_input(t) * L::D; }
};

/// Parts of a step's record.
template <class L>
struct Record {
  __device__ __forceinline__ Record(float* steps, std::int64_t step, bool input_softmax)
      : q(steps + step * srwm_record(L::D, L::D, input_softmax)),
        k(q + L::D),
        beta(k + L::D),
        delta(beta + 4),
        phi(delta + Head<L>::rows) {}
  float *q, *k, *beta, *delta, *phi;
};

template <class L>
__global__ void __launch_bounds__(L::threads) srwm_forward_kernel(SrwmForward p) {
  __shared__ float phi[2][L::D], logits[2][L::D], keys[2][L::D], gates[4];  // phi in phi[0]; q' and k' in keys
  const Head<L> head(p.sizes);
  const MatrixInMemory<L, blocks> memory{Head<L>::rows, 4};
  const int row = L::row();
  float w[blocks][L::K];
  memory.load(p.w_first + head.first_matrix_at(), w);
  for (int t = 0; t < p.sizes.steps; ++t) {
    if (head.resets(p.reset, t)) {
      memory.store(w, p.before_reset + head.step_at(t) * head.matrix);
      memory.load(p.w_reset + head.h * head.matrix, w);
    }
    const Record<L> record(p.steps, head.step_at(t), p.input_softmax);
    if (threadIdx.x < L::D) phi[0][threadIdx.x] = phi[1][threadIdx.x] = p.x[head.x_at(t) + threadIdx.x];
    L::sync();
    if (p.input_softmax) {
      softmax_pair<L>(phi, phi);
      L::sync();
      if (threadIdx.x < L::D) record.phi[threadIdx.x] = phi[0][threadIdx.x];
    }
    // [y, q, k, b] = W phi
    float out[blocks];
#pragma unroll
    for (int j = 0; j < blocks; ++j) out[j] = row_times<L>(w[j], phi[0]);
    if (L::part() == 0) {
      p.y[head.x_at(t) + row] = out[0];
      logits[0][row] = out[1];
      logits[1][row] = out[2];
      if (row < 4) gates[row] = out[3];
    }
    L::sync();
    softmax_pair<L>(logits, keys);
    float beta[blocks];
#pragma unroll
    for (int j = 0; j < blocks; ++j) beta[j] = sigmoid(gates[j]);
    L::sync();
    // delta = W (q' - k'),  W += B delta (x) k'
#pragma unroll
    for (int j = 0; j < blocks; ++j) {
      const float delta = row_times_difference<L>(w[j], keys[0], keys[1]);
#pragma unroll
      for (int m = 0; m < L::K; ++m) w[j][m] += beta[j] * delta * keys[1][L::first_column() + m];
      if (L::part() == 0 && memory.has(j)) record.delta[j * L::D + row] = delta;
    }
    if (threadIdx.x < L::D) {
      record.q[threadIdx.x] = keys[0][threadIdx.x];
      record.k[threadIdx.x] = keys[1][threadIdx.x];
    }
    if (threadIdx.x < 4) record.beta[threadIdx.x] = sigmoid(gates[threadIdx.x]);
    if (head.keeps(t)) memory.store(w, p.saved_w + head.saved_at(t));
  }
  memory.store(w, p.w_last + head.matrix_at());
}

/// Shared memory of the backward pass.
template <class L>
struct BackwardShared {
  float phi[L::D], keys[2][L::D], dy[L::D];
  float beta[4];
  float from_gradient[L::warps][L::D];  ///< partial sums of dL/dW^T u
  float from_matrix[L::warps][L::D];    ///< partial sums of W^T dL/d delta, then of W^T dL/d[y, q, k, b]
  float dbeta[L::warps][4];
  float dlogits[2][L::D];
};

/// dz = p (dp - <p, dp>) for q and k side by side, dp from the partial sums.
template <class L>
__device__ __forceinline__ void keys_backward(BackwardShared<L>& s) {
  using P = Pair<L>;
  if (!P::works()) return;
  float dp[P::per_lane], dot = 0;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) {
    const float dq = over_warps<L>(s.from_matrix, P::index(m));
    dp[m] = P::which() == 0 ? dq : over_warps<L>(s.from_gradient, P::index(m)) - dq;
    dot += s.keys[P::which()][P::index(m)] * dp[m];
  }
  dot = P::sum(dot);
  if (!P::writes()) return;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) {
    s.dlogits[P::which()][P::index(m)] = s.keys[P::which()][P::index(m)] * (dp[m] - dot);
  }
}

/// dL/dx of the step, from the sums of W^T dL/d[y, q, k, b].
template <class L>
__device__ __forceinline__ void write_dx(const SrwmBackward& p, const BackwardShared<L>& s, float* dL_dx) {
  using P = Pair<L>;
  if (!P::works()) return;
  float dphi[P::per_lane], dot = 0;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) {
    dphi[m] = over_warps<L>(s.from_matrix, P::index(m));
    dot += s.phi[P::index(m)] * dphi[m];
  }
  dot = P::sum(dot);
  if (threadIdx.x >= P::lanes) return;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) {
    const int i = P::index(m);
    put(p.accumulate_dx, dL_dx[i], p.input_softmax ? s.phi[i] * (dphi[m] - dot) : dphi[m]);
  }
}

template <class L>
__global__ void __launch_bounds__(L::threads) srwm_backward_kernel(SrwmBackward p) {
  __shared__ BackwardShared<L> s;
  const Head<L> head(p.sizes);
  const MatrixInMemory<L, blocks> memory{Head<L>::rows, 4};
  const int row = L::row(), first = L::first_column();
  float w[blocks][L::K], g[blocks][L::K];  // W_t and dL/dW_t
  memory.load(p.w_last + head.matrix_at(), w);
  if (p.dL_dw_last != nullptr) {
    memory.load(p.dL_dw_last + head.matrix_at(), g);
  } else {
#pragma unroll
    for (int j = 0; j < blocks; ++j) {
#pragma unroll
      for (int m = 0; m < L::K; ++m) g[j][m] = 0;
    }
  }
  for (int t = p.sizes.steps - 1; t >= 0; --t) {
    const Record<L> record(const_cast<float*>(p.steps), head.step_at(t), p.input_softmax);
    if (head.keeps(t)) memory.load(p.saved_w + head.saved_at(t), w);
    L::sync();  // the last step's shared values have been read
    if (threadIdx.x < L::D) {
      const int i = threadIdx.x;
      s.keys[0][i] = record.q[i];
      s.keys[1][i] = record.k[i];
      s.phi[i] = p.input_softmax ? record.phi[i] : p.x[head.x_at(t) + i];
      s.dy[i] = p.dL_dy != nullptr ? p.dL_dy[head.x_at(t) + i] : 0.0f;
    }
    if (threadIdx.x < 4) s.beta[threadIdx.x] = record.beta[threadIdx.x];
    L::sync();
    // W_t = W_{t-1} + u (x) k', u = B delta, delta = W_{t-1} (q' - k')
    float from_gradient[L::K] = {}, from_matrix[L::K] = {}, dbeta[4];
#pragma unroll
    for (int j = 0; j < blocks; ++j) {
      const float delta = memory.has(j) ? record.delta[j * L::D + row] : 0.0f, beta = s.beta[j], u = beta * delta;
      const float du = row_times<L>(g[j], s.keys[1]), ddelta = beta * du;
      dbeta[j] = L::part() == 0 ? du * delta : 0.0f;
#pragma unroll
      for (int m = 0; m < L::K; ++m) {
        const float q = s.keys[0][first + m], k = s.keys[1][first + m];
        w[j][m] -= u * k;
        from_gradient[m] += g[j][m] * u;
        from_matrix[m] += w[j][m] * ddelta;
        g[j][m] += ddelta * (q - k);
      }
    }
    column_sums_of_warp<L>(from_gradient, s.from_gradient);
    column_sums_of_warp<L>(from_matrix, s.from_matrix);
    const Scatter<1, 4> scattered(dbeta);
    if (scattered.writes) s.dbeta[L::warp()][scattered.first] = dbeta[0];
    L::sync();
    keys_backward<L>(s);
    L::sync();
    // [y, q, k, b] = W_{t-1} phi
    float dout[blocks] = {s.dy[row], s.dlogits[0][row], s.dlogits[1][row], 0};
    if (row < 4) {
#pragma unroll
      for (int warp = 0; warp < L::warps; ++warp) dout[3] += s.dbeta[warp][row];
      dout[3] *= s.beta[row] * (1 - s.beta[row]);
    }
    float dphi[L::K] = {};
#pragma unroll
    for (int j = 0; j < blocks; ++j) {
#pragma unroll
      for (int m = 0; m < L::K; ++m) {
        dphi[m] += w[j][m] * dout[j];
        g[j][m] += dout[j] * s.phi[first + m];
      }
    }
    if (p.dL_dx != nullptr) {
      column_sums_of_warp<L>(dphi, s.from_matrix);
      L::sync();
      write_dx<L>(p, s, p.dL_dx + head.x_at(t));
    }
    if (head.resets(p.reset, t)) {
      memory.store(g, p.dL_dw_reset + head.matrix_at(), true);
      memory.load(p.before_reset + head.step_at(t) * head.matrix, w);
#pragma unroll
      for (int j = 0; j < blocks; ++j) {
#pragma unroll
        for (int m = 0; m < L::K; ++m) g[j][m] = 0;
      }
    }
  }
  memory.store(g, p.dL_dw_first + head.matrix_at());
}

}  // namespace

bool srwm_in_registers(int d, int out_dim) {
  return out_dim == d && has_layout(d);
}

std::int64_t srwm_saved_matrices(int d, int out_dim, std::int64_t steps) {
  return srwm_in_registers(d, out_dim) ? saved_matrices(steps) : steps;
}

void srwm_forward(cudaStream_t stream, const SrwmForward& p) {
  const auto in_registers = [&](auto layout) {
    using L = decltype(layout);
    launch("srwm forward", srwm_forward_kernel<L>, blocks_for<L>(p.sizes), stream, p);
  };
  if (p.out_dim == p.sizes.d && with_layout(p.sizes.d, in_registers)) return;
  srwm_forward_in_memory(stream, p);
}

void srwm_backward(cudaStream_t stream, const SrwmBackward& p) {
  const auto in_registers = [&](auto layout) {
    using L = decltype(layout);
    launch("srwm backward", srwm_backward_kernel<L>, blocks_for<L>(p.sizes), stream, p);
  };
  if (p.out_dim == p.sizes.d && with_layout(p.sizes.d, in_registers)) return;
  srwm_backward_in_memory(stream, p);
}

}  // namespace srwm::cuda
