// DeltaNet (kernels/delta_net.cu) for head sizes without a register layout: W and dL/dW are in device memory.
//
// A block per (sequence, head) for all steps. Threads run over rows r of W v, then over columns i of W^T u.
#include "kernels/delta_net_in_memory.h"
#include "kernels/delta_net_offsets.cuh"
#include "kernels/feature_map.cuh"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

constexpr int threads = 128, warps = threads / warp_size;

__device__ __forceinline__ float element_of(const float* x, std::int64_t at) {
  return x != nullptr ? x[at] : 0.0f;
}

__global__ void delta_net_forward_in_memory_kernel(DeltaNetForward p) {
  const DeltaNetHead head(p.sizes);
  const int d = head.d, thread = threadIdx.x;
  float *q = dynamic_shared<float>(), *k = q + d;
  float* w = p.w_last + head.matrix_at();
  for (std::int64_t e = thread; e < head.matrix; e += threads) w[e] = element_of(p.w_first, head.first_matrix_at() + e);
  for (int t = 0; t < p.sizes.steps; ++t) {
    const bool resets = head.resets(p.reset, t);
    const float* projected = p.projected + head.projected_at(t);
    const DeltaNetRecord record(p.steps, head.step_at(t), d);
    __syncthreads();
    for (std::int64_t e = thread; e < head.matrix; e += threads) {
      if (resets) w[e] = 0;
      p.saved_w[head.step_at(t) * head.matrix + e] = w[e];
    }
    if (thread < warp_size) feature_map_of_warp(projected, p.eps, d, q, record.sums);
    if (thread / warp_size == 1) feature_map_of_warp(projected + d, p.eps, d, k, record.sums + 1);
    __syncthreads();
    const float beta = 1 / (1 + expf(-projected[3 * d]));
    for (int r = thread; r < d; r += threads) {
      float delta = projected[2 * d + r], y = 0;
      for (int i = 0; i < d; ++i) delta -= w[i * d + r] * k[i];
      for (int i = 0; i < d; ++i) {
        w[i * d + r] += beta * delta * k[i];
        y += w[i * d + r] * q[i];
      }
      p.y[head.y_at(t) + r] = y;
      record.delta[r] = delta;
      record.q[r] = q[r];
      record.k[r] = k[r];
    }
    if (thread == 0) *record.beta = beta;
  }
}

__global__ void delta_net_backward_in_memory_kernel(DeltaNetBackward p) {
  const DeltaNetHead head(p.sizes);
  const int d = head.d, thread = threadIdx.x;
  float *dq = dynamic_shared<float>(), *dk = dq + d, *ddelta = dk + d;
  float* g = p.dL_dw_first + head.matrix_at();  // dL/dW_t
  for (std::int64_t e = thread; e < head.matrix; e += threads) g[e] = element_of(p.dL_dw_last, head.matrix_at() + e);
  for (int t = p.sizes.steps - 1; t >= 0; --t) {
    const DeltaNetRecord record(const_cast<float*>(p.steps), head.step_at(t), d);
    const float* w = p.saved_w + head.step_at(t) * head.matrix;  // W_{t-1}
    const float beta = *record.beta;
    __syncthreads();
    float dbeta = 0;
    for (int r = thread; r < d; r += threads) {
      const float dy = element_of(p.dL_dy, head.y_at(t) + r);
      float du = 0;
      for (int i = 0; i < d; ++i) {
        g[i * d + r] += dy * record.q[i];  // y_t = W_t q'
        du += g[i * d + r] * record.k[i];  // W_t = W_{t-1} + u (x) k'
      }
      dbeta += du * record.delta[r];
      ddelta[r] = beta * du;
    }
    dbeta = block_sum<warps>(dbeta);
    for (int i = thread; i < d; i += threads) {
      float dq_i = 0, dk_i = 0;
      for (int r = 0; r < d; ++r) {
        const float u = beta * record.delta[r];
        dq_i += (w[i * d + r] + u * record.k[i]) * element_of(p.dL_dy, head.y_at(t) + r);
        dk_i += g[i * d + r] * u - w[i * d + r] * ddelta[r];
        g[i * d + r] -= record.k[i] * ddelta[r];
      }
      dq[i] = dq_i;
      dk[i] = dk_i;
    }
    __syncthreads();
    if (p.dL_dprojected != nullptr) {
      const float* projected = p.projected + head.projected_at(t);
      float* to = p.dL_dprojected + head.projected_at(t);
      if (thread < warp_size) {
        feature_map_backward_of_warp(projected, record.q, dq, record.sums[0], d, p.accumulate, to);
      }
      if (thread / warp_size == 1) {
        feature_map_backward_of_warp(projected + d, record.k, dk, record.sums[1], d, p.accumulate, to + d);
      }
      for (int r = thread; r < d; r += threads) put(p.accumulate, to[2 * d + r], ddelta[r]);
      if (thread == 0) put(p.accumulate, to[3 * d], dbeta * beta * (1 - beta));
    }
    if (head.resets(p.reset, t)) {
      for (std::int64_t e = thread; e < head.matrix; e += threads) g[e] = 0;
    }
  }
}

Launch shape_of(const FastWeightSizes& n, int vectors) {
  return {static_cast<unsigned>(n.batch * n.heads), threads, sizeof(float) * static_cast<std::size_t>(vectors * n.d)};
}

}  // namespace

void delta_net_forward_in_memory(cudaStream_t stream, const DeltaNetForward& p) {
  launch("delta_net forward", delta_net_forward_in_memory_kernel, shape_of(p.sizes, 2), stream, p);
}

void delta_net_backward_in_memory(cudaStream_t stream, const DeltaNetBackward& p) {
  launch("delta_net backward", delta_net_backward_in_memory_kernel, shape_of(p.sizes, 3), stream, p);
}

}  // namespace srwm::cuda
