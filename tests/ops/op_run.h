// One op run on one body, with all inputs and outputs accessible: for tests of what an op means. (What all
// ops have in common is checked by op_harness.h.)
#pragma once

#include <cmath>

#include "ops/op_harness.h"

namespace srwm::test {

/// Draws from N(0, deviation^2), rounded to float whatever the type.
inline Tensor normal_tensor(Shape shape, double deviation, std::uint32_t stream, DType dtype = DType::f32) {
  const Tensor tensor = Tensor::owning(shape, dtype);
  RandomSequence random(7, Stream::init, stream);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    const auto value = static_cast<float>(deviation * random.normal());
    if (dtype == DType::f64) {
      tensor.data<double>()[i] = static_cast<double>(value);
    } else {
      tensor.data<float>()[i] = value;
    }
  }
  return tensor;
}

inline double element_of(const Tensor& tensor, std::int64_t i) {
  return tensor.dtype() == DType::f64 ? tensor.data<double>()[i] : static_cast<double>(tensor.data<float>()[i]);
}

/// ||a - b|| / ||b||, Euclidean; NaN if anything is.
inline double relative_error(const Tensor& a, const Tensor& b) {
  double error = 0, size = 0;
  for (std::int64_t i = 0; i < b.numel(); ++i) {
    error += std::pow(element_of(a, i) - element_of(b, i), 2);
    size += std::pow(element_of(b, i), 2);
  }
  return std::sqrt(error / size);
}

template <typename Op>
class OpRun {
 public:
  enum class On { cpu, reference };

  OpRun(Op op_, Tensors<Op::inputs> in_, DType real, On on)
      : op(std::move(op_)),
        in(std::move(in_)),
        body_(on == On::cpu ? cpu_backend().body<Op>() : reference::body_of(Tag<Op>{}, real)),
        backend_(bodiless_backend()),
        ctx_(backend_, real, 2) {}

  void forward() {
    const OutputSpecs<Op::outputs> specs = op.plan(in);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = Tensor::owning(specs[i].shape, specs[i].dtype);
    body_.forward(ctx_, Forward<Op>{op, in, out, saved_});
  }

  /// With the current dL_dout; fills dL_din for all inputs that are there.
  void backward() {
    Grads<Op::inputs> grads;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!in[i]) continue;
      dL_din[i] = Tensor::owning(in[i].shape(), in[i].dtype());
      grads[i] = {dL_din[i], GradMode::overwrite};
    }
    body_.backward(ctx_, Backward<Op>{op, in, out, saved_, dL_dout, grads});
  }

  Op op;
  Tensors<Op::inputs> in, dL_din;
  Tensors<Op::outputs> out, dL_dout;

 private:
  Body<Op> body_;
  Backend backend_;
  Context ctx_;
  typename Op::Saved saved_;
};

}  // namespace srwm::test
