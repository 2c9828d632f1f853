// Views and gradient writing for the reference loops of the image ops.
#pragma once

#include <cstdint>

#include "ops/op.h"

namespace srwm::reference {

/// A channels-last tensor: view(n, h, w, c).
template <typename Real>
struct Nhwc {
  Real* data;
  std::int64_t N, H, W, C;

  explicit Nhwc(const Tensor& t) : data(t.data<Real>()), N(t.dim(0)), H(t.dim(1)), W(t.dim(2)), C(t.dim(3)) {}

  bool inside(std::int64_t h, std::int64_t w) const { return h >= 0 && h < H && w >= 0 && w < W; }
  Real& operator()(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) const {
    return data[((n * H + h) * W + w) * C + c];
  }
};

/// Calls visit(n, h, w, c) for every element.
template <typename Real, typename Visit>
void for_each_element(const Nhwc<Real>& t, const Visit& visit) {
  for (std::int64_t n = 0; n < t.N; ++n) {
    for (std::int64_t h = 0; h < t.H; ++h) {
      for (std::int64_t w = 0; w < t.W; ++w) {
        for (std::int64_t c = 0; c < t.C; ++c) visit(n, h, w, c);
      }
    }
  }
}

/// Writes one element of a gradient the way its mode says.
template <typename Real>
void put(Real& gradient, GradMode mode, double value) {
  if (mode == GradMode::overwrite) gradient = static_cast<Real>(value);
  if (mode == GradMode::accumulate) gradient = static_cast<Real>(static_cast<double>(gradient) + value);
}

/// The body whose functions are the instances for `real`.
#define SRWM_REFERENCE_BODY(Op, real) \
  ((real) == DType::f64 ? Body<Op>{forward<double>, backward<double>} : Body<Op>{forward<float>, backward<float>})

}  // namespace srwm::reference
