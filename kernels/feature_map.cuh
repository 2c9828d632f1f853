// f(z) = (elu(z) + 1) / (sum(elu(z) + 1) + eps), the feature map of DeltaNet and the linear Transformer.
#pragma once

#include "kernels/fast_weight_matrix.cuh"

namespace srwm::cuda {

__device__ __forceinline__ float elu_plus_one(float z) {
  return z > 0 ? z + 1 : expf(z);
}

/// dL/dz of f = e / s, e = elu(z) + 1, s = sum(e) + eps: (df - <f, df>) / s * de/dz.
__device__ __forceinline__ float elu_backward(float z, float df, float dot, float sum) {
  return (df - dot) / sum * (z > 0 ? 1.0f : expf(z));
}

/// keys[0] = f(q), keys[1] = f(k) from the projection, and their sums, side by side.
template <class L>
__device__ __forceinline__ void feature_maps(const float* projected, float eps, float (*keys)[L::D], float* sums) {
  using P = Pair<L>;
  if (!P::works()) return;
  float e[P::per_lane], sum = 0;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) sum += e[m] = elu_plus_one(projected[P::which() * L::D + P::index(m)]);
  sum = P::sum(sum) + eps;
  if (!P::writes()) return;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) keys[P::which()][P::index(m)] = e[m] / sum;
  if (threadIdx.x % P::lanes == 0) sums[P::which()] = sum;
}

/// dL/dq and dL/dk of the projection, side by side, from dL_dkey(which, i), the gradients of keys[which][i].
template <class L, typename Gradient>
__device__ __forceinline__ void feature_maps_backward(const float (*keys)[L::D], const Gradient& dL_dkey,
                                                      const float* projected, const float* sums, bool accumulate,
                                                      float* dL_dprojected) {
  using P = Pair<L>;
  if (!P::works()) return;
  float df[P::per_lane], dot = 0;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) {
    df[m] = dL_dkey(P::which(), P::index(m));
    dot += keys[P::which()][P::index(m)] * df[m];
  }
  dot = P::sum(dot);
  if (!P::writes()) return;
#pragma unroll
  for (int m = 0; m < P::per_lane; ++m) {
    const int i = P::which() * L::D + P::index(m);
    put(accumulate, dL_dprojected[i], elu_backward(projected[i], df[m], dot, sums[P::which()]));
  }
}

/// key = f(z) by one warp, and the sum that it was divided by, for any d.
__device__ __forceinline__ void feature_map_of_warp(const float* z, float eps, int d, float* key, float* sum_of) {
  const int lane = threadIdx.x % warp_size;
  float sum = 0;
  for (int i = lane; i < d; i += warp_size) sum += elu_plus_one(z[i]);
  sum = warp_sum(sum) + eps;
  for (int i = lane; i < d; i += warp_size) key[i] = elu_plus_one(z[i]) / sum;
  if (lane == 0) *sum_of = sum;
}

/// dz (+)= the gradient of f at z, by one warp.
__device__ __forceinline__ void feature_map_backward_of_warp(const float* z, const float* key, const float* df,
                                                             float sum, int d, bool accumulate, float* dz) {
  const int lane = threadIdx.x % warp_size;
  float dot = 0;
  for (int i = lane; i < d; i += warp_size) dot += key[i] * df[i];
  dot = warp_sum(dot);
  for (int i = lane; i < d; i += warp_size) put(accumulate, dz[i], elu_backward(z[i], df[i], dot, sum));
}

}  // namespace srwm::cuda
