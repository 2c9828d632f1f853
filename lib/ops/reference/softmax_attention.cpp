// Causal softmax attention, weight by weight.
#include "ops/softmax_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/grad.h"
#include "ops/reference/scratch.h"
#include "ops/sequence.h"

namespace srwm {

OutputSpecs<SoftmaxAttention::outputs> SoftmaxAttention::plan(const Tensors<inputs>& in) const {
  expect_real(name, "projected", in[projected], 3);
  const DType real = in[projected].dtype();
  const std::int64_t batch = in[projected].dim(0), steps = in[projected].dim(1);
  const std::int64_t d = expect_three_per_head(name, "projected", in[projected], heads), width = 2 * heads * d + 1;
  expect_steps(name, "projected", batch, steps);
  std::int64_t remembered = 0;
  if (in[past]) {
    expect_real(name, "past", in[past], 3);
    const std::int64_t groups = in[past].dim(0);
    remembered = in[past].dim(1);
    expect_tensor(name, "past", in[past], Shape{groups, remembered, width}, real);
    expect_groups(name, "past", groups, batch);
  }
  expect_reset(name, reset, batch, steps);
  return {{{Shape{batch, steps, heads * d}, real}, {Shape{batch, remembered + steps, width}, real}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Positions are numbered over the past, then the segment.
struct Sizes {
  Sizes(const SoftmaxAttention& op, const Tensor& projected, const Tensor& past)
      : batch(projected.dim(0)),
        steps(projected.dim(1)),
        heads(op.heads),
        d(projected.dim(2) / (3 * op.heads)),
        remembered(past ? past.dim(1) : 0),
        groups(past ? past.dim(0) : 1),
        reset(op.reset.data<std::uint8_t>()) {}

  std::int64_t batch, steps, heads, d, remembered, groups;
  const std::uint8_t* reset;
  std::int64_t positions = remembered + steps;
  std::int64_t width = 2 * heads * d + 1;  ///< of a row of memory

  std::int64_t past_row(std::int64_t b, std::int64_t j) const {
    return (b / (batch / groups) * remembered + j) * width;
  }
  std::int64_t memory_row(std::int64_t b, std::int64_t j) const { return (b * positions + j) * width; }
  /// q of one step and head; k and v follow.
  std::int64_t query(std::int64_t b, std::int64_t t, std::int64_t h) const {
    return ((b * steps + t) * heads + h) * 3 * d;
  }
  std::int64_t output(std::int64_t b, std::int64_t t, std::int64_t h) const {
    return ((b * steps + t) * heads + h) * d;
  }
  /// The first position that step t may see, as far as resets go.
  std::int64_t first_seen(std::int64_t b, std::int64_t t) const {
    for (; reset != nullptr && t >= 0; --t) {
      if (reset[b * steps + t] != 0) return remembered + t;
    }
    return 0;
  }
};

/// memory = [past, keys and values of this segment], with the marks of what is still remembered at its end.
template <typename Real>
void remember(const Sizes& n, const Real* projected, const Real* past, std::int64_t b, Real* memory) {
  const std::int64_t first = n.first_seen(b, n.steps - 1);
  for (std::int64_t j = 0; j < n.positions; ++j) {
    Real* row = memory + n.memory_row(b, j);
    bool seen = j >= first;
    if (j < n.remembered) {
      std::copy_n(past + n.past_row(b, j), n.width, row);
      seen = seen && row[n.width - 1] > 0;
    } else {
      for (std::int64_t h = 0; h < n.heads; ++h) {
        std::copy_n(projected + n.query(b, j - n.remembered, h) + n.d, 2 * n.d, row + h * 2 * n.d);
      }
    }
    row[n.width - 1] = seen ? Real(1) : Real(0);
  }
}

/// The weights a_tj of one step, zero where nothing is seen. `keys` is the row of position 0 at this head.
template <typename Real>
void attend(const Sizes& n, const Real* past, std::int64_t b, std::int64_t t, const Real* q, const Real* keys,
            Real* a) {
  const Real scale = 1 / std::sqrt(static_cast<Real>(n.d));
  const std::int64_t first = n.first_seen(b, t), last = n.remembered + t;
  const auto seen = [&](std::int64_t j) {
    return j >= first && j <= last && (j >= n.remembered || past[n.past_row(b, j) + n.width - 1] > 0);
  };
  Real largest = -std::numeric_limits<Real>::infinity(), sum = 0;
  for (std::int64_t j = 0; j < n.positions; ++j) {
    a[j] = 0;
    if (!seen(j)) continue;
    for (std::int64_t i = 0; i < n.d; ++i) a[j] += scale * q[i] * keys[j * n.width + i];
    largest = std::max(largest, a[j]);
  }
  for (std::int64_t j = 0; j < n.positions; ++j) sum += a[j] = seen(j) ? std::exp(a[j] - largest) : Real(0);
  for (std::int64_t j = 0; j < n.positions; ++j) a[j] /= sum;
}

template <typename Real>
void forward(Context& context, const Forward<SoftmaxAttention>& f) {
  const Sizes n(f.op, f.in[SoftmaxAttention::projected], f.in[SoftmaxAttention::past]);
  const Real* projected = f.in[SoftmaxAttention::projected].data<Real>();
  const Real* past = f.in[SoftmaxAttention::past].data<Real>();
  Real *y = f.out[SoftmaxAttention::y].data<Real>(), *memory = f.out[SoftmaxAttention::memory].data<Real>();
  f.saved.weights = context.empty({n.batch, n.heads, n.steps, n.positions}, DTypeOf<Real>::value);
  Real* a = f.saved.weights.data<Real>();
  for (std::int64_t b = 0; b < n.batch; ++b) {
    remember(n, projected, past, b, memory);
    for (std::int64_t h = 0; h < n.heads; ++h) {
      const Real *keys = memory + n.memory_row(b, 0) + h * 2 * n.d, *values = keys + n.d;
      for (std::int64_t t = 0; t < n.steps; ++t, a += n.positions) {
        attend(n, past, b, t, projected + n.query(b, t, h), keys, a);
        // y_t = sum_j a_tj v_j
        Real* to = y + n.output(b, t, h);
        std::fill_n(to, n.d, Real(0));
        for (std::int64_t j = 0; j < n.positions; ++j) {
          for (std::int64_t i = 0; i < n.d; ++i) to[i] += a[j] * values[j * n.width + i];
        }
      }
    }
  }
}

/// One step: adds to dL_dmemory, the gradient of keys and values, and to dL_dq. `ds` has room for a number per
/// position.
template <typename Real>
void step_backward(const Sizes& n, const Real* a, const Real* q, const Real* keys, const Real* dL_dy, Real* ds,
                   Real* dL_dkeys, Real* dL_dq) {
  const Real scale = 1 / std::sqrt(static_cast<Real>(n.d));
  Real dot = 0;
  // y_t = sum_j a_tj v_j
  for (std::int64_t j = 0; j < n.positions; ++j) {
    const Real* v = keys + j * n.width + n.d;
    Real* dL_dv = dL_dkeys + j * n.width + n.d;
    ds[j] = 0;
    for (std::int64_t i = 0; i < n.d; ++i) {
      ds[j] += dL_dy[i] * v[i];
      dL_dv[i] += a[j] * dL_dy[i];
    }
    dot += a[j] * ds[j];
  }
  // a = softmax(s), s_tj = q_t . k_j / sqrt(d)
  for (std::int64_t j = 0; j < n.positions; ++j) {
    const Real dL_ds = scale * a[j] * (ds[j] - dot);
    for (std::int64_t i = 0; i < n.d; ++i) {
      dL_dkeys[j * n.width + i] += dL_ds * q[i];
      if (dL_dq != nullptr) dL_dq[i] += dL_ds * keys[j * n.width + i];
    }
  }
}

/// Hands the gradient of one sequence's memory on to where its rows are from; memory = [past, keys and values].
template <typename Real>
void hand_on(const Sizes& n, const Real* dL_dmemory, std::int64_t b, Real* dL_dpast, Real* dL_dprojected) {
  for (std::int64_t j = 0; j < n.positions; ++j, dL_dmemory += n.width) {
    if (j < n.remembered) {
      for (std::int64_t i = 0; dL_dpast && i + 1 < n.width; ++i) dL_dpast[n.past_row(b, j) + i] += dL_dmemory[i];
      continue;
    }
    for (std::int64_t h = 0; dL_dprojected && h < n.heads; ++h) {
      Real* to = dL_dprojected + n.query(b, j - n.remembered, h) + n.d;
      for (std::int64_t i = 0; i < 2 * n.d; ++i) to[i] += dL_dmemory[h * 2 * n.d + i];
    }
  }
}

template <typename Real>
void backward(Context& context, const Backward<SoftmaxAttention>& g) {
  const Sizes n(g.op, g.in[SoftmaxAttention::projected], g.in[SoftmaxAttention::past]);
  const Real* projected = g.in[SoftmaxAttention::projected].data<Real>();
  const Real *memory = g.out[SoftmaxAttention::memory].data<Real>(), *a = g.saved.weights.data<Real>();
  const Real* dL_dy = g.dL_dout[SoftmaxAttention::y].data<Real>();
  const Real* from_memory = g.dL_dout[SoftmaxAttention::memory].data<Real>();
  Real* dL_dprojected = sum_into<Real>(g.dL_din[SoftmaxAttention::projected]);
  Real* dL_dpast = sum_into<Real>(g.dL_din[SoftmaxAttention::past]);
  const std::int64_t rows = n.positions * n.width;
  Real *dL_dmemory = scratch<Real>(context, rows), *ds = scratch<Real>(context, n.positions);
  for (std::int64_t b = 0; b < n.batch; ++b) {
    std::fill_n(dL_dmemory, rows, Real(0));
    if (from_memory != nullptr) std::copy_n(from_memory + b * rows, rows, dL_dmemory);
    for (std::int64_t h = 0; dL_dy != nullptr && h < n.heads; ++h) {
      for (std::int64_t t = 0; t < n.steps; ++t) {
        const std::int64_t q = n.query(b, t, h);
        step_backward(n, a + ((b * n.heads + h) * n.steps + t) * n.positions, projected + q,
                      memory + b * rows + h * 2 * n.d, dL_dy + n.output(b, t, h), ds, dL_dmemory + h * 2 * n.d,
                      dL_dprojected ? dL_dprojected + q : nullptr);
      }
    }
    hand_on(n, dL_dmemory, b, dL_dpast, dL_dprojected);
  }
}

}  // namespace

Body<SoftmaxAttention> body_of(Tag<SoftmaxAttention>, DType real) {
  if (real == DType::f64) return {forward<double>, backward<double>};
  return {forward<float>, backward<float>};
}

}  // namespace srwm::reference
