// Causal softmax attention, y_t = sum_j a_tj v_j with a_tj = softmax over j of q_t . k_j / sqrt(d), and its gradient
// (lib/ops/softmax_attention.h). Scores are made again in the backward pass from their saved log-sums.
//
// A warp works on one step or one position of a head. Lanes run along the other side of the scores, 32 at a time, for
// products q . k, and along the d numbers of the head for sums over positions or steps.
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/softmax_attention.h"

namespace srwm::cuda {
namespace {

constexpr int threads = 128, warps = threads / warp_size;

/// Item `item` of a row of items for each (sequence, head).
struct Place {
  __device__ __forceinline__ Place(const SoftmaxAttentionTensors& tensors, int items_per_head)
      : p(tensors), n(tensors.sizes) {
    const std::int64_t warp = static_cast<std::int64_t>(blockIdx.x) * warps + threadIdx.x / warp_size;
    item = static_cast<int>(warp % items_per_head);
    pair = warp / items_per_head;
    b = static_cast<int>(pair / n.heads);
    h = static_cast<int>(pair % n.heads);
    width = 2 * static_cast<std::int64_t>(n.heads) * n.d + 1;
  }
  /// The last block may have warps without work.
  __device__ __forceinline__ bool exists() const { return b < n.batch; }
  static __device__ __forceinline__ int lane() { return threadIdx.x % warp_size; }

  __device__ __forceinline__ std::int64_t y_at(int t) const {
    return ((static_cast<std::int64_t>(b) * n.steps + t) * n.heads + h) * n.d;
  }
  __device__ __forceinline__ std::int64_t query_at(int t) const { return 3 * y_at(t); }
  /// k of position j; v follows.
  __device__ __forceinline__ std::int64_t key_at(int j) const {
    return (static_cast<std::int64_t>(b) * (n.past + n.steps) + j) * width + 2 * h * n.d;
  }
  __device__ __forceinline__ std::int64_t step_at(int t) const { return pair * n.steps + t; }
  __device__ __forceinline__ const float* past_row(int j) const {
    return p.past + (static_cast<std::int64_t>(b / (n.batch / n.groups)) * n.past + j) * width;
  }
  /// Whether step t sees position j.
  __device__ __forceinline__ bool sees(int t, int j) const {
    if (j < p.first_seen[static_cast<std::int64_t>(b) * n.steps + t] || j > n.past + t) return false;
    return j >= n.past || past_row(j)[width - 1] > 0;
  }
  __device__ __forceinline__ float scale() const { return 1 / sqrtf(static_cast<float>(n.d)); }

