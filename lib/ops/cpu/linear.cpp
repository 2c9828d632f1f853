#include "ops/linear.h"

#include "core/parallel.h"
#include "ops/cpu/columns.h"
#include "ops/cpu/gemm.h"
#include "ops/grad.h"

namespace srwm::cpu {
namespace {

float beta_of(const Grad& grad) {
  return grad.mode == GradMode::accumulate ? 1.0f : 0.0f;
}

// y = x w^T + b: the rows of y start as b. (With beta = 0 the library would fill them with zeros first, which takes as
// long.)
void forward(Context& context, const Forward<Linear>& f) {
  const Tensor &x = f.in[Linear::x], &w = f.in[Linear::weight], &b = f.in[Linear::bias];
  const std::int64_t rows = rows_of(x), out_dim = w.dim(0);
  float* y = f.out[0].data<float>();
  if (b) {
    const float* bias = b.data<float>();
    parallel_ranges(context.threads(), rows, 1 + elementwise_grain / out_dim,
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t m = begin; m < end; ++m) std::copy_n(bias, out_dim, y + m * out_dim);
                    });
  }
  gemm(context.threads(), Gemm<float>{.m = rows,
                                      .n = out_dim,
                                      .k = w.dim(1),
                                      .a = x.data<float>(),
                                      .b = w.data<float>(),
                                      .b_transposed = true,
                                      .c = y,
                                      .beta = b ? 1.0f : 0.0f});
}

// dL/db[o] = sum_m dL/dy[m, o]
void backward_bias(Context& context, const Tensor& dL_dy, const Grad& grad) {
  const std::int64_t rows = rows_of(dL_dy), out_dim = dL_dy.dim(-1);
  const float* dy = dL_dy.data<float>();
  float* db = sum_into<float>(grad);
  parallel_columns(context.threads(), rows, out_dim, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = 0; m < rows; ++m) {
      for (std::int64_t o = begin; o < end; ++o) db[o] += dy[m * out_dim + o];
    }
  });
}

// dL/dx = dL/dy w;  dL/dw = dL/dy^T x
void backward(Context& context, const Backward<Linear>& g) {
  const Tensor &x = g.in[Linear::x], &w = g.in[Linear::weight], &dy = g.dL_dout[0];
  const std::int64_t rows = rows_of(x), out_dim = w.dim(0), ins = w.dim(1);
  if (const Grad& dx = g.dL_din[Linear::x]; dx.wanted()) {
    gemm(context.threads(), Gemm<float>{.m = rows,
                                        .n = ins,
                                        .k = out_dim,
                                        .a = dy.data<float>(),
                                        .b = w.data<float>(),
                                        .c = dx.value.data<float>(),
                                        .beta = beta_of(dx)});
  }
  if (const Grad& dw = g.dL_din[Linear::weight]; dw.wanted()) {
    gemm(context.threads(), Gemm<float>{.m = out_dim,
                                        .n = ins,
                                        .k = rows,
                                        .a = dy.data<float>(),
                                        .a_transposed = true,
                                        .b = x.data<float>(),
                                        .c = dw.value.data<float>(),
                                        .beta = beta_of(dw)});
  }
  if (const Grad& db = g.dL_din[Linear::bias]; db.wanted()) backward_bias(context, dy, db);
}

}  // namespace

Body<Linear> body_of(Tag<Linear>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
