// What the kernels of the key-value memories share, for delta_net_kernels.cpp and linear_attention_kernels.cpp: where
// things stand in the tensors, and the table of functions by head size.
#pragma once

#include "ops/cpu/fast_weight_matrix.h"
#include "ops/cpu/feature_map.h"
#include "ops/cpu/key_value_memory.h"

namespace srwm::cpu::SRWM_SIMD {

/// Offsets in the tensors of a memory with heads of size M::D, of which forward saves a Record for each step.
template <typename M, typename Record>
struct KeyValueOffsets {
  using Problem = KeyValueProblem;

  /// Counts steps of heads: the layout of projected and y.
  static std::int64_t position(const Problem& p, std::int64_t b, std::int64_t h, std::int64_t t) {
    return (b * p.steps + t) * p.heads + h;
  }
  static Record record_of(const Problem& p, std::int64_t b, std::int64_t h, std::int64_t t) {
    return Record(p.saved_steps + ((h * p.batch + b) * p.steps + t) * Record::size);
  }
  static bool resets(const Problem& p, std::int64_t b, std::int64_t t) {
    return p.reset && p.reset[b * p.steps + t] != 0;
  }
  static void copy(const float* from, float* to) { __builtin_memcpy(to, from, M::size * sizeof(float)); }

  /// w = the first W of sequence b.
  static void start(const Problem& p, std::int64_t b, std::int64_t h, float* w) {
    if (!p.w_first) return M::clear(w);
    copy(p.w_first + (b / (p.batch / p.groups) * p.heads + h) * M::size, w);
  }
  /// g = dL/dW_T of sequence b.
  static void start_gradient(const Problem& p, const KeyValueGradients& grads, std::int64_t b, std::int64_t h,
                             float* g) {
    if (!grads.dL_dw_last) return M::clear(g);
    copy(grads.dL_dw_last + (b * p.heads + h) * M::size, g);
  }
  static void finish(const Problem& p, std::int64_t b, std::int64_t h, const float* w, float* w_last) {
    copy(w, w_last + (b * p.heads + h) * M::size);
  }
};

// Kernels need unique names, even in unnamed namespaces: GCC 12 takes functions of equally named ones for one.

template <template <int> class Kernel>
KeyValueLayout layout_of(int d) {
  return with_kernel<Kernel>(d, [](auto kernel) { return kernel.layout(); });
}

template <template <int> class Kernel>
void forward_of(const KeyValueProblem& p, std::int64_t sequence, std::int64_t head, float* scratch, float* y,
                float* w_last) {
  with_kernel<Kernel>(p.d, [&](auto kernel) { kernel.forward(p, sequence, head, scratch, y, w_last); });
}

template <template <int> class Kernel>
void backward_of(const KeyValueProblem& p, const KeyValueSlice& slice, const KeyValueGradients& grads, float* scratch) {
  with_kernel<Kernel>(p.d, [&](auto kernel) { kernel.backward(p, slice, grads, scratch); });
}

}  // namespace srwm::cpu::SRWM_SIMD
