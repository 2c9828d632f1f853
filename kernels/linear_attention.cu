// Linear attention, W_t = W_{t-1} + v (x) k', y_t = W_t q', and its gradient: one pass forward in time that sums W
// again for dL/dq', one backward that sums dL/dW for dL/dk' and dL/dv.
//
// A block per (sequence, head) for all steps, W in registers: kernels/fast_weight_matrix.cuh has the layout.
#include "kernels/feature_map.cuh"
#include "kernels/linear_attention.h"
#include "kernels/linear_attention_in_memory.h"
#include "kernels/linear_attention_offsets.cuh"

namespace srwm::cuda {
namespace {

/// w += a (x) b
template <class L>
__device__ __forceinline__ void add_outer(float a, const float* b, float (&w)[L::K]) {
#pragma unroll
  for (int m = 0; m < L::K; ++m) w[m] += a * b[L::first_column() + m];
}

template <class L>
__device__ __forceinline__ void clear(float (&w)[L::K]) {
#pragma unroll
  for (int m = 0; m < L::K; ++m) w[m] = 0;
}

template <class L>
__global__ void __launch_bounds__(L::threads) linear_attention_forward_kernel(LinearAttentionForward p) {
  __shared__ float keys[2][L::D], sums[2];
  const LinearAttentionHead head(p.sizes);
  const MatrixInMemory<L, 1> memory{L::D, L::D};
  const int row = L::row();
  float w[1][L::K] = {};
  if (p.w_first != nullptr) memory.load(p.w_first + head.first_matrix_at(), w);
  for (int t = 0; t < p.sizes.steps; ++t) {
    const float* projected = p.projected + head.projected_at(t);
    const LinearAttentionRecord record(p.steps, head.step_at(t), L::D);
    if (head.resets(p.reset, t)) clear<L>(w[0]);
    L::sync();  // the last step's keys have been read
    feature_maps<L>(projected, p.eps, keys, sums);
    L::sync();
    // W += v (x) k',  y = W q'
    add_outer<L>(projected[2 * L::D + row], keys[1], w[0]);
    const float y = row_times<L>(w[0], keys[0]);
    if (L::part() == 0) p.y[head.y_at(t) + row] = y;
    if (threadIdx.x < L::D) {
      record.q[threadIdx.x] = keys[0][threadIdx.x];
      record.k[threadIdx.x] = keys[1][threadIdx.x];
    }
    if (threadIdx.x < 2) record.sums[threadIdx.x] = sums[threadIdx.x];
  }
  memory.store(w, p.w_last + head.matrix_at());
}

template <class L>
struct LinearBackwardShared {
  float keys[2][L::D];
  float columns[L::warps][L::D];  ///< partial sums of dL/dq' or dL/dk'
};

template <class L>
__device__ __forceinline__ void load_keys(const LinearAttentionRecord& record, LinearBackwardShared<L>& s) {
  L::sync();  // the last step's shared values have been read
  if (threadIdx.x < L::D) {
    s.keys[0][threadIdx.x] = record.q[threadIdx.x];
    s.keys[1][threadIdx.x] = record.k[threadIdx.x];
  }
  L::sync();
}

/// s.columns = the shares of the rows in M^T u, for M held as `w` and u by rows.
template <class L>
__device__ __forceinline__ void times_rows(const float (&w)[L::K], float u, LinearBackwardShared<L>& s) {
  float products[L::K];
#pragma unroll
  for (int m = 0; m < L::K; ++m) products[m] = w[m] * u;
  column_sums_of_warp<L>(products, s.columns);
  L::sync();
}

/// Forward in time: W is summed up again, dL/dq' = W_t^T dL/dy_t.
template <class L>
__device__ void queries_backward(const LinearAttentionBackward& p, LinearBackwardShared<L>& s) {
  const LinearAttentionHead head(p.sizes);
  const int row = L::row();
  float w[1][L::K] = {};
  if (p.w_first != nullptr) MatrixInMemory<L, 1>{L::D, L::D}.load(p.w_first + head.first_matrix_at(), w);
  for (int t = 0; t < p.sizes.steps; ++t) {
    load_keys<L>(LinearAttentionRecord(const_cast<float*>(p.steps), head.step_at(t), L::D), s);
    if (head.resets(p.reset, t)) clear<L>(w[0]);
    add_outer<L>(p.projected[head.projected_at(t) + 2 * L::D + row], s.keys[1], w[0]);
    times_rows<L>(w[0], p.dL_dy[head.y_at(t) + row], s);
    const int i = threadIdx.x;
    if (i < L::D) p.dL_dqueries[head.step_at(t) * L::D + i] = over_warps<L>(s.columns, i);
  }
}

template <class L>
__global__ void __launch_bounds__(L::threads) linear_attention_backward_kernel(LinearAttentionBackward p) {
  __shared__ LinearBackwardShared<L> s;
  const LinearAttentionHead head(p.sizes);
  const MatrixInMemory<L, 1> memory{L::D, L::D};
  const int row = L::row();
  const bool read = p.dL_dy != nullptr;
  if (read && p.dL_dprojected != nullptr) queries_backward<L>(p, s);
  float g[1][L::K] = {};  // dL/dW_t
  if (p.dL_dw_last != nullptr) memory.load(p.dL_dw_last + head.matrix_at(), g);
  for (int t = p.sizes.steps - 1; t >= 0; --t) {
    const LinearAttentionRecord record(const_cast<float*>(p.steps), head.step_at(t), L::D);
    load_keys<L>(record, s);
    // y_t = W_t q',  W_t = W_{t-1} + v (x) k'
    if (read) add_outer<L>(p.dL_dy[head.y_at(t) + row], s.keys[0], g[0]);
    if (p.dL_dprojected != nullptr) {
      const float* projected = p.projected + head.projected_at(t);
      float* to = p.dL_dprojected + head.projected_at(t);
      const float* dL_dq = p.dL_dqueries + head.step_at(t) * L::D;
      times_rows<L>(g[0], projected[2 * L::D + row], s);
      const auto dL_dkey = [&](int which, int i) {
        if (which == 0) return read ? dL_dq[i] : 0.0f;
        return over_warps<L>(s.columns, i);
      };
      feature_maps_backward<L>(s.keys, dL_dkey, projected, record.sums, p.accumulate, to);
      const float dL_dv = row_times<L>(g[0], s.keys[1]);
      if (L::part() == 0) put(p.accumulate, to[2 * L::D + row], dL_dv);
    }
    if (head.resets(p.reset, t)) clear<L>(g[0]);
  }
  memory.store(g, p.dL_dw_first + head.matrix_at());
}

}  // namespace

void linear_attention_forward(cudaStream_t stream, const LinearAttentionForward& p) {
  const bool launched = with_layout(p.sizes.d, [&](auto layout) {
    using L = decltype(layout);
    launch("linear_attention forward", linear_attention_forward_kernel<L>, blocks_for<L>(p.sizes), stream, p);
  });
  if (!launched) linear_attention_forward_in_memory(stream, p);
}

void linear_attention_backward(cudaStream_t stream, const LinearAttentionBackward& p) {
  const bool launched = with_layout(p.sizes.d, [&](auto layout) {
    using L = decltype(layout);
    launch("linear_attention backward", linear_attention_backward_kernel<L>, blocks_for<L>(p.sizes), stream, p);
  });
  if (!launched) linear_attention_backward_in_memory(stream, p);
}

}  // namespace srwm::cuda
