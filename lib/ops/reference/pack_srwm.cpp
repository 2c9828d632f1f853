#include "ops/pack_srwm.h"

#include "ops/grad.h"

namespace srwm {

OutputSpecs<PackSrwm::outputs> PackSrwm::plan(const Tensors<inputs>& in) const {
  expect_real(name, "w_y", in[w_y], 4);
  const DType real = in[w_y].dtype();
  const std::int64_t heads = in[w_y].dim(1), d = in[w_y].dim(2), dy = in[w_y].dim(3);
  expect_tensor(name, "w_y", in[w_y], Shape{1, heads, d, dy}, real);
  expect_tensor(name, "w_q", in[w_q], Shape{1, heads, d, d}, real);
  expect_tensor(name, "w_k", in[w_k], Shape{1, heads, d, d}, real);
  expect_tensor(name, "w_b", in[w_b], Shape{1, heads, d, 4}, real);
  return {{{Shape{1, heads, d, dy + 2 * d + 4}, real}}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls visit(part, element of the part, element of w0) for every element of the four parts.
template <typename Visit>
void for_each_element(const Tensors<PackSrwm::inputs>& parts, const Visit& visit) {
  const std::int64_t columns = parts[0].dim(1) * parts[0].dim(2);  // (head, input index)
  std::int64_t rows = 0, first = 0;
  for (const Tensor& part : parts) rows += part.dim(3);
  for (std::size_t p = 0; p < parts.size(); first += parts[p].dim(3), ++p) {
    const std::int64_t width = parts[p].dim(3);
    for (std::int64_t column = 0; column < columns; ++column) {
      for (std::int64_t r = 0; r < width; ++r) visit(p, column * width + r, column * rows + first + r);
    }
  }
}

template <typename Real>
void forward(Context&, const Forward<PackSrwm>& f) {
  Real* w0 = f.out[0].data<Real>();
  // w0[h, i, :] = [W_y[h, i, :], W_q[h, i, :], W_k[h, i, :], w_b[h, i, :]]
  for_each_element(f.in,
                   [&](std::size_t p, std::int64_t from, std::int64_t to) { w0[to] = f.in[p].data<Real>()[from]; });
}

template <typename Real>
void backward(Context&, const Backward<PackSrwm>& b) {
  const Real* dL_dw0 = b.dL_dout[0].data<Real>();
  std::array<Real*, PackSrwm::inputs> dL_dpart{};
  for (std::size_t p = 0; p < dL_dpart.size(); ++p) dL_dpart[p] = sum_into<Real>(b.dL_din[p]);
  // w0[to] = part[from]
  for_each_element(b.in, [&](std::size_t p, std::int64_t from, std::int64_t to) {
    if (dL_dpart[p]) dL_dpart[p][from] += dL_dw0[to];
  });
}

}  // namespace

Body<PackSrwm> body_of(Tag<PackSrwm>, DType real) {
  if (real == DType::f64) return {forward<double>, backward<double>};
  return {forward<float>, backward<float>};
}

}  // namespace srwm::reference
