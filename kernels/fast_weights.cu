// Sums over the sequences of a group: out[g] (+)= sum of per_sequence[b] over the B / G sequences b of group g, in
// their order. A thread per element of out.
#include "kernels/device.cuh"
#include "kernels/fast_weights.h"
#include "kernels/launch.h"

namespace srwm::cuda {
namespace {

__global__ void add_groups_kernel(const float* per_sequence, std::int64_t per_group, std::int64_t total, std::int64_t n,
                                  float* out, bool accumulate) {
  for (std::int64_t e = thread_index(); e < total; e += thread_count()) {
    const float* from = per_sequence + e / n * per_group * n + e % n;
    float sum = 0;
    for (std::int64_t b = 0; b < per_group; ++b) sum += from[b * n];
    put(accumulate, out[e], sum);
  }
}

}  // namespace

void add_groups(cudaStream_t stream, const float* per_sequence, int batch, int groups, std::int64_t n, float* out,
                bool accumulate) {
  const std::int64_t total = groups * n, per_group = batch / groups;
  launch("add_groups", add_groups_kernel, elementwise(total), stream, per_sequence, per_group, total, n, out,
         accumulate);
}

}  // namespace srwm::cuda
