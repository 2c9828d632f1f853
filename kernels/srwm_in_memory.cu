// SRWM (kernels/srwm.cu) for head sizes without a register layout, and any number of outputs: W and dL/dW are in device
// memory, the vectors of a step in shared memory.
//
// A block per (sequence, head) for all steps. Threads run over rows r of W v, then over columns i of W^T u.
#include "kernels/device.cuh"
#include "kernels/fast_weight_head.cuh"
#include "kernels/launch.h"
#include "kernels/srwm_in_memory.h"

namespace srwm::cuda {
namespace {

constexpr int threads = 256, warps = threads / warp_size;

/// The vectors of one step, in dynamic shared memory.
struct Vectors {
  __device__ __forceinline__ Vectors(float* shared, int d, int rows)
      : phi(shared), q(phi + d), k(q + d), dq(k + d), dk(dq + d), out(dk + d), delta(out + rows) {}
  float *phi, *q, *k, *dq, *dk;
  float *out, *delta;  ///< of each row

  static std::size_t bytes(int d, int rows) { return sizeof(float) * static_cast<std::size_t>(5 * d + 2 * rows); }
};

struct Head : FastWeightHead {
  __device__ __forceinline__ Head(const FastWeightSizes& n, int outputs)
      : FastWeightHead(n, static_cast<std::int64_t>(n.d) * srwm_rows(n.d, outputs)),
        d(n.d),
        out_dim(outputs),
        rows(srwm_rows(n.d, outputs)) {}

  __device__ __forceinline__ std::int64_t x_at(int t) const { return step_of_input(t) * d; }
  __device__ __forceinline__ std::int64_t y_at(int t) const { return step_of_input(t) * out_dim; }
  /// Which beta scales a row.
  __device__ __forceinline__ int block(int row) const {
    return row < out_dim ? 0 : row < rows - 4 ? (row - out_dim) / d + 1 : 3;
  }

