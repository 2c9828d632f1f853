// What forward and backward of a layer of sub-RNNs share: the parameters in shared memory, one sub-RNN's micro tick,
// and a step with its read-out.
#pragma once

#include "kernels/device.cuh"
#include "kernels/vsml.h"

namespace srwm::cuda {

constexpr int vsml_threads = 256;
/// Of rows of one number per thread: four rows apart is another bank.
constexpr int vsml_stride = vsml_threads + 1;

/// Offsets in theta.
struct VsmlOffsets {
  __device__ explicit VsmlOffsets(const VsmlSizes& n)
      : fwd(0),
        bwd(n.message_size * vsml_gates),
        h(2 * n.message_size * vsml_gates),
        beta(h + vsml_cells * vsml_gates),
        w_f(beta + vsml_gates),
        beta_f(w_f + vsml_cells * n.message_size),
        w_b(beta_f + n.message_size),
        gamma_f(w_b + (vsml_cells + 1) * n.message_size),
        delta_f(gamma_f + n.message_size) {}
  int fwd, bwd, h;  ///< rows of W
  int beta, w_f, beta_f, w_b, gamma_f, delta_f;
};

/// Where gate g of unit r is in a row of theta, and in the order of the kernels: units with their four gates together.
__device__ __forceinline__ int theta_gate(int k) {
  return k % 4 * vsml_cells + k / 4;
}

/// The shared memory of a block: one run's parameters and what its threads tell each other in a step.
struct VsmlShared {
  float4 w[vsml_cells * vsml_cells];  ///< W_h: row q, unit r -> gates i, g, f, o
  float4 fwd[vsml_cells];             ///< row of W of the pixel
  float4 bwd[2][vsml_cells];          ///< rows of error and label
  float4 beta[vsml_cells];            ///< with the constants -5 and 5
  float w_f[vsml_cells][vsml_most_message];
  float beta_f[vsml_most_message], gamma_f[vsml_most_message], delta_f[vsml_most_message];
  float4 z[vsml_most_outputs][vsml_cells];  ///< what all sub-RNNs of an output add to h W_h and the pixel's term
  float record[2 * vsml_most_outputs];      ///< e
  float logits[vsml_most_outputs], probabilities[vsml_most_outputs];
  float sums[vsml_threads];
  float per_component;                                           ///< 1 / message size
  float h[vsml_cells][vsml_stride], c[vsml_cells][vsml_stride];  ///< a column per thread: its sub-RNN's
};

/// A block's threads and the sub-RNNs of its run: in tile k thread i has input k rows + row and always the same output.
struct VsmlPlace {
  __device__ explicit VsmlPlace(const VsmlSizes& n)
      : rows(vsml_threads / n.outputs),
        output(static_cast<int>(threadIdx.x) % n.outputs),
        row(static_cast<int>(threadIdx.x) / n.outputs),
        tiles((n.inputs + rows - 1) / rows) {}
  /// Its input in a tile; -1: the thread has nothing to do.
  __device__ int input(const VsmlSizes& n, int tile) const {
    const int a = tile * rows + row;
    return row < rows && a < n.inputs ? a : -1;
  }
  int rows, output, row, tiles;
};

__device__ __forceinline__ float4 gates_of(const float* row, int unit) {
  return {row[unit], row[vsml_cells + unit], row[2 * vsml_cells + unit], row[3 * vsml_cells + unit]};
}
__device__ __forceinline__ void add_scaled(float4& z, float factor, const float4& w) {
  z.x += factor * w.x;
  z.y += factor * w.y;
  z.z += factor * w.z;
  z.w += factor * w.w;
}

/// Fills the parameters of a block's run; all threads call it, and synchronize afterwards.
__device__ __forceinline__ void load_parameters(const VsmlSizes& n, const float* theta, VsmlShared& s) {
  const VsmlOffsets at(n);
  const int m = n.message_size;
  for (int i = threadIdx.x; i < vsml_cells * vsml_cells; i += vsml_threads) {
    s.w[i] = gates_of(theta + at.h + i / vsml_cells * vsml_gates, i % vsml_cells);
  }
  for (int r = threadIdx.x; r < vsml_cells; r += vsml_threads) {
    s.fwd[r] = gates_of(theta + at.fwd, r);
    for (int j = 0; j < 2; ++j) s.bwd[j][r] = gates_of(theta + at.bwd + j * vsml_gates, r);
    s.beta[r] = gates_of(theta + at.beta, r);
    s.beta[r].x -= 5;
    s.beta[r].z += 5;
    for (int j = 0; j < vsml_most_message; ++j) s.w_f[r][j] = j < m ? theta[at.w_f + r * m + j] : 0;
  }
  if (threadIdx.x == 0) s.per_component = 1 / static_cast<float>(m);
  for (int j = threadIdx.x; j < vsml_most_message; j += vsml_threads) {
    s.beta_f[j] = j < m ? theta[at.beta_f + j] : 0;
    s.gamma_f[j] = j < m && n.layer_norm ? theta[at.gamma_f + j] : 0;
    s.delta_f[j] = j < m && n.layer_norm ? theta[at.delta_f + j] : 0;
  }
}

/// z of every output from e; all threads call it, and synchronize afterwards.
__device__ __forceinline__ void output_terms(const VsmlSizes& n, const float* record, VsmlShared& s) {
  for (int i = threadIdx.x; i < n.outputs * vsml_cells; i += vsml_threads) {
    const int b = i / vsml_cells, r = i % vsml_cells;
    float4 z = s.beta[r];
    for (int j = 0; j < 2; ++j) add_scaled(z, record[2 * b + j], s.bwd[j][r]);
    s.z[b][r] = z;
  }
}

/// Without the slow path of a division by denormal numbers, which 1 + e^-x is not.
__device__ __forceinline__ float vsml_sigmoid(float x) {
  return __fdividef(1, 1 + expf(-x));
}

/// i, g, f, o of a unit, activated.
__device__ __forceinline__ float4 unit_gates(const VsmlShared& s, int output, int unit, float pixel,
                                             const float (&h)[vsml_cells]) {
  asm volatile("" ::
                   : "memory");  // else the compiler loads the weights of all units ahead of the loops, and spills them
  float4 z = s.z[output][unit];
  add_scaled(z, pixel, s.fwd[unit]);
#pragma unroll
  for (int q = 0; q < vsml_cells; ++q) add_scaled(z, h[q], s.w[q * vsml_cells + unit]);
  return {vsml_sigmoid(z.x), tanhf(z.y), vsml_sigmoid(z.z), vsml_sigmoid(z.w)};
}

__device__ __forceinline__ void load_column(const float (&rows)[vsml_cells][vsml_stride], float (&column)[vsml_cells]) {
#pragma unroll
  for (int r = 0; r < vsml_cells; ++r) column[r] = rows[r][threadIdx.x];
}

/// One micro tick of the thread's sub-RNN. Unit by unit: h is in registers, what is indexed by the unit in shared
/// memory.
__device__ __forceinline__ void micro_tick(VsmlShared& s, int output, float pixel) {
  float h[vsml_cells];
  load_column(s.h, h);
#pragma unroll 1
  for (int r = 0; r < vsml_cells; ++r) {
    const float4 gate = unit_gates(s, output, r, pixel, h);
    const float c = gate.z * s.c[r][threadIdx.x] + gate.x * gate.y;
    s.c[r][threadIdx.x] = c;
    s.h[r][threadIdx.x] = gate.w * tanhf(c);
  }
}

/// State `state` (h, then c) at `at` into the thread's columns, and `micro_ticks` on.
__device__ __forceinline__ void run_cell(VsmlShared& s, const float* state, std::int64_t cells, std::int64_t at,
                                         int output, float pixel, int micro_ticks) {
  for (int r = 0; r < vsml_cells; ++r) {
    s.h[r][threadIdx.x] = state[at + r];
    s.c[r][threadIdx.x] = state[cells + at + r];
  }
#pragma unroll 1
  for (int micro = 0; micro < micro_ticks; ++micro) micro_tick(s, output, pixel);
}

/// A forward message before its normalization, and what normalizes it.
struct VsmlMessage {
  float raw[vsml_most_message];
  float mean, scale;
  float normalized;  ///< the component that is read out
};
/// Of the thread's sub-RNN.
__device__ __forceinline__ VsmlMessage message_of(const VsmlSizes& n, const VsmlShared& s) {
  VsmlMessage u;
  float sum = 0, square = 0, out = s.beta_f[n.output_index];
#pragma unroll
  for (int j = 0; j < vsml_most_message; ++j) u.raw[j] = s.beta_f[j];
#pragma unroll 1
  for (int r = 0; r < vsml_cells; ++r) {
#pragma unroll
    for (int j = 0; j < vsml_most_message; ++j) u.raw[j] += s.h[r][threadIdx.x] * s.w_f[r][j];
    out += s.h[r][threadIdx.x] * s.w_f[r][n.output_index];
  }
#pragma unroll
  for (int j = 0; j < vsml_most_message; ++j) sum += u.raw[j];  // those beyond the message's size are zero
  u.mean = sum * s.per_component;
#pragma unroll
  for (int j = 0; j < vsml_most_message; ++j) {
    const float deviation = j < n.message_size ? u.raw[j] - u.mean : 0;
    square += deviation * deviation;
  }
  u.scale = rsqrtf(square * s.per_component + 1e-5f);
  u.normalized = (out - u.mean) * u.scale;
  return u;
}
/// A sub-RNN's part of the sum that the read-out is made of: its component `output_index`, with layer norm normalized,
/// else without the bias.
__device__ __forceinline__ float read_out_part(const VsmlSizes& n, const VsmlShared& s) {
  if (n.layer_norm) return message_of(n, s).normalized;
  float sum = 0;
  for (int r = 0; r < vsml_cells; ++r) sum += s.h[r][threadIdx.x] * s.w_f[r][n.output_index];
  return sum;
}

/// Weight of a sub-RNN's message in that of its output.
__host__ __device__ __forceinline__ float vsml_weight(const VsmlSizes& n) {
  return n.sum_messages ? 1.0f : 1.0f / static_cast<float>(n.inputs);
}

/// Sums of the threads' parts per output, in the order of the rows, into s.sums[output]. All threads call it.
__device__ __forceinline__ void sum_parts(const VsmlSizes& n, const VsmlPlace& place, float part, VsmlShared& s) {
  __syncthreads();
  s.sums[threadIdx.x] = part;
  __syncthreads();
  float total = 0;
  const int b = threadIdx.x;
  if (b < n.outputs) {
    for (int row = 0; row < place.rows; ++row) total += s.sums[row * n.outputs + b];
  }
  __syncthreads();
  if (b < n.outputs) s.sums[b] = total;
  __syncthreads();
}

/// Logits, probabilities and e from s.sums. Threads with an output call it between barriers.
__device__ __forceinline__ void read_out(const VsmlSizes& n, int target, VsmlShared& s) {
  const int b = threadIdx.x, index = n.output_index;
  const float weight = vsml_weight(n), all = weight * static_cast<float>(n.inputs);
  if (b < n.outputs) {
    const float raw = n.layer_norm ? s.gamma_f[index] * weight * s.sums[b] + s.delta_f[index] * all
                                   : weight * s.sums[b] + s.beta_f[index] * all;
    s.logits[b] = n.bound > 0 ? n.bound * tanhf(raw / n.bound) : raw;
  }
  __syncthreads();
  if (b >= n.outputs) return;
  float largest = s.logits[0], sum = 0;
  for (int i = 1; i < n.outputs; ++i) largest = fmaxf(largest, s.logits[i]);
  for (int i = 0; i < n.outputs; ++i) sum += expf(s.logits[i] - largest);
  const float p = expf(s.logits[b] - largest) / sum, label = b == target ? 1.0f : 0.0f;
  s.probabilities[b] = p;
  s.record[2 * b] = target >= 0 ? p - label : 0.0f;
  s.record[2 * b + 1] = target >= 0 && n.feed_label ? label : 0.0f;
}

/// A step of a block's run, from `before` (h, then c) to `after`; e is in s.record, before and after.
__device__ __forceinline__ void vsml_step(const VsmlSizes& n, const VsmlPlace& place, const float* image, int target,
                                          const float* before, float* after, VsmlShared& s) {
  const std::int64_t cells = n.cells();
  __syncthreads();
  output_terms(n, s.record, s);
  __syncthreads();
  float part = 0;
  for (int tile = 0; tile < place.tiles; ++tile) {
    const int a = place.input(n, tile);
    if (a < 0) continue;
    const std::int64_t at = (static_cast<std::int64_t>(a) * n.outputs + place.output) * vsml_cells;
    run_cell(s, before, cells, at, place.output, image[a], n.micro_ticks);
    for (int r = 0; r < vsml_cells; ++r) {
      after[at + r] = s.h[r][threadIdx.x];
      after[cells + at + r] = s.c[r][threadIdx.x];
    }
    part += read_out_part(n, s);
  }
  sum_parts(n, place, part, s);
  read_out(n, target, s);
  __syncthreads();
}

/// Whether the loss of a step is part of the run's, and how many are.
__device__ __forceinline__ bool counts(const VsmlSizes& n, const std::int32_t* targets, int t) {
  return targets[t] >= 0 && (!n.last_step || t == n.steps - 1);
}
__device__ __forceinline__ int count_labels(const VsmlSizes& n, const std::int32_t* targets) {
  int labels = 0;
  for (int t = 0; t < n.steps; ++t) labels += counts(n, targets, t) ? 1 : 0;
  return labels;
}

}  // namespace srwm::cuda
