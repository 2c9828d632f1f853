// Images run on threads, channels side by side in vector code (max_pool3x3_kernels.h).
#include "ops/max_pool3x3.h"

#include <algorithm>

#include "core/parallel.h"
#include "ops/cpu/max_pool3x3_kernels.h"
#include "ops/grad.h"

namespace srwm::cpu {
namespace {

struct Image {
  explicit Image(const Tensor& x) : height(x.dim(1)), width(x.dim(2)), channels(x.dim(3)) {}

  std::int64_t height, width, channels;
  std::int64_t numel() const { return height * width * channels; }
  std::int64_t pooled_numel() const { return (height + 1) / 2 * ((width + 1) / 2) * channels; }

  /// Where the channels of element k = 3 r + s of window (h, w) begin; -1 outside the image.
  std::int64_t element(std::int64_t h, std::int64_t w, int k) const {
    const std::int64_t row = 2 * h + k / 3 - 1, column = 2 * w + k % 3 - 1;
    const bool inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? (row * width + column) * channels : -1;
  }
  /// Calls visit(h, w, at) for all windows; their channels begin at `at` of the pooled image.
  template <typename Visit>
  void for_each_window(const Visit& visit) const {
    std::int64_t at = 0;
    for (std::int64_t h = 0; h < (height + 1) / 2; ++h) {
      for (std::int64_t w = 0; w < (width + 1) / 2; ++w, at += channels) visit(h, w, at);
    }
  }
};

void pool(const Image& image, const float* x, float* y, std::uint8_t* winner) {
  image.for_each_window([&](std::int64_t h, std::int64_t w, std::int64_t at) {
    Window3x3 window;
    for (int k = 0; k < 9; ++k) {
      const std::int64_t element = image.element(h, w, k);
      if (element < 0) continue;
      window.element[window.count] = x + element;
      window.number[window.count++] = k;
    }
    max_pool3x3_kernels().pool(y + at, winner + at, window, image.channels);
  });
}

void forward(Context& context, const Forward<MaxPool3x3>& f) {
  const Tensor& x = f.in[MaxPool3x3::x];
  const Image image(x);
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);
  parallel_for(context.threads(), x.dim(0), [&](std::int64_t n) {
    pool(image, x.data<float>() + n * image.numel(), f.out[0].data<float>() + n * image.pooled_numel(),
         f.saved.winner.data<std::uint8_t>() + n * image.pooled_numel());
  });
}

void backward(Context& context, const Backward<MaxPool3x3>& b) {
  const Grad& grad = b.dL_din[MaxPool3x3::x];
  if (!grad.wanted()) return;
  const Image image(grad.value);
  parallel_for(context.threads(), grad.value.dim(0), [&](std::int64_t n) {
    float* dx = grad.value.data<float>() + n * image.numel();
    const float* dy = b.dL_dout[0].data<float>() + n * image.pooled_numel();
    const std::uint8_t* winner = b.saved.winner.data<std::uint8_t>() + n * image.pooled_numel();
    if (grad.mode == GradMode::overwrite) std::fill_n(dx, image.numel(), 0.0f);
    image.for_each_window([&](std::int64_t h, std::int64_t w, std::int64_t at) {
      for (std::int64_t c = 0; c < image.channels; ++c) dx[image.element(h, w, winner[at + c]) + c] += dy[at + c];
    });
  });
}

}  // namespace

Body<MaxPool3x3> body_of(Tag<MaxPool3x3>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
