// Linear attention (kernels/linear_attention.cu) for head sizes without a register layout: W is in device memory.
//
// A block per (sequence, head) for all steps. Threads run over rows r of W v, then over columns i of W^T u.
#include "kernels/feature_map.cuh"
#include "kernels/launch.h"
#include "kernels/linear_attention_in_memory.h"
#include "kernels/linear_attention_offsets.cuh"

namespace srwm::cuda {
namespace {

constexpr int threads = 128;

/// The block's matrix w = from, or zeros.
__device__ void start(const LinearAttentionHead& head, const float* from, float* w) {
  for (std::int64_t e = threadIdx.x; e < head.matrix; e += threads) w[e] = from != nullptr ? from[e] : 0.0f;
  __syncthreads();
}

/// Row r: W += a (x) b
__device__ __forceinline__ void add_outer_row(float* w, int d, int r, float a, const float* b) {
  for (int i = 0; i < d; ++i) w[i * d + r] += a * b[i];
}

/// Row r of W v.
__device__ __forceinline__ float row_product(const float* w, int d, int r, const float* v) {
  float sum = 0;
  for (int i = 0; i < d; ++i) sum += w[i * d + r] * v[i];
  return sum;
}

/// Column i of W^T u.
__device__ __forceinline__ float column_product(const float* w, int d, int i, const float* u) {
  float sum = 0;
  for (int r = 0; r < d; ++r) sum += w[i * d + r] * u[r];
  return sum;
}

__global__ void linear_attention_forward_in_memory_kernel(LinearAttentionForward p) {
  const LinearAttentionHead head(p.sizes);
  const int d = head.d, thread = threadIdx.x;
  float* w = p.w_last + head.matrix_at();
  start(head, p.w_first != nullptr ? p.w_first + head.first_matrix_at() : nullptr, w);
  for (int t = 0; t < p.sizes.steps; ++t) {
    const float* projected = p.projected + head.projected_at(t);
    const LinearAttentionRecord record(p.steps, head.step_at(t), d);
    if (head.resets(p.reset, t)) start(head, nullptr, w);
    if (thread < warp_size) feature_map_of_warp(projected, p.eps, d, record.q, record.sums);
    if (thread / warp_size == 1) feature_map_of_warp(projected + d, p.eps, d, record.k, record.sums + 1);
    __syncthreads();
    for (int r = thread; r < d; r += threads) {
      add_outer_row(w, d, r, projected[2 * d + r], record.k);
      p.y[head.y_at(t) + r] = row_product(w, d, r, record.q);
    }
    __syncthreads();
  }
}

/// Forward in time: W is summed up again in `w`, dL/dq' = W_t^T dL/dy_t.
__device__ void queries_backward(const LinearAttentionBackward& p, const LinearAttentionHead& head, float* w) {
  const int d = head.d, thread = threadIdx.x;
  start(head, p.w_first != nullptr ? p.w_first + head.first_matrix_at() : nullptr, w);
  for (int t = 0; t < p.sizes.steps; ++t) {
    const LinearAttentionRecord record(const_cast<float*>(p.steps), head.step_at(t), d);
    const float* v = p.projected + head.projected_at(t) + 2 * d;
    if (head.resets(p.reset, t)) start(head, nullptr, w);
    for (int r = thread; r < d; r += threads) add_outer_row(w, d, r, v[r], record.k);
    __syncthreads();
    for (int i = thread; i < d; i += threads) {
      p.dL_dqueries[head.step_at(t) * d + i] = column_product(w, d, i, p.dL_dy + head.y_at(t));
    }
    __syncthreads();
  }
}

__global__ void linear_attention_backward_in_memory_kernel(LinearAttentionBackward p) {
  const LinearAttentionHead head(p.sizes);
  const int d = head.d, thread = threadIdx.x;
  float *dL_dk = dynamic_shared<float>(), *dL_dq = dL_dk + d;
  float* g = p.dL_dw_first + head.matrix_at();  // dL/dW_t; before, W_t
  const bool read = p.dL_dy != nullptr;
  if (read && p.dL_dprojected != nullptr) queries_backward(p, head, g);
  start(head, p.dL_dw_last != nullptr ? p.dL_dw_last + head.matrix_at() : nullptr, g);
  for (int t = p.sizes.steps - 1; t >= 0; --t) {
    const LinearAttentionRecord record(const_cast<float*>(p.steps), head.step_at(t), d);
    // y_t = W_t q',  W_t = W_{t-1} + v (x) k'
    for (int r = thread; read && r < d; r += threads) add_outer_row(g, d, r, p.dL_dy[head.y_at(t) + r], record.q);
    __syncthreads();
    if (p.dL_dprojected != nullptr) {
      const float* projected = p.projected + head.projected_at(t);
      float* to = p.dL_dprojected + head.projected_at(t);
      for (int i = thread; i < d; i += threads) {
        dL_dk[i] = column_product(g, d, i, projected + 2 * d);
        dL_dq[i] = read ? p.dL_dqueries[head.step_at(t) * d + i] : 0.0f;
        put(p.accumulate, to[2 * d + i], row_product(g, d, i, record.k));
      }
      __syncthreads();
      if (thread < warp_size) {
        feature_map_backward_of_warp(projected, record.q, dL_dq, record.sums[0], d, p.accumulate, to);
      }
      if (thread / warp_size == 1) {
        feature_map_backward_of_warp(projected + d, record.k, dL_dk, record.sums[1], d, p.accumulate, to + d);
      }
      __syncthreads();
    }
    if (head.resets(p.reset, t)) start(head, nullptr, g);
  }
}

Launch shape_of(const FastWeightSizes& n, int vectors) {
  return {static_cast<unsigned>(n.batch * n.heads), threads, sizeof(float) * static_cast<std::size_t>(vectors * n.d)};
}

}  // namespace

void linear_attention_forward_in_memory(cudaStream_t stream, const LinearAttentionForward& p) {
  launch("linear_attention forward", linear_attention_forward_in_memory_kernel, shape_of(p.sizes, 0), stream, p);
}

void linear_attention_backward_in_memory(cudaStream_t stream, const LinearAttentionBackward& p) {
  launch("linear_attention backward", linear_attention_backward_in_memory_kernel, shape_of(p.sizes, 2), stream, p);
}

}  // namespace srwm::cuda
