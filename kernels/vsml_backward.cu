// Backward through all steps of runs of one dense layer of sub-RNNs (kernels/vsml.cu): dL/dtheta, dL/dx and the
// gradient of the first state, from dL/dlogits and dL/dloss. Segments of steps are computed again from the states that
// forward kept.
//
// A block per run, threads and tiles as in forward. A thread goes back through the micro ticks of its sub-RNN,
// computing the states before each again. What the sub-RNNs of a tile add to gradients of parameters goes through
// shared memory: dL/dz and h of all threads lie there, and the block multiplies the two matrices, each thread a 4 x 4
// block of dL/dW_h over a quarter of the sub-RNNs. All sums have a fixed order.
#include "kernels/launch.h"
#include "kernels/vsml.cuh"

namespace srwm::cuda {
namespace {

constexpr int slices = 4;  // of a tile's sub-RNNs, in the products
constexpr int message_sums = vsml_cells * vsml_most_message;
static_assert(vsml_threads == vsml_gates * slices && vsml_threads == 2 * message_sums);

struct BackwardShared {
  VsmlShared s;
  float dz[vsml_gates][vsml_stride];  ///< dL/dz, or dL/du of the messages in the first rows
  float pixel[vsml_threads];
  float dw[slices * slices][vsml_threads];         ///< every thread's 4 x 4 block of dL/dW_h
  float dz_output[vsml_most_outputs][vsml_gates];  ///< sums over inputs of a step
  float raw[vsml_most_outputs];                    ///< dL/d the read-outs before the bound
  float dL_drecord[2 * vsml_most_outputs];         ///< dL/de of the step before
  float bias[vsml_gates], bwd[2][vsml_gates];      ///< dL/dbeta, dL/d rows of W
};

/// A thread's sums over all steps.
struct ThreadSums {
  float fwd = 0;     ///< of dL/d the pixel's row of W: gate threadIdx % 64, a slice of the sub-RNNs
  float w_f = 0;     ///< of dL/dW_f: element threadIdx % 128, a half of them
  float beta_f = 0;  ///< of dL/dbeta_f, in the threads of unit 0
  float gamma = 0;   ///< of dL/dgamma_f of the component that is read out
};

__device__ __forceinline__ float dot(const float4& a, const float4& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

/// Through one micro tick of the thread's sub-RNN, whose h and c before it are in its columns: dL/dh' and dL/dc' at
/// dL_dh and dL_dc become dL/dh and dL/dc, dL/dz goes into its column; returns dL/d pixel.
__device__ __forceinline__ float micro_tick_backward(BackwardShared& m, int output, float pixel, float* dL_dh,
                                                     float* dL_dc) {
  float h[vsml_cells], before[vsml_cells], of_pixel = 0;
  load_column(m.s.h, h);
#pragma unroll
  for (int q = 0; q < vsml_cells; ++q) before[q] = 0;
#pragma unroll 1
  for (int r = 0; r < vsml_cells; ++r) {
    const float4 gate = unit_gates(m.s, output, r, pixel, h);
    const float c = m.s.c[r][threadIdx.x], t = tanhf(gate.z * c + gate.x * gate.y);
    const float of_h = dL_dh[r], of_c = dL_dc[r] + of_h * gate.w * (1 - t * t);
    const float4 dz{of_c * gate.y * gate.x * (1 - gate.x), of_c * gate.x * (1 - gate.y * gate.y),
                    of_c * c * gate.z * (1 - gate.z), of_h * t * gate.w * (1 - gate.w)};
    dL_dc[r] = of_c * gate.z;
    m.dz[4 * r][threadIdx.x] = dz.x;
    m.dz[4 * r + 1][threadIdx.x] = dz.y;
    m.dz[4 * r + 2][threadIdx.x] = dz.z;
    m.dz[4 * r + 3][threadIdx.x] = dz.w;
    of_pixel += dot(dz, m.s.fwd[r]);
#pragma unroll
    for (int q = 0; q < vsml_cells; ++q) before[q] += dot(dz, m.s.w[q * vsml_cells + r]);
  }
#pragma unroll
  for (int q = 0; q < vsml_cells; ++q) dL_dh[q] = before[q];
  return of_pixel;
}

/// dL/du of the forward message of the thread's sub-RNN into its column, and what it adds to dL/dh'.
__device__ __forceinline__ void message_backward(const VsmlSizes& n, BackwardShared& m, float dL_dout, float* dL_dh,
                                                 ThreadSums& sums) {
  const float of_message = vsml_weight(n) * dL_dout;
  float du[vsml_most_message];
  if (n.layer_norm) {
    const VsmlMessage u = message_of(n, m.s);
    const float of_normalized = of_message * m.s.gamma_f[n.output_index], normalized = u.normalized;
    sums.gamma += of_message * normalized;
#pragma unroll
    for (int j = 0; j < vsml_most_message; ++j) {
      const float share = (1 + (u.raw[j] - u.mean) * u.scale * normalized) * m.s.per_component;
      du[j] = j < n.message_size ? u.scale * of_normalized * ((j == n.output_index ? 1.0f : 0.0f) - share) : 0;
    }
  } else {
#pragma unroll
    for (int j = 0; j < vsml_most_message; ++j) du[j] = j == n.output_index ? of_message : 0;
  }
#pragma unroll
  for (int j = 0; j < vsml_most_message; ++j) m.dz[j][threadIdx.x] = du[j];
#pragma unroll 1
  for (int r = 0; r < vsml_cells; ++r) {
    float sum = dL_dh[r];
#pragma unroll
    for (int j = 0; j < vsml_most_message; ++j) sum += du[j] * m.s.w_f[r][j];
    dL_dh[r] = sum;
  }
}

/// The tile's part of dL/dW_f and dL/dbeta_f, from h' and dL/du in shared memory.
__device__ __forceinline__ void add_message_products(const BackwardShared& m, ThreadSums& sums) {
  const int element = threadIdx.x % message_sums, half = threadIdx.x / message_sums;
  const int r = element / vsml_most_message, j = element % vsml_most_message;
  for (int i = half * message_sums; i < (half + 1) * message_sums; ++i) {
    sums.w_f += m.s.h[r][i] * m.dz[j][i];
    if (r == 0) sums.beta_f += m.dz[j][i];
  }
}

/// The tile's part of dL/dW_h, of dL/d the pixel's row, and the sums of dL/dz over its inputs.
__device__ __forceinline__ void add_gate_products(const VsmlSizes& n, const VsmlPlace& place, BackwardShared& m,
                                                  ThreadSums& sums) {
  const int block = threadIdx.x / slices, slice = threadIdx.x % slices;
  const int q = block / vsml_cells * 4, k = block % vsml_cells * 4;
  float total[4][4] = {};
  for (int i = slice; i < vsml_threads; i += slices) {
#pragma unroll
    for (int a = 0; a < 4; ++a) {
#pragma unroll
      for (int b = 0; b < 4; ++b) total[a][b] += m.s.h[q + a][i] * m.dz[k + b][i];
    }
  }
#pragma unroll
  for (int a = 0; a < 4; ++a) {
#pragma unroll
    for (int b = 0; b < 4; ++b) m.dw[4 * a + b][threadIdx.x] += total[a][b];
  }
  const int gate = threadIdx.x % vsml_gates, part = threadIdx.x / vsml_gates;
  for (int i = part * vsml_gates; i < (part + 1) * vsml_gates; ++i) sums.fwd += m.pixel[i] * m.dz[gate][i];
  for (int i = threadIdx.x; i < n.outputs * vsml_gates; i += vsml_threads) {
    const int b = i % n.outputs, g = i / n.outputs;
    float sum = m.dz_output[b][g];
    for (int row = 0; row < place.rows; ++row) sum += m.dz[g][row * n.outputs + b];
    m.dz_output[b][g] = sum;
  }
}

/// Back through a tile of sub-RNNs of a step.
__device__ __forceinline__ void tile_backward(const VsmlSizes& n, const VsmlPlace& place, int tile, const float* image,
                                              const float* before, float* dL_dstate, float* dL_dimage,
                                              BackwardShared& m, ThreadSums& sums) {
  const int a = place.input(n, tile), i = threadIdx.x;
  const std::int64_t cells = n.cells(), at = (static_cast<std::int64_t>(a) * n.outputs + place.output) * vsml_cells;
  const float pixel = a >= 0 ? image[a] : 0;
  float of_pixel = 0;
  __syncthreads();
  m.pixel[i] = pixel;
  if (a >= 0) {
    run_cell(m.s, before, cells, at, place.output, pixel, n.micro_ticks);
    message_backward(n, m, m.raw[place.output], dL_dstate + at, sums);
  } else {
    for (int r = 0; r < vsml_cells; ++r) m.s.h[r][i] = 0;
    for (int k = 0; k < vsml_gates; ++k) m.dz[k][i] = 0;
  }
  __syncthreads();
  add_message_products(m, sums);
#pragma unroll 1
  for (int micro = n.micro_ticks; micro-- > 0;) {
    __syncthreads();
    if (a >= 0) {
      run_cell(m.s, before, cells, at, place.output, pixel, micro);
      of_pixel += micro_tick_backward(m, place.output, pixel, dL_dstate + at, dL_dstate + cells + at);
    }
    __syncthreads();
    add_gate_products(n, place, m, sums);
  }
  if (dL_dimage == nullptr) return;
  m.s.sums[i] = a >= 0 ? of_pixel : 0;
  __syncthreads();
  const int input = tile * place.rows + i;
  if (i < place.rows && input < n.inputs) {
    float sum = 0;
    for (int b = 0; b < n.outputs; ++b) sum += m.s.sums[i * n.outputs + b];
    dL_dimage[input] = sum;
  }
}

/// dL/d the read-outs of a step, from those of logits, loss and e. Threads with an output write theirs.
__device__ __forceinline__ void read_out_backward(const VsmlSizes& n, int target, float of_loss,
                                                  const float* dL_dlogits, BackwardShared& m) {
  const int b = threadIdx.x;
  if (b >= n.outputs) return;
  const float p = m.s.probabilities[b], label = b == target ? 1.0f : 0.0f;
  float g = of_loss * (p - label), with = 0;
  if (dL_dlogits != nullptr) g += dL_dlogits[b];
  for (int i = 0; i < n.outputs; ++i) with += m.s.probabilities[i] * m.dL_drecord[2 * i];
  if (target >= 0) g += p * (m.dL_drecord[2 * b] - with);
  const float ratio = n.bound > 0 ? m.s.logits[b] / n.bound : 0;
  m.raw[b] = g * (1 - ratio * ratio);
}

/// What the sums over inputs add to dL/de, dL/dbeta and the rows of W of e.
__device__ __forceinline__ void record_backward(const VsmlSizes& n, BackwardShared& m) {
  const int i = threadIdx.x;
  for (int b = i; b < 2 * n.outputs; b += vsml_threads) {
    float sum = 0;
    for (int r = 0; r < vsml_cells; ++r) {
      const float* dz = &m.dz_output[b / 2][4 * r];
      sum += dot(float4{dz[0], dz[1], dz[2], dz[3]}, m.s.bwd[b % 2][r]);
    }
    m.dL_drecord[b] = sum;
  }
  for (int k = i; k < vsml_gates; k += vsml_threads) {
    for (int b = 0; b < n.outputs; ++b) {
      m.bias[k] += m.dz_output[b][k];
      for (int j = 0; j < 2; ++j) m.bwd[j][k] += m.s.record[2 * b + j] * m.dz_output[b][k];
    }
  }
}

/// The run's dL/dtheta from the sums.
__device__ __forceinline__ void write_parameters(const VsmlSizes& n, const ThreadSums& sums, BackwardShared& m,
                                                 float* dL_dtheta) {
  const VsmlOffsets at(n);
  const int i = threadIdx.x, size = n.message_size;
  for (std::int64_t j = i; j < n.parameters(); j += vsml_threads) dL_dtheta[j] = 0;
  // sums of the threads, by way of rows that are free now
  __syncthreads();
  m.s.h[0][i] = sums.fwd;
  m.s.h[1][i] = sums.w_f;
  m.s.h[2][i] = sums.beta_f;
  m.s.h[3][i] = sums.gamma;
  __syncthreads();
  for (int e = i; e < vsml_cells * vsml_gates; e += vsml_threads) {
    const int q = e / vsml_gates, k = e % vsml_gates, block = q / 4 * vsml_cells + k / 4;
    float sum = 0;
    for (int slice = 0; slice < slices; ++slice) sum += m.dw[q % 4 * 4 + k % 4][block * slices + slice];
    dL_dtheta[at.h + q * vsml_gates + theta_gate(k)] = sum;
  }
  if (i < vsml_gates) {
    float sum = 0;
    for (int slice = 0; slice < slices; ++slice) sum += m.s.h[0][slice * vsml_gates + i];
    dL_dtheta[at.fwd + theta_gate(i)] = sum;
    dL_dtheta[at.beta + theta_gate(i)] = m.bias[i];
    for (int j = 0; j < 2; ++j) dL_dtheta[at.bwd + j * vsml_gates + theta_gate(i)] = m.bwd[j][i];
  }
  const int r = i / vsml_most_message, j = i % vsml_most_message;
  if (i < message_sums && j < size) {
    dL_dtheta[at.w_f + r * size + j] = m.s.h[1][i] + m.s.h[1][message_sums + i];
    if (r == 0) dL_dtheta[at.beta_f + j] = m.s.h[2][i] + m.s.h[2][message_sums + i];
  }
  if (n.layer_norm && i == 0) {
    float gamma = 0;
    for (int thread = 0; thread < vsml_threads; ++thread) gamma += m.s.h[3][thread];
    dL_dtheta[at.gamma_f + n.output_index] = gamma;
  }
}

__device__ __forceinline__ void clear(const VsmlSizes& n, BackwardShared& m, float* dL_dstate) {
  for (int e = 0; e < slices * slices; ++e) m.dw[e][threadIdx.x] = 0;
  for (int k = threadIdx.x; k < vsml_gates; k += vsml_threads) m.bias[k] = m.bwd[0][k] = m.bwd[1][k] = 0;
  for (int b = threadIdx.x; b < 2 * vsml_most_outputs; b += vsml_threads) m.dL_drecord[b] = 0;
  for (std::int64_t i = threadIdx.x; i < 2 * n.cells(); i += vsml_threads) dL_dstate[i] = 0;
}

__global__ void __launch_bounds__(vsml_threads, 1) backward_kernel(VsmlBackward p) {
  BackwardShared& m = *dynamic_shared<BackwardShared>();
  const VsmlSizes& n = p.in.sizes;
  const VsmlPlace place(n);
  const int i = threadIdx.x;
  const std::int64_t run = blockIdx.x, episode = run / (n.runs / n.episodes), cells = n.cells();
  const float* x = p.in.x + episode * n.steps * n.inputs;
  const std::int32_t* targets = p.in.targets + episode * n.steps;
  float* states = p.states + run * (n.segment_steps + 1) * 2 * cells;
  float* records = p.records + run * n.segment_steps * 4 * n.outputs;
  float* dL_dstate = p.dL_dstate + run * 2 * cells;
  ThreadSums sums;
  float of_delta = 0;
  load_parameters(n, p.in.theta + run / (n.runs / n.groups) * n.parameters(), m.s);
  clear(n, m, dL_dstate);
  const int labels = count_labels(n, targets);
  for (int segment = n.segments; segment-- > 0;) {
    const int begin = segment * n.segment_steps;
    const int end = begin + n.segment_steps < n.steps ? begin + n.segment_steps : n.steps;
    const float* first = p.segments + (run * n.segments + segment) * n.state();
    __syncthreads();
    for (std::int64_t e = i; e < 2 * cells; e += vsml_threads) states[e] = first[e];
    for (int e = i; e < 2 * n.outputs; e += vsml_threads) m.s.record[e] = first[2 * cells + e];
    for (int t = begin; t < end; ++t) {
      float *record = records + (t - begin) * 4 * n.outputs, *state = states + (t - begin) * 2 * cells;
      __syncthreads();
      for (int e = i; e < 2 * n.outputs; e += vsml_threads) record[e] = m.s.record[e];
      vsml_step(n, place, x + static_cast<std::int64_t>(t) * n.inputs, targets[t], state, state + 2 * cells, m.s);
      for (int b = i; b < n.outputs; b += vsml_threads) {
        record[2 * n.outputs + b] = m.s.logits[b];
        record[3 * n.outputs + b] = m.s.probabilities[b];
      }
    }
    for (int t = end; t-- > begin;) {
      const float* record = records + (t - begin) * 4 * n.outputs;
      __syncthreads();
      for (int e = i; e < 2 * n.outputs; e += vsml_threads) m.s.record[e] = record[e];
      for (int b = i; b < n.outputs; b += vsml_threads) {
        m.s.logits[b] = record[2 * n.outputs + b];
        m.s.probabilities[b] = record[3 * n.outputs + b];
      }
      for (int e = i; e < n.outputs * vsml_gates; e += vsml_threads) m.dz_output[e / vsml_gates][e % vsml_gates] = 0;
      __syncthreads();
      const float of_loss = p.dL_dloss != nullptr && counts(n, targets, t) ? p.dL_dloss[run] / labels : 0;
      const float* dL_dlogits = p.dL_dlogits != nullptr ? p.dL_dlogits + (run * n.steps + t) * n.outputs : nullptr;
      read_out_backward(n, targets[t], of_loss, dL_dlogits, m);
      output_terms(n, m.s.record, m.s);
      __syncthreads();
      if (i == 0) {
        for (int b = 0; b < n.outputs; ++b) of_delta += vsml_weight(n) * static_cast<float>(n.inputs) * m.raw[b];
      }
      float* dL_dimage = p.dL_dx != nullptr ? p.dL_dx + (run * n.steps + t) * n.inputs : nullptr;
      for (int tile = 0; tile < place.tiles; ++tile) {
        tile_backward(n, place, tile, x + static_cast<std::int64_t>(t) * n.inputs, states + (t - begin) * 2 * cells,
                      dL_dstate, dL_dimage, m, sums);
      }
      __syncthreads();
      record_backward(n, m);
    }
  }
  float* dL_dtheta = p.dL_dtheta + run * n.parameters();
  write_parameters(n, sums, m, dL_dtheta);
  if (n.layer_norm && i == 0) dL_dtheta[VsmlOffsets(n).delta_f + n.output_index] = of_delta;
}

__global__ void first_cells_kernel(VsmlSizes n, const float* dL_dstate, float* dL_dc) {
  const std::int64_t cells = n.cells();
  for (std::int64_t i = thread_index(); i < n.runs * cells; i += thread_count()) {
    dL_dc[i] = dL_dstate[i / cells * 2 * cells + cells + i % cells];
  }
}

}  // namespace

void vsml_first_cells(cudaStream_t stream, const VsmlSizes& n, const float* dL_dstate, float* dL_dc) {
  launch("vsml first cells", first_cells_kernel, elementwise(n.runs * n.cells()), stream, n, dL_dstate, dL_dc);
}

void vsml_backward(cudaStream_t stream, const VsmlBackward& p) {
  allow_shared(backward_kernel, sizeof(BackwardShared), "vsml backward");
  launch("vsml backward", backward_kernel,
         {static_cast<unsigned>(p.in.sizes.runs), vsml_threads, sizeof(BackwardShared)}, stream, p);
}

}  // namespace srwm::cuda
