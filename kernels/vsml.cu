// All steps of runs of one dense layer of sub-RNNs: per sub-RNN z = z_output + x_a w_1 + h W_h, gates, c and h, for all
// micro ticks; then logits from the mean of the forward messages, and the error of the next step (lib/ops/vsml.h).
//
// A block per run, for all of its steps. Its threads take the sub-RNNs in tiles, each thread always those of one
// output, a sub-RNN's h and c in registers; W_h is in shared memory, where all threads of a warp read the same word. h
// and c of the run are in global memory between steps. Sums over inputs are made per thread and then in the order of
// the rows.
#include "kernels/launch.h"
#include "kernels/vsml.cuh"

namespace srwm::cuda {
namespace {

__global__ void __launch_bounds__(vsml_threads, 1) forward_kernel(VsmlForward p) {
  VsmlShared& s = *dynamic_shared<VsmlShared>();
  const VsmlSizes& n = p.in.sizes;
  const VsmlPlace place(n);
  const std::int64_t run = blockIdx.x, episode = run / (n.runs / n.episodes), cells = n.cells();
  const float* x = p.in.x + episode * n.steps * n.inputs;
  const std::int32_t* targets = p.in.targets + episode * n.steps;
  float* state = p.state + run * n.state();
  load_parameters(n, p.in.theta + run / (n.runs / n.groups) * n.parameters(), s);
  const float* c_first = p.c_first != nullptr ? p.c_first + run / (n.runs / n.cell_groups) * cells : nullptr;
  for (std::int64_t i = threadIdx.x; i < n.state(); i += vsml_threads) {
    float value = 0;
    if (p.state_first != nullptr) {
      value = p.state_first[run * n.state() + i];
    } else if (c_first != nullptr && i >= cells && i < 2 * cells) {
      value = c_first[i - cells];
    }
    if (i < 2 * cells) {
      state[i] = value;
    } else {
      s.record[i - 2 * cells] = value;
    }
  }
  double loss = 0;
  for (int t = 0; t < n.steps; ++t) {
    __syncthreads();
    if (p.segments != nullptr && t % n.segment_steps == 0) {
      float* segment = p.segments + (run * n.segments + t / n.segment_steps) * n.state();
      for (std::int64_t i = threadIdx.x; i < n.state(); i += vsml_threads) {
        segment[i] = i < 2 * cells ? state[i] : s.record[i - 2 * cells];
      }
    }
    vsml_step(n, place, x + static_cast<std::int64_t>(t) * n.inputs, targets[t], state, state, s);
    for (int b = threadIdx.x; b < n.outputs; b += vsml_threads) {
      p.logits[(run * n.steps + t) * n.outputs + b] = s.logits[b];
    }
    if (threadIdx.x == 0 && counts(n, targets, t)) loss -= logf(s.probabilities[targets[t]]);
  }
  for (int i = threadIdx.x; i < 2 * n.outputs; i += vsml_threads) state[2 * cells + i] = s.record[i];
  if (threadIdx.x == 0) {
    const int labels = count_labels(n, targets);
    p.loss[run] = static_cast<float>(labels > 0 ? loss / labels : 0);
  }
}

}  // namespace

void vsml_forward(cudaStream_t stream, const VsmlForward& p) {
  allow_shared(forward_kernel, sizeof(VsmlShared), "vsml forward");
  launch("vsml forward", forward_kernel, {static_cast<unsigned>(p.in.sizes.runs), vsml_threads, sizeof(VsmlShared)},
         stream, p);
}

}  // namespace srwm::cuda
