// Forward and backward of the SRWM for one (sequence, head); equations in ops/srwm.h and, derived, in
// docs/internals/fast_weights.md. W stays in the nearest cache for all of its steps; lanes run along its rows.
#include "ops/cpu/srwm_kernels.h"

#include "ops/cpu/softmax_kernel.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

template <int D>
struct Kernel {
  using M = FastWeightMatrix<D, 3 * D + 4>;
  using V = typename M::V;
  static constexpr int width = M::width, stride = M::stride, rows = M::Rows;
  static constexpr int dense = D * rows;
  static constexpr int block_vectors = D / width;  ///< vectors of rows that share a beta
  static constexpr int segment_steps = D <= 32 ? 16 : 8;

  /// What is saved of one step, in this order; phi(x) only if it is not x itself.
  struct Step {
    Step(float* record, bool input_softmax, const float* x)
        : q(record), k(q + D), delta(k + D), beta(delta + stride), phi(input_softmax ? beta + width : x) {}
    static std::int64_t size(bool input_softmax) { return 2 * D + stride + width + (input_softmax ? D : 0); }

    float *q, *k;      ///< q', k'
    float* delta;      ///< W_{t-1} (q' - k')
    float* beta;       ///< of the blocks y, q, k, b
    const float* phi;  ///< phi(x_t)
  };

  static Step step_of(const SrwmProblem& p, std::int64_t b, std::int64_t h, std::int64_t t) {
    float* record = p.saved_steps + ((h * p.batch + b) * p.steps + t) * Step::size(p.input_softmax);
    return Step(record, p.input_softmax, p.x + position(p, b, h, t));
  }
  /// Of x_t and y_t in x and y.
  static std::int64_t position(const SrwmProblem& p, std::int64_t b, std::int64_t h, std::int64_t t) {
    return ((b * p.steps + t) * p.heads + h) * D;
  }
  static const float* first_state(const SrwmProblem& p, std::int64_t b, std::int64_t h) {
    return p.w_first + (b / (p.batch / p.groups) * p.heads + h) * dense;
  }
  static bool resets(const SrwmProblem& p, std::int64_t b, std::int64_t t) {
    return p.reset && p.reset[b * p.steps + t] != 0;
  }
  /// W entering segment s > 0, before a reset there.
  static float* segment(const SrwmProblem& p, std::int64_t b, std::int64_t h, std::int64_t s) {
    const std::int64_t saved = (p.steps - 1) / segment_steps;
    return p.segments + ((h * p.batch + b) * saved + s - 1) * M::size;
  }

  /// out = B v: each row times the beta of its block.
  static void scale_blocks(const float* beta, const float* v, float* out) {
#pragma GCC unroll 8
    for (int j = 0; j < M::vectors; ++j) {
      store_as(out + j * width, beta[j / block_vectors] * load_as<V>(v + j * width));
    }
  }

  static void copy(const float* from, int count, float* to) {
    __builtin_memcpy(to, from, count * sizeof(float));
  }

  static void forward_step(const float* x, bool input_softmax, const Step& s, float* w, float* y) {
    alignas(64) float out[stride], u[stride], difference[D];
    if (input_softmax) softmax<V, D>(x, s.beta + width);
    // [y, q, k, b] = W_{t-1} phi(x_t)
    M::multiply(w, s.phi, out);
    copy(out, D, y);
    // q' = softmax(q), k' = softmax(k), beta = sigmoid(b)
    softmax<V, D>(out + D, s.q);
    softmax<V, D>(out + 2 * D, s.k);
    store_as(s.beta, sigmoid(load_as<V>(out + 3 * D)));
    // delta = W_{t-1} (q' - k')
    for (int i = 0; i < D; i += width) store_as(difference + i, load_as<V>(s.q + i) - load_as<V>(s.k + i));
    M::multiply(w, difference, s.delta);
    // W_t = W_{t-1} + B delta (x) k'
    scale_blocks(s.beta, s.delta, u);
    M::add_outer(w, u, s.k, w);
  }

  static void forward(const SrwmProblem& p, std::int64_t b, std::int64_t h, float* w, float* y, float* w_last) {
    M::pad(first_state(p, b, h), w);
    for (std::int64_t t = 0; t < p.steps; ++t) {
      if (t > 0 && t % segment_steps == 0) copy(w, M::size, segment(p, b, h, t / segment_steps));
      if (resets(p, b, t)) M::pad(p.w_reset + h * dense, w);
      const std::int64_t at = position(p, b, h, t);
      forward_step(p.x + at, p.input_softmax, step_of(p, b, h, t), w, y + at);
    }
    M::unpad(w, false, w_last + (b * p.heads + h) * dense);
  }