  int d, out_dim, rows;
};

__device__ void copy(const float* from, float* to, std::int64_t n) {
  for (std::int64_t i = threadIdx.x; i < n; i += threads) to[i] = from[i];
}

/// p = softmax(z) by one warp; p may be z.
__device__ void softmax_of_warp(const float* z, float* p, int d) {
  const int lane = threadIdx.x % warp_size;
  float largest = z[0], sum = 0;
  for (int i = lane; i < d; i += warp_size) largest = fmaxf(largest, z[i]);
  largest = warp_max(largest);
  for (int i = lane; i < d; i += warp_size) sum += expf(z[i] - largest);
  sum = warp_sum(sum);
  for (int i = lane; i < d; i += warp_size) p[i] = expf(z[i] - largest) / sum;
}

/// dz = p (dp - <p, dp>) by one warp.
__device__ void softmax_backward_of_warp(const float* p, const float* dp, float* dz, int d) {
  const int lane = threadIdx.x % warp_size;
  float dot = 0;
  for (int i = lane; i < d; i += warp_size) dot += p[i] * dp[i];
  dot = warp_sum(dot);
  for (int i = lane; i < d; i += warp_size) dz[i] = p[i] * (dp[i] - dot);
}

__device__ __forceinline__ float sigmoid_of(float x) {
  return 1 / (1 + expf(-x));
}

__global__ void srwm_forward_in_memory_kernel(SrwmForward p) {
  const Head head(p.sizes, p.out_dim);
  const Vectors v(dynamic_shared<float>(), head.d, head.rows);
  const int d = head.d, out_dim = head.out_dim, rows = head.rows, thread = threadIdx.x;
  float* w = p.w_last + blockIdx.x * head.matrix;
  copy(p.w_first + (static_cast<std::int64_t>(head.b / (p.sizes.batch / p.sizes.groups)) * p.sizes.heads + head.h) *
                       head.matrix,
       w, head.matrix);
  for (int t = 0; t < p.sizes.steps; ++t) {
    if (head.resets(p.reset, t)) copy(p.w_reset + head.h * head.matrix, w, head.matrix);
    for (int i = thread; i < d; i += threads) v.phi[i] = p.x[head.x_at(t) + i];
    __syncthreads();
    copy(w, p.saved_w + head.step_at(t) * head.matrix, head.matrix);
    if (p.input_softmax) {
      if (thread < warp_size) softmax_of_warp(v.phi, v.phi, d);
      __syncthreads();
    }
    for (int r = thread; r < rows; r += threads) {
      float sum = 0;
      for (int i = 0; i < d; ++i) sum += w[i * rows + r] * v.phi[i];
      v.out[r] = sum;
      if (r < out_dim) p.y[head.y_at(t) + r] = sum;
    }
    __syncthreads();
    if (thread < warp_size) softmax_of_warp(v.out + out_dim, v.q, d);
    if (thread / warp_size == 1) softmax_of_warp(v.out + out_dim + d, v.k, d);
    __syncthreads();
    float* record = p.steps + head.step_at(t) * srwm_record(d, head.out_dim, p.input_softmax);
    for (int r = thread; r < rows; r += threads) {
      float delta = 0;
      for (int i = 0; i < d; ++i) delta += w[i * rows + r] * (v.q[i] - v.k[i]);
      const float u = sigmoid_of(v.out[rows - 4 + head.block(r)]) * delta;
      for (int i = 0; i < d; ++i) w[i * rows + r] += u * v.k[i];
      record[2 * d + 4 + r] = delta;
    }
    for (int i = thread; i < d; i += threads) {
      record[i] = v.q[i];
      record[d + i] = v.k[i];
      if (p.input_softmax) record[2 * d + 4 + rows + i] = v.phi[i];
    }
    if (thread < 4) record[2 * d + thread] = sigmoid_of(v.out[rows - 4 + thread]);
    __syncthreads();
  }
}

/// Loads what forward saved of step t.
__device__ void load_step(const SrwmBackward& p, const Head& head, int t, const Vectors& v) {
  const int d = head.d;
  const float* record = p.steps + head.step_at(t) * srwm_record(d, head.out_dim, p.input_softmax);
  for (int i = threadIdx.x; i < d; i += threads) {
    v.q[i] = record[i];
    v.k[i] = record[d + i];
    v.phi[i] = p.input_softmax ? record[2 * d + 4 + head.rows + i] : p.x[head.x_at(t) + i];
  }
  for (int r = threadIdx.x; r < head.rows; r += threads) v.delta[r] = record[2 * d + 4 + r];
}

__global__ void srwm_backward_in_memory_kernel(SrwmBackward p) {
  __shared__ float beta[4], dbeta[4];
  const Head head(p.sizes, p.out_dim);
  const Vectors v(dynamic_shared<float>(), head.d, head.rows);
  const int d = head.d, out_dim = head.out_dim, rows = head.rows, thread = threadIdx.x;
  float* g = p.dL_dw_first + blockIdx.x * head.matrix;  // dL/dW_t
  for (std::int64_t e = thread; e < head.matrix; e += threads) {
    g[e] = p.dL_dw_last != nullptr ? p.dL_dw_last[blockIdx.x * head.matrix + e] : 0.0f;
  }
  for (int t = p.sizes.steps - 1; t >= 0; --t) {
    const float* w = p.saved_w + head.step_at(t) * head.matrix;  // W_{t-1}
    load_step(p, head, t, v);
    if (thread < 4)
      beta[thread] = p.steps[head.step_at(t) * srwm_record(d, head.out_dim, p.input_softmax) + 2 * d + thread];
    __syncthreads();
    // W_t = W_{t-1} + u (x) k': dL/du, and dL/dk' so far
    float dbeta_part[4] = {0, 0, 0, 0};
    for (int r = thread; r < rows; r += threads) {
      float du = 0;
      for (int i = 0; i < d; ++i) du += g[i * rows + r] * v.k[i];
      v.out[r] = beta[head.block(r)] * du;  // dL/d delta
#pragma unroll
      for (int j = 0; j < 4; ++j) dbeta_part[j] += head.block(r) == j ? du * v.delta[r] : 0.0f;
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float total = block_sum<warps>(dbeta_part[j]);
      if (thread == 0) dbeta[j] = total;
    }
    for (int i = thread; i < d; i += threads) {
      float from_gradient = 0, from_matrix = 0;
      for (int r = 0; r < rows; ++r) {
        from_gradient += g[i * rows + r] * beta[head.block(r)] * v.delta[r];
        from_matrix += w[i * rows + r] * v.out[r];
        g[i * rows + r] += (v.q[i] - v.k[i]) * v.out[r];
      }
      v.dq[i] = from_matrix;
      v.dk[i] = from_gradient - from_matrix;
    }
    __syncthreads();
    for (int r = thread; r < out_dim; r += threads) v.out[r] = p.dL_dy != nullptr ? p.dL_dy[head.y_at(t) + r] : 0.0f;
    if (thread < warp_size) softmax_backward_of_warp(v.q, v.dq, v.out + out_dim, d);
    if (thread / warp_size == 1) softmax_backward_of_warp(v.k, v.dk, v.out + out_dim + d, d);
    if (thread < 4) v.out[rows - 4 + thread] = dbeta[thread] * beta[thread] * (1 - beta[thread]);
    __syncthreads();
    // [y, q, k, b] = W_{t-1} phi
    for (int i = thread; i < d; i += threads) {
      float dphi = 0;
      for (int r = 0; r < rows; ++r) {
        dphi += w[i * rows + r] * v.out[r];
        g[i * rows + r] += v.phi[i] * v.out[r];
      }
      v.dq[i] = dphi;
    }
    __syncthreads();
    if (p.input_softmax) {
      if (thread < warp_size) softmax_backward_of_warp(v.phi, v.dq, v.dq, d);
      __syncthreads();
    }
    if (p.dL_dx != nullptr) {
      for (int i = thread; i < d; i += threads) put(p.accumulate_dx, p.dL_dx[head.x_at(t) + i], v.dq[i]);
    }
    if (head.resets(p.reset, t)) {
      float* to = p.dL_dw_reset + blockIdx.x * head.matrix;
      for (std::int64_t e = thread; e < head.matrix; e += threads) {
        to[e] += g[e];
        g[e] = 0;
      }
    }
    __syncthreads();
  }
}

Launch shape_of(const FastWeightSizes& n, int out_dim) {
  return {static_cast<unsigned>(n.batch * n.heads), threads, Vectors::bytes(n.d, srwm_rows(n.d, out_dim))};
}

}  // namespace

void srwm_forward_in_memory(cudaStream_t stream, const SrwmForward& p) {
  launch("srwm forward", srwm_forward_in_memory_kernel, shape_of(p.sizes, p.out_dim), stream, p);
}

void srwm_backward_in_memory(cudaStream_t stream, const SrwmBackward& p) {
  launch("srwm backward", srwm_backward_in_memory_kernel, shape_of(p.sizes, p.out_dim), stream, p);
}

}  // namespace srwm::cuda
