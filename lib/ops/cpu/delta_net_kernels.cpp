// Forward and backward of DeltaNet for one (sequence, head); equations in ops/delta_net.h and, derived, in
// docs/internals/fast_weights.md. Built like srwm_kernels.cpp.
#include "ops/cpu/key_value_kernels.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

using Problem = KeyValueProblem;

/// What is saved of one step, in this order.
template <int D>
struct DeltaNetRecord {
  explicit DeltaNetRecord(float* record) : q(record), k(q + D), delta(k + D), rest(delta + D) {}
  static constexpr std::int64_t size = 3 * D + FastWeightMatrix<D, D>::width;

  float *q, *k;  ///< q', k'
  float* delta;  ///< v - W_{t-1} k'
  float* rest;   ///< beta, and the divisors sum(elu(z) + 1) + eps of q and of k
};

template <int D>
struct DeltaNetKernel : KeyValueOffsets<FastWeightMatrix<D, D>, DeltaNetRecord<D>> {
  using M = FastWeightMatrix<D, D>;
  using V = typename M::V;
  using F = FeatureMap<M>;
  using Step = DeltaNetRecord<D>;
  using Offsets = KeyValueOffsets<M, Step>;
  using Offsets::copy, Offsets::position, Offsets::record_of, Offsets::resets, Offsets::start;
  static constexpr int width = M::width;
  static constexpr int segment_steps = D <= 32 ? 16 : 8;

  /// W entering segment s > 0, before a reset there.
  static float* segment(const Problem& p, std::int64_t b, std::int64_t h, std::int64_t s) {
    const std::int64_t saved = (p.steps - 1) / segment_steps;
    return p.segments + ((h * p.batch + b) * saved + s - 1) * M::size;
  }

  static void scale(float factor, const float* v, float* out) {
    for (int i = 0; i < D; i += width) store_as(out + i, factor * load_as<V>(v + i));
  }

  static void forward_step(const float* projected, float eps, const Step& s, float* w, float* y) {
    alignas(64) float u[D], old_value[D];
    // q' = f(q), k' = f(k), beta = sigmoid(b)
    s.rest[1] = F::forward(projected, eps, s.q);
    s.rest[2] = F::forward(projected + D, eps, s.k);
    s.rest[0] = sigmoid(projected[3 * D] - V{})[0];
    // delta = v - W_{t-1} k'
    M::multiply(w, s.k, old_value);
    for (int i = 0; i < D; i += width) {
      store_as(s.delta + i, load_as<V>(projected + 2 * D + i) - load_as<V>(old_value + i));
    }
    // W_t = W_{t-1} + u (x) k', u = beta delta;  y_t = W_t q'
    scale(s.rest[0], s.delta, u);
    M::add_outer(w, u, s.k, w);
    M::multiply(w, s.q, y);
  }

  static void forward(const Problem& p, std::int64_t b, std::int64_t h, float* w, float* y, float* w_last) {
    start(p, b, h, w);
    for (std::int64_t t = 0; t < p.steps; ++t) {
      if (t > 0 && t % segment_steps == 0) copy(w, segment(p, b, h, t / segment_steps));
      if (resets(p, b, t)) M::clear(w);
      const std::int64_t at = position(p, b, h, t);
      forward_step(p.projected + at * (3 * D + 1), p.eps, record_of(p, b, h, t), w, y + at * D);
    }
    Offsets::finish(p, b, h, w, w_last);
  }

  /// Writes W_{t-1} of the steps [first, last) of a segment to w, one after the other, by repeating the updates of
  /// forward in the same arithmetic: the same bits.
  static void rebuild(const Problem& p, std::int64_t b, std::int64_t h, std::int64_t first, std::int64_t last,
                      float* w) {
    if (first == 0) {
      start(p, b, h, w);
    } else {
      copy(segment(p, b, h, first / segment_steps), w);
    }
    for (std::int64_t t = first; t < last; ++t, w += M::size) {
      if (resets(p, b, t)) M::clear(w);
      if (t + 1 == last) break;
      alignas(64) float u[D];
      const Step s = record_of(p, b, h, t);
      scale(s.rest[0], s.delta, u);
      M::add_outer(w, u, s.k, w + M::size);
    }
  }