  const SoftmaxAttentionTensors& p;
  const AttentionSizes& n;
  int item, b, h;
  std::int64_t pair, width;
};

__device__ __forceinline__ float dot(const float* a, const float* b, int d) {
  float sum = 0;
  for (int i = 0; i < d; ++i) sum += a[i] * b[i];
  return sum;
}

/// first_seen of every step of a sequence.
__global__ void first_seen_kernel(SoftmaxAttentionTensors p) {
  for (std::int64_t b = thread_index(); b < p.sizes.batch; b += thread_count()) {
    std::int32_t first = 0;
    for (int t = 0; t < p.sizes.steps; ++t) {
      const std::int64_t at = b * p.sizes.steps + t;
      if (p.reset != nullptr && p.reset[at] != 0) first = p.sizes.past + t;
      p.first_seen[at] = first;
    }
  }
}

/// memory = [past, keys and values], with the marks of what is still remembered after the last step.
__global__ void remember_kernel(SoftmaxAttentionTensors p) {
  const AttentionSizes& n = p.sizes;
  const std::int64_t width = 2 * static_cast<std::int64_t>(n.heads) * n.d + 1, positions = n.past + n.steps;
  for (std::int64_t e = thread_index(); e < n.batch * positions * width; e += thread_count()) {
    const std::int64_t column = e % width, j = e / width % positions, b = e / (width * positions);
    const bool old = j < n.past;
    const float* past = old ? p.past + ((b / (n.batch / n.groups)) * n.past + j) * width : nullptr;
    if (column == width - 1) {
      const bool seen = j >= p.first_seen[b * n.steps + n.steps - 1] && (!old || past[column] > 0);
      p.memory[e] = seen ? 1.0f : 0.0f;
      continue;
    }
    const std::int64_t h = column / (2 * n.d), i = column % (2 * n.d);
    p.memory[e] = old ? past[column] : p.projected[((b * n.steps + j - n.past) * n.heads + h) * 3 * n.d + n.d + i];
  }
}

/// One step of a head: scores in tiles of 32 positions, the sum and y rescaled when the largest score grows.
__global__ void softmax_attention_forward_kernel(SoftmaxAttentionTensors p) {
  const Place at(p, p.sizes.steps);
  if (!at.exists()) return;
  const int d = p.sizes.d, t = at.item, lane = Place::lane();
  float* y = dynamic_shared<float>() + threadIdx.x / warp_size * d;
  const float *q = p.projected + at.query_at(t), *memory = p.memory;
  float largest = -INFINITY, sum = 0;
  for (int i = lane; i < d; i += warp_size) y[i] = 0;
  for (int first = 0; first <= p.sizes.past + t; first += warp_size) {
    const int j = first + lane;
    const bool sees = at.sees(t, j);
    const float score = sees ? at.scale() * dot(q, memory + at.key_at(j), d) : -INFINITY;
    const float new_largest = fmaxf(largest, warp_max(score));
    if (new_largest == -INFINITY) continue;  // nothing seen so far
    const float weight = expf(score - new_largest), shrink = expf(largest - new_largest);
    largest = new_largest;
    sum = sum * shrink + warp_sum(weight);
    for (int i = lane; i < d; i += warp_size) y[i] *= shrink;
    for (int other = 0; other < warp_size; ++other) {
      const float a = __shfl_sync(all_lanes, weight, other);
      if (a == 0) continue;
      const float* v = memory + at.key_at(first + other) + d;
      for (int i = lane; i < d; i += warp_size) y[i] += a * v[i];
    }
  }
  for (int i = lane; i < d; i += warp_size) p.y[at.y_at(t) + i] = y[i] / sum;
  if (lane == 0) p.log_sums[at.step_at(t)] = largest + logf(sum);
}

/// a_tj, and dL/d(q_t . k_j) = a_tj (dL/dy_t . v_j - dL/dy_t . y_t) / sqrt(d); zeros where t does not see j.
struct Score {
  __device__ __forceinline__ Score(const SoftmaxAttentionBackward& g, const Place& at, int t, int j) {
    if (t >= at.n.steps || !at.sees(t, j)) return;
    const float *key = at.p.memory + at.key_at(j), *q = at.p.projected + at.query_at(t);
    a = expf(at.scale() * dot(q, key, at.n.d) - at.p.log_sums[at.step_at(t)]);
    dL_dscore = at.scale() * a * (dot(g.dL_dy + at.y_at(t), key + at.n.d, at.n.d) - g.along[at.step_at(t)]);
  }
  float a = 0, dL_dscore = 0;
};

/// One step of a head: dL/dq_t, and dL/dy . y for the positions' turn.
__global__ void softmax_attention_queries_kernel(SoftmaxAttentionBackward g) {
  const Place at(g.forward, g.forward.sizes.steps);
  if (!at.exists()) return;
  const int d = at.n.d, t = at.item, lane = Place::lane();
  float* dL_dq = dynamic_shared<float>() + threadIdx.x / warp_size * d;
  float along = 0;
  for (int i = lane; i < d; i += warp_size) {
    dL_dq[i] = 0;
    if (g.dL_dy != nullptr) along += g.dL_dy[at.y_at(t) + i] * at.p.y[at.y_at(t) + i];
  }
  along = warp_sum(along);
  if (lane == 0) g.along[at.step_at(t)] = along;
  __syncwarp();
  for (int first = 0; g.dL_dy != nullptr && first <= at.n.past + t; first += warp_size) {
    const Score score(g, at, t, first + lane);
    for (int other = 0; other < warp_size; ++other) {
      const float dL_dscore = __shfl_sync(all_lanes, score.dL_dscore, other);
      if (dL_dscore == 0) continue;
      const float* key = at.p.memory + at.key_at(first + other);
      for (int i = lane; i < d; i += warp_size) dL_dq[i] += dL_dscore * key[i];
    }
  }
  for (int i = lane; g.dL_dprojected != nullptr && i < d; i += warp_size) {
    put(g.accumulate, g.dL_dprojected[at.query_at(t) + i], dL_dq[i]);
  }
}

/// One position of a head: dL/dk_j and dL/dv_j, from y and from memory.
__global__ void softmax_attention_positions_kernel(SoftmaxAttentionBackward g) {
  const Place at(g.forward, g.forward.sizes.past + g.forward.sizes.steps);
  if (!at.exists()) return;
  const int d = at.n.d, j = at.item, lane = Place::lane();
  const bool old = j < at.n.past;
  float *dL_dk = dynamic_shared<float>() + threadIdx.x / warp_size * 2 * d, *dL_dv = dL_dk + d;
  for (int i = lane; i < 2 * d; i += warp_size) dL_dk[i] = g.dL_dmemory != nullptr ? g.dL_dmemory[at.key_at(j) + i] : 0;
  __syncwarp();
  for (int first = old ? 0 : j - at.n.past; g.dL_dy != nullptr && first < at.n.steps; first += warp_size) {
    const Score score(g, at, first + lane, j);
    for (int other = 0; other < warp_size; ++other) {
      const float a = __shfl_sync(all_lanes, score.a, other);
      const float dL_dscore = __shfl_sync(all_lanes, score.dL_dscore, other);
      if (a == 0) continue;
      const float *q = at.p.projected + at.query_at(first + other), *dL_dy = g.dL_dy + at.y_at(first + other);
      for (int i = lane; i < d; i += warp_size) {
        dL_dk[i] += dL_dscore * q[i];
        dL_dv[i] += a * dL_dy[i];
      }
    }
  }
  __syncwarp();
  for (int i = lane; i < 2 * d; i += warp_size) {
    if (!old && g.dL_dprojected != nullptr) {
      put(g.accumulate, g.dL_dprojected[at.query_at(j - at.n.past) + d + i], dL_dk[i]);
    }
    if (old && g.dL_dpast != nullptr) {
      g.dL_dpast[(static_cast<std::int64_t>(at.b) * at.n.past + j) * at.width + 2 * at.h * d + i] = dL_dk[i];
    }
  }
}

/// A warp for each of `items` of every head, with so many vectors of d numbers in shared memory.
Launch shape_of(const AttentionSizes& n, std::int64_t items, int vectors) {
  const std::int64_t blocks = ceil_div(static_cast<std::int64_t>(n.batch) * n.heads * items, warps);
  return {static_cast<unsigned>(blocks), threads, sizeof(float) * static_cast<std::size_t>(warps * vectors * n.d)};
}

template <typename Params>
void start(const char* what, void (*kernel)(Params), const Launch& shape, cudaStream_t stream, const Params& p) {
  allow_shared(kernel, shape.shared_bytes, what);
  launch(what, kernel, shape, stream, p);
}

}  // namespace

void softmax_attention_forward(cudaStream_t stream, const SoftmaxAttentionTensors& p) {
  const AttentionSizes& n = p.sizes;
  const std::int64_t numbers = static_cast<std::int64_t>(n.batch) * (n.past + n.steps) * (2 * n.heads * n.d + 1);
  launch("softmax_attention resets", first_seen_kernel, elementwise(n.batch), stream, p);
  launch("softmax_attention memory", remember_kernel, elementwise(numbers), stream, p);
  start("softmax_attention forward", softmax_attention_forward_kernel, shape_of(n, n.steps, 1), stream, p);
}

void softmax_attention_backward(cudaStream_t stream, const SoftmaxAttentionBackward& p) {
  const AttentionSizes& n = p.forward.sizes;
  start("softmax_attention queries", softmax_attention_queries_kernel, shape_of(n, n.steps, 1), stream, p);
  start("softmax_attention positions", softmax_attention_positions_kernel, shape_of(n, n.past + n.steps, 2), stream, p);
}

}  // namespace srwm::cuda