  /// Writes W_{t-1} of the steps [first, last) of a segment to w, one after the other, by repeating the updates of
  /// forward in the same arithmetic: the same bits.
  static void rebuild(const SrwmProblem& p, std::int64_t b, std::int64_t h, std::int64_t first, std::int64_t last,
                      float* w) {
    if (first == 0) {
      M::pad(first_state(p, b, h), w);
    } else {
      copy(segment(p, b, h, first / segment_steps), M::size, w);
    }
    for (std::int64_t t = first; t < last; ++t, w += M::size) {
      if (resets(p, b, t)) M::pad(p.w_reset + h * dense, w);
      if (t + 1 == last) break;
      alignas(64) float u[stride];
      const Step s = step_of(p, b, h, t);
      scale_blocks(s.beta, s.delta, u);
      M::add_outer(w, u, s.k, w + M::size);
    }
  }

  /// dL/dbeta of each block from the gradient of u = B delta; lanes after the fourth are zero.
  static V beta_backward(const float* dL_du, const float* delta) {
    alignas(64) float dL_dbeta[width] = {};
    for (int block = 0; block < 4; ++block) {
      V total = {};
      for (int j = block * block_vectors; j < (block < 3 ? (block + 1) * block_vectors : M::vectors); ++j) {
        total += load_as<V>(dL_du + j * width) * load_as<V>(delta + j * width);
      }
      dL_dbeta[block] = sum_across(total)[0];
    }
    return load_as<V>(dL_dbeta);
  }

  /// On entry g is dL/dW_t, on return dL/dW_{t-1}; w is W_{t-1}. Writes dL/dphi.
  static void backward_step(const Step& s, const float* w, const float* dL_dy, float* g, float* dL_dphi) {
    alignas(64) float u[stride], dL_du[stride], dL_ddelta[stride], dL_dout[stride], dL_dq[D], dL_dk[D], difference[D];
    // W_t = W_{t-1} + u (x) k',  u = B delta
    scale_blocks(s.beta, s.delta, u);
    M::multiply(g, s.k, dL_du);
    M::multiply_transposed(g, u, dL_dk);
    scale_blocks(s.beta, dL_du, dL_ddelta);
    // delta = W_{t-1} (q' - k')
    M::multiply_transposed(w, dL_ddelta, dL_dq);
    for (int i = 0; i < D; i += width) {
      store_as(dL_dk + i, load_as<V>(dL_dk + i) - load_as<V>(dL_dq + i));
      store_as(difference + i, load_as<V>(s.q + i) - load_as<V>(s.k + i));
    }
    // q' = softmax(q), k' = softmax(k), beta = sigmoid(b)
    for (int i = 0; i < D; i += width) store_as(dL_dout + i, dL_dy ? load_as<V>(dL_dy + i) : V{});
    softmax_backward<V, D>(s.q, dL_dq, dL_dout + D);
    softmax_backward<V, D>(s.k, dL_dk, dL_dout + 2 * D);
    const V beta = load_as<V>(s.beta);
    store_as(dL_dout + 3 * D, beta_backward(dL_du, s.delta) * beta * (1.0f - beta));
    // [y, q, k, b] = W_{t-1} phi(x_t)
    M::multiply_transposed(w, dL_dout, dL_dphi);
    M::add_two_outer(g, dL_ddelta, difference, dL_dout, s.phi);
  }

  static void write_dL_dx(const SrwmProblem& p, const SrwmGradients& grads, const Step& s, const float* dL_dphi,
                          float* dL_dx) {
    alignas(64) float dL_dz[D];
    if (p.input_softmax) softmax_backward<V, D>(s.phi, dL_dphi, dL_dz);
    const float* from = p.input_softmax ? dL_dz : dL_dphi;
    for (int i = 0; i < D; i += width) {
      store_as(dL_dx + i, load_as<V>(from + i) + (grads.add_to_dL_dx ? load_as<V>(dL_dx + i) : V{}));
    }
  }

