#include "ops/layer_norm.h"

#include <cmath>

#include "core/parallel.h"
#include "ops/cpu/columns.h"
#include "ops/grad.h"

namespace srwm::cpu {
namespace {

std::int64_t row_grain(std::int64_t width) {
  return 1 + elementwise_grain / (4 * width);
}

// y = xhat gamma + beta, xhat = (x - mean) / sqrt(var + eps)
void forward_row(const float* x, const float* gamma, const float* beta, std::int64_t width, float eps, float* y,
                 float& mean, float& inv_std) {
  float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < width; ++i) sum += x[i];
  const float m = sum / static_cast<float>(width);
#pragma omp simd reduction(+ : squares)
  for (std::int64_t i = 0; i < width; ++i) squares += (x[i] - m) * (x[i] - m);
  const float s = 1 / std::sqrt(squares / static_cast<float>(width) + eps);
#pragma omp simd
  for (std::int64_t i = 0; i < width; ++i) y[i] = (x[i] - m) * s * gamma[i] + beta[i];
  mean = m;
  inv_std = s;
}

void forward(Context& context, const Forward<LayerNorm>& f) {
  const std::int64_t rows = rows_of(f.in[LayerNorm::x]), width = f.in[LayerNorm::x].dim(-1);
  f.saved = {context.empty({rows}), context.empty({rows})};
  const float* x = f.in[LayerNorm::x].data<float>();
  const float *gamma = f.in[LayerNorm::gamma].data<float>(), *beta = f.in[LayerNorm::beta].data<float>();
  float *mean = f.saved.mean.data<float>(), *inv_std = f.saved.inv_std.data<float>();
  float* y = f.out[0].data<float>();
  parallel_ranges(context.threads(), rows, row_grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = begin; m < end; ++m) {
      forward_row(x + m * width, gamma, beta, width, static_cast<float>(f.op.eps), y + m * width, mean[m], inv_std[m]);
    }
  });
}

// dx = inv_std (d - mean(d) - xhat mean(d xhat)), d = dL/dy gamma
void backward_row(const float* x, const float* dy, const float* gamma, std::int64_t width, float mean, float inv_std,
                  GradMode mode, float* dx) {
  float sum_d = 0, sum_d_xhat = 0;
#pragma omp simd reduction(+ : sum_d, sum_d_xhat)
  for (std::int64_t i = 0; i < width; ++i) {
    const float d = dy[i] * gamma[i];
    sum_d += d;
    sum_d_xhat += d * ((x[i] - mean) * inv_std);
  }
  const float mean_d = sum_d / static_cast<float>(width), mean_d_xhat = sum_d_xhat / static_cast<float>(width);
#pragma omp simd
  for (std::int64_t i = 0; i < width; ++i) {
    put(mode, dx[i], inv_std * (dy[i] * gamma[i] - mean_d - (x[i] - mean) * inv_std * mean_d_xhat));
  }
}

void backward_input(Context& context, const Backward<LayerNorm>& g) {
  const std::int64_t rows = rows_of(g.in[LayerNorm::x]), width = g.in[LayerNorm::x].dim(-1);
  const float *x = g.in[LayerNorm::x].data<float>(), *gamma = g.in[LayerNorm::gamma].data<float>();
  const float *mean = g.saved.mean.data<float>(), *inv_std = g.saved.inv_std.data<float>();
  const float* dy = g.dL_dout[0].data<float>();
  const Grad& grad = g.dL_din[LayerNorm::x];
  float* dx = grad.value.data<float>();
  parallel_ranges(context.threads(), rows, row_grain(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = begin; m < end; ++m) {
      backward_row(x + m * width, dy + m * width, gamma, width, mean[m], inv_std[m], grad.mode, dx + m * width);
    }
  });
}

// dL/dgamma = sum_m dL/dy[m] xhat[m];  dL/dbeta = sum_m dL/dy[m]
void backward_parameters(Context& context, const Backward<LayerNorm>& g) {
  const std::int64_t rows = rows_of(g.in[LayerNorm::x]), width = g.in[LayerNorm::x].dim(-1);
  const float *x = g.in[LayerNorm::x].data<float>(), *dy = g.dL_dout[0].data<float>();
  const float *mean = g.saved.mean.data<float>(), *inv_std = g.saved.inv_std.data<float>();
  float *dgamma = sum_into<float>(g.dL_din[LayerNorm::gamma]), *dbeta = sum_into<float>(g.dL_din[LayerNorm::beta]);
  parallel_columns(context.threads(), rows, width, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = 0; m < rows; ++m) {
      const float *x_row = x + m * width, *dy_row = dy + m * width;
      if (dgamma != nullptr) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) dgamma[i] += dy_row[i] * ((x_row[i] - mean[m]) * inv_std[m]);
      }
      if (dbeta != nullptr) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) dbeta[i] += dy_row[i];
      }
    }
  });
}

void backward(Context& context, const Backward<LayerNorm>& g) {
  if (g.dL_din[LayerNorm::x].wanted()) backward_input(context, g);
  if (g.dL_din[LayerNorm::gamma].wanted() || g.dL_din[LayerNorm::beta].wanted()) backward_parameters(context, g);
}

}  // namespace

Body<LayerNorm> body_of(Tag<LayerNorm>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
