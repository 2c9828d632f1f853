#include "ops/conv3x3.h"

#include "ops/reference/nhwc.h"

namespace srwm {

OutputSpecs<Conv3x3::outputs> Conv3x3::plan(const Tensors<inputs>& in) const {
  expect_real(name, "x", in[x], 4);
  expect_real(name, "weight", in[weight], 4);
  const DType dtype = in[x].dtype();
  const std::int64_t out = in[weight].dim(0);
  expect_tensor(name, "weight", in[weight], {out, in[x].dim(3), 3, 3}, dtype);
  if (in[bias]) expect_tensor(name, "bias", in[bias], {out}, dtype);
  return {OutputSpec{{in[x].dim(0), in[x].dim(1), in[x].dim(2), out}, dtype}};
}

}  // namespace srwm

namespace srwm::reference {
namespace {

/// Calls visit(r, s, h', w') for each tap (r, s) of the window at (h, w) that lies inside the image.
template <typename Real, typename Visit>
void for_each_tap(const Nhwc<Real>& x, std::int64_t h, std::int64_t w, const Visit& visit) {
  for (int r = 0; r < 3; ++r) {
    for (int s = 0; s < 3; ++s) {
      if (x.inside(h + r - 1, w + s - 1)) visit(r, s, h + r - 1, w + s - 1);
    }
  }
}

template <typename Real>
void forward(Context&, const Forward<Conv3x3>& f) {
  const Nhwc<Real> x(f.in[Conv3x3::x]), y(f.out[0]);
  const Nhwc<Real> weight(f.in[Conv3x3::weight]);
  const Real* bias = f.in[Conv3x3::bias].data<Real>();
  for (std::int64_t n = 0; n < y.N; ++n) {
    for (std::int64_t h = 0; h < y.H; ++h) {
      for (std::int64_t w = 0; w < y.W; ++w) {
        for (std::int64_t o = 0; o < y.C; ++o) {
          double sum = bias == nullptr ? 0 : static_cast<double>(bias[o]);
          for_each_tap(x, h, w, [&](int r, int s, std::int64_t xh, std::int64_t xw) {
            for (std::int64_t i = 0; i < x.C; ++i) sum += static_cast<double>(x(n, xh, xw, i)) * weight(o, i, r, s);
          });
          y(n, h, w, o) = static_cast<Real>(sum);
        }
      }
    }
  }
}

/// dL/dx[n, h + r - 1, w + s - 1, i] = sum over n, h, w, o, r, s of dL/dy[n, h, w, o] weight[o, i, r, s]
template <typename Real>
void backward_x(const Nhwc<Real>& dy, const Nhwc<Real>& weight, const Grad& dx_grad) {
  const Nhwc<Real> dx(dx_grad.value);
  for (std::int64_t n = 0; n < dx.N; ++n) {
    for (std::int64_t h = 0; h < dx.H; ++h) {
      for (std::int64_t w = 0; w < dx.W; ++w) {
        for (std::int64_t i = 0; i < dx.C; ++i) {
          double sum = 0;
          for_each_tap(dx, h, w, [&](int r, int s, std::int64_t yh, std::int64_t yw) {
            for (std::int64_t o = 0; o < dy.C; ++o) {
              sum += static_cast<double>(dy(n, yh, yw, o)) * weight(o, i, 2 - r, 2 - s);
            }
          });
          put(dx(n, h, w, i), dx_grad.mode, sum);
        }
      }
    }
  }
}

/// dL/dweight[o, i, r, s] = sum over n, h, w of dL/dy[n, h, w, o] x[n, h + r - 1, w + s - 1, i]
template <typename Real>
void backward_weight(const Nhwc<Real>& dy, const Nhwc<Real>& x, const Grad& dw_grad) {
  const Nhwc<Real> dw(dw_grad.value);
  for (std::int64_t o = 0; o < dy.C; ++o) {
    for (std::int64_t i = 0; i < x.C; ++i) {
      double sum[3][3] = {};
      for (std::int64_t n = 0; n < x.N; ++n) {
        for (std::int64_t h = 0; h < x.H; ++h) {
          for (std::int64_t w = 0; w < x.W; ++w) {
            for_each_tap(x, h, w, [&](int r, int s, std::int64_t xh, std::int64_t xw) {
              sum[r][s] += static_cast<double>(dy(n, h, w, o)) * x(n, xh, xw, i);
            });
          }
        }
      }
      for (int r = 0; r < 3; ++r) {
        for (int s = 0; s < 3; ++s) put(dw(o, i, r, s), dw_grad.mode, sum[r][s]);
      }
    }
  }
}

template <typename Real>
void backward_bias(const Nhwc<Real>& dy, const Grad& db) {
  for (std::int64_t o = 0; o < dy.C; ++o) {
    double sum = 0;
    for (std::int64_t p = 0; p < dy.N * dy.H * dy.W; ++p) sum += dy.data[p * dy.C + o];
    put(db.value.data<Real>()[o], db.mode, sum);
  }
}

template <typename Real>
void backward(Context&, const Backward<Conv3x3>& b) {
  const Nhwc<Real> dy(b.dL_dout[0]);
  const auto& d = b.dL_din;
  if (d[Conv3x3::x].wanted()) backward_x<Real>(dy, Nhwc<Real>(b.in[Conv3x3::weight]), d[Conv3x3::x]);
  if (d[Conv3x3::weight].wanted()) backward_weight<Real>(dy, Nhwc<Real>(b.in[Conv3x3::x]), d[Conv3x3::weight]);
  if (d[Conv3x3::bias].wanted()) backward_bias<Real>(dy, d[Conv3x3::bias]);
}

}  // namespace

Body<Conv3x3> body_of(Tag<Conv3x3>, DType real) {
  return SRWM_REFERENCE_BODY(Conv3x3, real);
}

}  // namespace srwm::reference