  /// The same where g, dL/dW_t, is zero (the last step, if nobody uses W_T, and before a reset): what W_{t-1} does
  /// through y_t is all that counts.
  static void last_backward_step(const Step& s, const float* w, const float* dL_dy, float* g, float* dL_dphi) {
    // y_t = W^y_{t-1} phi(x_t)
    M::template multiply_transposed<block_vectors>(w, dL_dy, dL_dphi);
    M::template add_outer<block_vectors>(g, dL_dy, s.phi, g);
  }

  /// Working memory of one thread.
  struct Scratch {
    explicit Scratch(float* memory)
        : g(memory),
          first_sum(g + M::size),
          segment(first_sum + M::size),
          reset_sum(segment + segment_steps * M::size) {}
    static constexpr int size = (3 + segment_steps) * M::size;

    float* g;          ///< dL/dW
    float* first_sum;  ///< over the sequences of a slice
    float* segment;    ///< W_{t-1} of the steps of a segment
    float* reset_sum;  ///< over the resets of a slice
  };

  /// Through the steps [first, last) of a segment. `g_is_zero` says that about scratch.g, before and after.
  static void backward_segment(const SrwmProblem& p, const SrwmGradients& grads, std::int64_t b, std::int64_t h,
                               std::int64_t first, std::int64_t last, const Scratch& scratch, bool& g_is_zero) {
    rebuild(p, b, h, first, last, scratch.segment);
    for (std::int64_t t = last; t-- > first;) {
      alignas(64) float dL_dphi[D] = {};
      const Step s = step_of(p, b, h, t);
      const std::int64_t at = position(p, b, h, t);
      const float *w = scratch.segment + (t - first) * M::size, *dL_dy = grads.dL_dy ? grads.dL_dy + at : nullptr;
      if (!g_is_zero) {
        backward_step(s, w, dL_dy, scratch.g, dL_dphi);
      } else if (dL_dy) {
        last_backward_step(s, w, dL_dy, scratch.g, dL_dphi);
        g_is_zero = false;
      }
      if (grads.dL_dx) write_dL_dx(p, grads, s, dL_dphi, grads.dL_dx + at);
      if (resets(p, b, t)) {  // W was w_reset: the gradient goes there and no further back
        M::add(scratch.g, scratch.reset_sum);
        M::clear(scratch.g);
        g_is_zero = true;
      }
    }
  }

  static void backward(const SrwmProblem& p, const SrwmSlice& slice, const SrwmGradients& grads, float* memory) {
    const Scratch scratch(memory);
    M::clear(scratch.first_sum);
    M::clear(scratch.reset_sum);
    for (std::int64_t b = slice.first; b < slice.last; ++b) {
      bool g_is_zero = grads.dL_dw_last == nullptr;
      if (g_is_zero) {
        M::clear(scratch.g);
      } else {
        M::pad(grads.dL_dw_last + (b * p.heads + slice.head) * dense, scratch.g);
      }
      for (std::int64_t last = p.steps; last > 0;) {
        const std::int64_t first = (last - 1) / segment_steps * segment_steps;
        backward_segment(p, grads, b, slice.head, first, last, scratch, g_is_zero);
        last = first;
      }
      M::add(scratch.g, scratch.first_sum);
    }
    if (grads.dL_dw_first) M::unpad(scratch.first_sum, grads.add_to_dL_dw_first, grads.dL_dw_first);
    if (grads.dL_dw_reset) M::unpad(scratch.reset_sum, false, grads.dL_dw_reset);
  }

  static SrwmLayout layout(bool input_softmax) {
    return {Step::size(input_softmax), M::size, segment_steps, Scratch::size};
  }
};

SrwmLayout layout(int d, bool input_softmax) {
  return with_kernel<Kernel>(d, [&](auto kernel) { return kernel.layout(input_softmax); });
}

void forward(const SrwmProblem& p, std::int64_t sequence, std::int64_t head, float* scratch, float* y, float* w_last) {
  with_kernel<Kernel>(p.d, [&](auto kernel) { kernel.forward(p, sequence, head, scratch, y, w_last); });
}

void backward(const SrwmProblem& p, const SrwmSlice& slice, const SrwmGradients& grads, float* scratch) {
  with_kernel<Kernel>(p.d, [&](auto kernel) { kernel.backward(p, slice, grads, scratch); });
}

}  // namespace

const SrwmKernels srwm_kernels{layout, forward, backward};

}  // namespace srwm::cpu::SRWM_SIMD
