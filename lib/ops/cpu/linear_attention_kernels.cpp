// Forward and backward of the additive fast-weight memory for one (sequence, head); equations in
// ops/linear_attention.h. W_t does not depend on what was read before, so the backward pass needs no W_{t-1} undone or
// kept: one sweep sums W up again for the gradients of the queries, another runs back with dL/dW for keys and values.
#include "ops/cpu/key_value_kernels.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

using Problem = KeyValueProblem;
using Gradients = KeyValueGradients;

/// What is saved of one step, in this order.
template <int D>
struct AdditiveRecord {
  explicit AdditiveRecord(float* record) : q(record), k(q + D), sums(k + D) {}
  static constexpr std::int64_t size = 2 * D + FastWeightMatrix<D, D>::width;

  float *q, *k;  ///< q' and k'
  float* sums;   ///< sum(elu(z) + 1) + eps of q and of k
};

template <int D>
struct AdditiveKernel : KeyValueOffsets<FastWeightMatrix<D, D>, AdditiveRecord<D>> {
  using M = FastWeightMatrix<D, D>;
  using V = typename M::V;
  using F = FeatureMap<M>;
  using Step = AdditiveRecord<D>;
  using Offsets = KeyValueOffsets<M, Step>;
  using Offsets::position, Offsets::record_of, Offsets::resets, Offsets::start;
  static constexpr int width = M::width;

  static void forward(const Problem& p, std::int64_t b, std::int64_t h, float* w, float* y, float* w_last) {
    start(p, b, h, w);
    for (std::int64_t t = 0; t < p.steps; ++t) {
      const std::int64_t at = position(p, b, h, t);
      const float* projected = p.projected + at * 3 * D;
      const Step s = record_of(p, b, h, t);
      if (resets(p, b, t)) M::clear(w);
      s.sums[0] = F::forward(projected, p.eps, s.q);
      s.sums[1] = F::forward(projected + D, p.eps, s.k);
      // W_t = W_{t-1} + v (x) k',  y_t = W_t q'
      M::add_outer(w, projected + 2 * D, s.k, w);
      M::multiply(w, s.q, y + at * D);
    }
    Offsets::finish(p, b, h, w, w_last);
  }

  /// Writes or adds D numbers.
  static void put(bool add, const float* from, float* to) {
    for (int i = 0; i < D; i += width) store_as(to + i, load_as<V>(from + i) + (add ? load_as<V>(to + i) : V{}));
  }

  /// Forward in time: y_t = W_t q'.
  static void queries_backward(const Problem& p, const Gradients& grads, std::int64_t b, std::int64_t h, float* w) {
    alignas(64) float dL_dkey[D], dL_dq[D];
    start(p, b, h, w);
    for (std::int64_t t = 0; t < p.steps; ++t) {
      const std::int64_t at = position(p, b, h, t);
      const Step s = record_of(p, b, h, t);
      if (resets(p, b, t)) M::clear(w);
      M::add_outer(w, p.projected + at * 3 * D + 2 * D, s.k, w);
      M::multiply_transposed(w, grads.dL_dy + at * D, dL_dkey);
      F::backward(s.q, s.sums[0], dL_dkey, dL_dq);
      put(grads.add_to_dL_dprojected, dL_dq, grads.dL_dprojected + at * 3 * D);
    }
  }

  /// Nothing was read: the queries have no gradient.
  static void no_queries_backward(const Problem& p, const Gradients& grads, std::int64_t b, std::int64_t h) {
    alignas(64) constexpr float zeros[D] = {};
    for (std::int64_t t = 0; t < p.steps; ++t) {
      put(grads.add_to_dL_dprojected, zeros, grads.dL_dprojected + position(p, b, h, t) * 3 * D);
    }
  }

  /// Backward in time: W_t = W_{t-1} + v (x) k'. On entry g is dL/dW_T, on return the gradient of the first W.
  static void values_backward(const Problem& p, const Gradients& grads, std::int64_t b, std::int64_t h, float* g) {
    alignas(64) float dL_dkey[D], dL_dk[D], dL_dv[D];
    for (std::int64_t t = p.steps; t-- > 0;) {
      const std::int64_t at = position(p, b, h, t);
      const Step s = record_of(p, b, h, t);
      if (grads.dL_dy) M::add_outer(g, grads.dL_dy + at * D, s.q, g);
      if (grads.dL_dprojected) {
        float* to = grads.dL_dprojected + at * 3 * D;
        M::multiply_transposed(g, p.projected + at * 3 * D + 2 * D, dL_dkey);
        M::multiply(g, s.k, dL_dv);
        F::backward(s.k, s.sums[1], dL_dkey, dL_dk);
        put(grads.add_to_dL_dprojected, dL_dk, to + D);
        put(grads.add_to_dL_dprojected, dL_dv, to + 2 * D);
      }
      if (resets(p, b, t)) M::clear(g);  // W was zero: the gradient goes no further back
    }
  }

  static void backward(const Problem& p, const KeyValueSlice& slice, const Gradients& grads, float* memory) {
    float *matrix = memory, *first_sum = memory + M::size;
    M::clear(first_sum);
    for (std::int64_t b = slice.first; b < slice.last; ++b) {
      if (grads.dL_dprojected && grads.dL_dy) {
        queries_backward(p, grads, b, slice.head, matrix);
      } else if (grads.dL_dprojected) {
        no_queries_backward(p, grads, b, slice.head);
      }
      Offsets::start_gradient(p, grads, b, slice.head, matrix);
      values_backward(p, grads, b, slice.head, matrix);
      M::add(matrix, first_sum);
    }
    if (grads.dL_dw_first) M::unpad(first_sum, grads.add_to_dL_dw_first, grads.dL_dw_first);
  }

  static KeyValueLayout layout() { return {Step::size, M::size, 0, 2 * M::size}; }
};

}  // namespace

const KeyValueKernels linear_attention_kernels{layout_of<AdditiveKernel>, forward_of<AdditiveKernel>,
                                               backward_of<AdditiveKernel>};

}  // namespace srwm::cpu::SRWM_SIMD
