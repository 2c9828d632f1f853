// One op on one device, forward and backward apart, with inputs of its own: for measurements.
#pragma once

#include <array>
#include <string>
#include <utility>

#include "bench/random_tensor.h"
#include "ops/backend.h"

namespace srwm {

/// Runs the bodies of an op without a tape. Each call works in the same memory as the one before and waits for nothing.
template <typename Op>
class OpRunner {
 public:
  using Shapes = std::array<Shape, static_cast<std::size_t>(Op::inputs)>;

  /// Inputs of these shapes are drawn with this scale; an empty shape stands for an absent input. The gradient of the
  /// first output is drawn too, those of others count as zero. All inputs get one, the first of them if it is asked
  /// for: images need none.
  OpRunner(Context& context, Op op, const Shapes& shapes, double scale, bool first_gradient)
      : context_(context), op_(std::move(op)) {
    std::uint32_t index = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i].rank() == 0) continue;
      in_[i] = random_tensor(context, shapes[i], scale, index++);
      if (i > 0 || first_gradient) gradients_[i] = {context.persistent(shapes[i]), GradMode::overwrite};
    }
    const auto plan = op_.plan(in_);
    for (std::size_t i = 0; i < plan.size(); ++i) out_[i] = context.persistent(plan[i].shape, plan[i].dtype);
    cotangents_[0] = random_tensor(context, plan[0].shape, 1, index);
    context.set_random_step(1);
  }

  void forward() {
    context_.rewind();
    saved_ = {};
    context_.backend().template body<Op>().forward(context_, {op_, in_, out_, saved_});
    after_forward_ = context_.arena().mark();
  }

  /// After `forward`, any number of times.
  void backward() {
    context_.arena().rewind(after_forward_);
    context_.backend().template body<Op>().backward(context_, {op_, in_, out_, saved_, cotangents_, gradients_});
  }

  /// Bytes that have to be moved if each operand is read or written once, without what forward keeps for backward.
  double forward_bytes() const { return bytes_of(in_) + bytes_of(out_); }
  double backward_bytes() const {
    double bytes = bytes_of(in_) + bytes_of(cotangents_);
    for (const Grad& gradient : gradients_) bytes += static_cast<double>(gradient.value.bytes());
    return bytes;
  }

 private:
  template <typename Tensors>
  static double bytes_of(const Tensors& tensors) {
    double bytes = 0;
    for (const Tensor& tensor : tensors) bytes += static_cast<double>(tensor.bytes());
    return bytes;
  }

  Context& context_;
  Op op_;
  Tensors<Op::inputs> in_;
  Tensors<Op::outputs> out_;
  typename Op::Saved saved_;
  Tensors<Op::outputs> cotangents_;
  Grads<Op::inputs> gradients_;
  Arena::Mark after_forward_;
};

}  // namespace srwm
