// The elementwise part of an LSTM step, from z = w_ih x + b_ih + w_hh h + b_hh computed by matrix products before it:
// c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g), h_t = sigmoid(o) tanh(c_t), and its gradient.
//
// One launch per step, a thread per (sequence, unit).
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/lstm.h"

namespace srwm::cuda {
namespace {

/// One (sequence, unit) of a step.
struct Unit {
  __device__ __forceinline__ Unit(const LstmSizes& n, std::int64_t i, int t, const std::uint8_t* reset)
      : b(i / n.hidden),
        r(i % n.hidden),
        step((b * n.steps + t) * n.hidden + r),
        state(b / (n.batch / n.groups) * n.hidden + r),
        fresh(reset != nullptr && reset[b * n.steps + t] != 0) {}
  std::int64_t b, r;
  std::int64_t step;   ///< element of [B, T, H]
  std::int64_t state;  ///< element of [G, H]
  bool fresh;          ///< the state was set to zero before this step
};

/// A state as step t saw it.
__device__ __forceinline__ float before(const Unit& u, int t, int hidden, const float* first, const float* sequence) {
  if (u.fresh) return 0;
  if (t > 0) return sequence[u.step - hidden];
  return first != nullptr ? first[u.state] : 0.0f;
}

__device__ __forceinline__ float sigmoid_of(float x) {
  return 1 / (1 + expf(-x));
}

__global__ void h_before_kernel(LstmSizes n, int t, const float* h_first, const float* y, const std::uint8_t* reset,
                                float* h_before) {
  for (std::int64_t i = thread_index(); i < static_cast<std::int64_t>(n.batch) * n.hidden; i += thread_count()) {
    const Unit u(n, i, t, reset);
    h_before[u.step] = before(u, t, n.hidden, h_first, y);
  }
}

__global__ void step_kernel(LstmStep p) {
  const int hidden = p.sizes.hidden;
  for (std::int64_t i = thread_index(); i < static_cast<std::int64_t>(p.sizes.batch) * hidden; i += thread_count()) {
    const Unit u(p.sizes, i, p.t, p.reset);
    float* z = p.gates + (u.b * p.sizes.steps + p.t) * 4 * hidden + u.r;
    float gate[4];
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float sum = z[j * hidden] + (p.b_ih[j * hidden + u.r] + p.b_hh[j * hidden + u.r]);
      gate[j] = z[j * hidden] = j == 2 ? tanhf(sum) : sigmoid_of(sum);
    }
    const float c = gate[1] * before(u, p.t, hidden, p.c_first, p.cells) + gate[0] * gate[2];
    p.cells[u.step] = c;
    p.y[u.step] = gate[3] * tanhf(c);
  }
}

__global__ void last_kernel(LstmSizes n, const float* y, const float* cells, float* h_last, float* c_last) {
  for (std::int64_t i = thread_index(); i < static_cast<std::int64_t>(n.batch) * n.hidden; i += thread_count()) {
    const Unit u(n, i, n.steps - 1, nullptr);
    h_last[i] = y[u.step];
    c_last[i] = cells[u.step];
  }
}

__global__ void step_backward_kernel(LstmStepBackward p) {
  const int hidden = p.sizes.hidden;
  for (std::int64_t i = thread_index(); i < static_cast<std::int64_t>(p.sizes.batch) * hidden; i += thread_count()) {
    const Unit u(p.sizes, i, p.t, p.reset);
    const std::int64_t first_gate = (u.b * p.sizes.steps + p.t) * 4 * hidden + u.r;
    // What flows back over a reset at the next step is cut.
    const bool cut = p.reset != nullptr && p.t + 1 < p.sizes.steps && p.reset[u.b * p.sizes.steps + p.t + 1] != 0;
    const float in = p.gates[first_gate], forget = p.gates[first_gate + hidden],
                cell = p.gates[first_gate + 2 * hidden], out = p.gates[first_gate + 3 * hidden];
    const float tanh_c = tanhf(p.cells[u.step]);
    const float dh = (cut ? 0.0f : p.dL_dh[i]) + (p.dL_dy != nullptr ? p.dL_dy[u.step] : 0.0f);
    const float dc = (cut ? 0.0f : p.dL_dc[i]) + dh * out * (1 - tanh_c * tanh_c);
    p.dL_dz[first_gate] = dc * cell * in * (1 - in);
    p.dL_dz[first_gate + hidden] = dc * before(u, p.t, hidden, p.c_first, p.cells) * forget * (1 - forget);
    p.dL_dz[first_gate + 2 * hidden] = dc * in * (1 - cell * cell);
    p.dL_dz[first_gate + 3 * hidden] = dh * tanh_c * out * (1 - out);
    p.dL_dc[i] = dc * forget;
  }
}

__global__ void cut_first_kernel(LstmSizes n, const std::uint8_t* reset, float* x) {
  for (std::int64_t i = thread_index(); i < static_cast<std::int64_t>(n.batch) * n.hidden; i += thread_count()) {
    if (reset[i / n.hidden * n.steps] != 0) x[i] = 0;
  }
}

Launch units(const LstmSizes& n) {
  return elementwise(static_cast<std::int64_t>(n.batch) * n.hidden);
}

}  // namespace

void lstm_h_before(cudaStream_t stream, const LstmSizes& n, int t, const float* h_first, const float* y,
                   const std::uint8_t* reset, float* h_before) {
  launch("lstm", h_before_kernel, units(n), stream, n, t, h_first, y, reset, h_before);
}

void lstm_step(cudaStream_t stream, const LstmStep& p) {
  launch("lstm", step_kernel, units(p.sizes), stream, p);
}

void lstm_last(cudaStream_t stream, const LstmSizes& n, const float* y, const float* cells, float* h_last,
               float* c_last) {
  launch("lstm", last_kernel, units(n), stream, n, y, cells, h_last, c_last);
}

void lstm_step_backward(cudaStream_t stream, const LstmStepBackward& p) {
  launch("lstm backward", step_backward_kernel, units(p.sizes), stream, p);
}

void lstm_cut_first(cudaStream_t stream, const LstmSizes& n, const std::uint8_t* reset, float* x) {
  if (reset != nullptr) launch("lstm backward", cut_first_kernel, units(n), stream, n, reset, x);
}

}  // namespace srwm::cuda
