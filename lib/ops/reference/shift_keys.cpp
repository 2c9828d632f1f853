#include "ops/shift_keys.h"

#include "core/parallel.h"
#include "ops/grad.h"

namespace srwm {

OutputSpecs<ShiftKeys::outputs> ShiftKeys::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 3);
  const std::int64_t width = in[x].dim(2);
  if (heads < 1 || width % heads != 0 || (width / heads) % 3 != 1 || width / heads < 4) {
    shape_error(name, "x", fmt::format("[B, T, {} (3 d + 1)], for {} heads of size d", heads, heads),
                in[x].shape().to_string());
  }
  return {{{in[x].shape(), in[x].dtype()}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls visit(where the numbers of one head of one step begin, d).
template <typename Visit>
void for_each_head(Context& context, const Tensor& x, std::int64_t heads, const Visit& visit) {
  const std::int64_t width = x.dim(2) / heads, count = x.numel() / width;
  parallel_ranges(context.threads(), count, elementwise_grain / width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) visit(i * width, (width - 1) / 3);
  });
}

// y = [q - max(q), k - max(k), v, b]
template <typename Real>
void forward(Context& context, const Forward<ShiftKeys>& f) {
  const Real* x = f.in[ShiftKeys::x].data<Real>();
  Real* y = f.out[0].data<Real>();
  for_each_head(context, f.out[0], f.op.heads, [&](std::int64_t begin, std::int64_t d) {
    std::copy_n(x + begin, 3 * d + 1, y + begin);
    for (Real* key = y + begin; key < y + begin + 2 * d; key += d) {
      const Real largest = *std::max_element(key, key + d);
      for (std::int64_t i = 0; i < d; ++i) key[i] -= largest;
    }
  });
}

// dL/dq[i] = dL/dy[i] - [q[i] is the maximum] sum_j dL/dy[j], k alike
template <typename Real>
void backward(Context& context, const Backward<ShiftKeys>& g) {
  const Grad& grad = g.dL_din[ShiftKeys::x];
  if (!grad.wanted()) return;
  const Real *x = g.in[ShiftKeys::x].data<Real>(), *dy = g.dL_dout[0].data<Real>();
  Real* dx = grad.value.data<Real>();
  for_each_head(context, grad.value, g.op.heads, [&](std::int64_t begin, std::int64_t d) {
    for (std::int64_t i = begin; i < begin + 3 * d + 1; ++i) put(grad.mode, dx[i], dy[i]);
    for (std::int64_t key = begin; key < begin + 2 * d; key += d) {
      Real sum = 0;
      for (std::int64_t i = key; i < key + d; ++i) sum += dy[i];
      dx[std::max_element(x + key, x + key + d) - x] -= sum;
    }
  });
}

}  // namespace

Body<ShiftKeys> body_of(Tag<ShiftKeys>, DType real) {
  return real == DType::f64 ? Body<ShiftKeys>{forward<double>, backward<double>}
                            : Body<ShiftKeys>{forward<float>, backward<float>};
}

}  // namespace srwm::reference
