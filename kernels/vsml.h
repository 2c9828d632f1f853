// One dense layer of sub-RNNs on the GPU: one launch for all steps of all runs. Definition: lib/ops/vsml.h.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

constexpr int vsml_cells = 16, vsml_gates = 4 * vsml_cells;
constexpr int vsml_most_message = 8;   ///< components of a message
constexpr int vsml_most_outputs = 64;  ///< of the layer; inputs are not limited

struct VsmlSizes {
  int runs, groups, episodes, cell_groups;  ///< run r uses theta[r / (runs / groups)], and so on
  int steps, segment_steps, segments;
  int inputs, outputs;
  int message_size, micro_ticks, output_index;
  float bound;  ///< 0: none
  bool layer_norm, feed_label, sum_messages, last_step;

  /// Numbers in h, or in c, of a run.
  __host__ __device__ std::int64_t cells() const { return static_cast<std::int64_t>(inputs) * outputs * vsml_cells; }
  /// h, c, and e.
  __host__ __device__ std::int64_t state() const { return 2 * cells() + 2 * outputs; }
  /// Numbers in theta.
  __host__ __device__ std::int64_t parameters() const {
    const std::int64_t m = message_size;
    return (2 * m + vsml_cells + 1) * vsml_gates + 2 * (vsml_cells + 1) * m + (layer_norm ? 4 * m : 0);
  }
};

/// What both directions read.
struct VsmlInputs {
  VsmlSizes sizes;
  const float* theta;           ///< [groups, n]
  const float* x;               ///< [episodes, T, inputs]
  const std::int32_t* targets;  ///< [episodes, T], -1: no label
};

struct VsmlForward {
  VsmlInputs in;
  const float* c_first;      ///< [cell_groups, cells] or nullptr for zeros
  const float* state_first;  ///< [runs, state] or nullptr: from c_first
  float* logits;             ///< [runs, T, outputs]
  float* loss;               ///< [runs]
  float* state;              ///< [runs, state]: after the last step
  float* segments;           ///< [runs, segments, state], or nullptr: nothing is kept
};
void vsml_forward(cudaStream_t stream, const VsmlForward& p);

struct VsmlBackward {
  VsmlInputs in;
  const float* segments;    ///< as forward left them
  const float* dL_dlogits;  ///< or nullptr: zero
  const float* dL_dloss;    ///< or nullptr: zero
  float* states;            ///< room for [runs, segment_steps + 1, 2 cells]
  float* records;           ///< room for [runs, segment_steps, 4 outputs]
  float* dL_dstate;         ///< room for [runs, 2 cells]; on return the gradient of the first h and c
  float* dL_dtheta;         ///< [runs, n] of each run: overwritten
  float* dL_dx;             ///< [runs, T, inputs] of each run, or nullptr: not wanted
};
void vsml_backward(cudaStream_t stream, const VsmlBackward& p);
/// dL_dc [runs, cells] from what vsml_backward leaves in dL_dstate.
void vsml_first_cells(cudaStream_t stream, const VsmlSizes& n, const float* dL_dstate, float* dL_dc);

}  // namespace srwm::cuda