  /// On entry g is dL/dW_t, on return dL/dW_{t-1}; w is W_{t-1}. Writes the gradient of projected, [q, k, v, b].
  static void backward_step(const Step& s, const float* w, const float* dL_dy, float* g, float* dL_dp) {
    alignas(64) float u[D], dL_du[D], dL_dq[D] = {}, dL_dk[D], minus_dL_ddelta[D], through_delta[D];
    const float beta = s.rest[0];
    scale(beta, s.delta, u);
    // y_t = W_t q',  W_t = W_{t-1} + u (x) k'
    if (dL_dy) {
      M::multiply_transposed(w, dL_dy, dL_dq);
      const V along = F::dot(u, dL_dy);
      for (int i = 0; i < D; i += width) store_as(dL_dq + i, load_as<V>(dL_dq + i) + along * load_as<V>(s.k + i));
      M::add_outer(g, dL_dy, s.q, g);
    }
    M::multiply(g, s.k, dL_du);
    M::multiply_transposed(g, u, dL_dk);
    // u = beta delta,  delta = v - W_{t-1} k'
    scale(-beta, dL_du, minus_dL_ddelta);
    M::multiply_transposed(w, minus_dL_ddelta, through_delta);
    for (int i = 0; i < D; i += width) {
      store_as(dL_dk + i, load_as<V>(dL_dk + i) + load_as<V>(through_delta + i));
      store_as(dL_dp + 2 * D + i, -load_as<V>(minus_dL_ddelta + i));
    }
    M::add_outer(g, minus_dL_ddelta, s.k, g);
    // q' = f(q), k' = f(k), beta = sigmoid(b)
    F::backward(s.q, s.rest[1], dL_dq, dL_dp);
    F::backward(s.k, s.rest[2], dL_dk, dL_dp + D);
    dL_dp[3 * D] = F::dot(dL_du, s.delta)[0] * beta * (1 - beta);
  }

  /// Working memory of one thread.
  struct Scratch {
    explicit Scratch(float* memory) : g(memory), first_sum(g + M::size), segment(first_sum + M::size) {}
    static constexpr int size = (2 + segment_steps) * M::size;

    float* g;          ///< dL/dW
    float* first_sum;  ///< over the sequences of a slice
    float* segment;    ///< W_{t-1} of the steps of a segment
  };

  static void backward_segment(const Problem& p, const KeyValueGradients& grads, std::int64_t b, std::int64_t h,
                               std::int64_t first, std::int64_t last, const Scratch& scratch) {
    rebuild(p, b, h, first, last, scratch.segment);
    for (std::int64_t t = last; t-- > first;) {
      alignas(64) float dL_dp[3 * D + 1];
      const std::int64_t at = position(p, b, h, t);
      backward_step(record_of(p, b, h, t), scratch.segment + (t - first) * M::size,
                    grads.dL_dy ? grads.dL_dy + at * D : nullptr, scratch.g, dL_dp);
      if (grads.dL_dprojected) {
        float* to = grads.dL_dprojected + at * (3 * D + 1);
        for (int i = 0; i < 3 * D + 1; ++i) to[i] = dL_dp[i] + (grads.add_to_dL_dprojected ? to[i] : 0.0f);
      }
      if (resets(p, b, t)) M::clear(scratch.g);  // W was zero: the gradient goes no further back
    }
  }

  static void backward(const Problem& p, const KeyValueSlice& slice, const KeyValueGradients& grads, float* memory) {
    const Scratch scratch(memory);
    M::clear(scratch.first_sum);
    for (std::int64_t b = slice.first; b < slice.last; ++b) {
      Offsets::start_gradient(p, grads, b, slice.head, scratch.g);
      for (std::int64_t last = p.steps; last > 0;) {
        const std::int64_t first = (last - 1) / segment_steps * segment_steps;
        backward_segment(p, grads, b, slice.head, first, last, scratch);
        last = first;
      }
      M::add(scratch.g, scratch.first_sum);
    }
    if (grads.dL_dw_first) M::unpad(scratch.first_sum, grads.add_to_dL_dw_first, grads.dL_dw_first);
  }

  static KeyValueLayout layout() { return {Step::size, M::size, segment_steps, Scratch::size}; }
};

}  // namespace

const KeyValueKernels delta_net_kernels{layout_of<DeltaNetKernel>, forward_of<DeltaNetKernel>,
                                        backward_of<DeltaNetKernel>};

}  // namespace srwm::cpu::SRWM_SIMD
