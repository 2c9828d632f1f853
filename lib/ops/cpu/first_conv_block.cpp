#include "ops/cpu/first_conv_block.h"

#include <algorithm>

#include "core/parallel.h"
#include "ops/cpu/first_block_kernels.h"
#include "ops/cpu/normalization.h"
#include "ops/cpu/scratch.h"

namespace srwm::cpu {
namespace {

/// Parts of the batch that are summed separately, then in order, whatever the number of threads.
constexpr std::int64_t most_slices = 64;

std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

FirstBlockShape shape_of(const Tensor& x, const Tensor& weight) {
  return {x.dim(1), x.dim(2), x.dim(3), weight.dim(0), round_up(weight.dim(0), 16)};
}

/// Calls body(slice, image) for all images, a slice at a time on one thread.
template <typename Body>
void for_each_image(Context& context, std::int64_t images, const Body& body) {
  const std::int64_t slices = std::min(images, most_slices);
  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    for (std::int64_t n = images * slice / slices; n < images * (slice + 1) / slices; ++n) body(slice, n);
  });
}

/// Zeroed double rows, one per slice.
double* slice_sums(Context& context, std::int64_t images, std::int64_t size) {
  return context.zeros({std::min(images, most_slices), size}, DType::f64).data<double>();
}

/// Adds the rows of all slices to the first one, in order.
void add_slices(double* sums, std::int64_t images, std::int64_t size) {
  for (std::int64_t slice = 1; slice < std::min(images, most_slices); ++slice) {
    for (std::int64_t i = 0; i < size; ++i) sums[i] += sums[slice * size + i];
  }
}

std::int64_t bordered_floats(const FirstBlockShape& s) {
  return (s.height + 2) * (s.width + 2) * s.in;
}

/// A copy of an image with a border of zeros.
void add_border(float* to, const float* image, const FirstBlockShape& s) {
  const std::int64_t row = s.width * s.in, bordered_row = (s.width + 2) * s.in;
  std::fill(to, to + bordered_floats(s), 0.0f);
  for (std::int64_t h = 0; h < s.height; ++h) {
    std::copy(image + h * row, image + (h + 1) * row, to + (h + 1) * bordered_row + s.in);
  }
}

/// The taps of all patches of an image as arrays of doubles over its pixels. Rows are padded with zeros to a multiple
/// of eight. Taps (i, 0, s), (i, 1, s), (i, 2, s) are the same array, one row apart.
class TapArrays {
 public:
  explicit TapArrays(const FirstBlockShape& s) : s_(s), pitch_(round_up(s.width, 8)) {}

  std::int64_t doubles() const { return 3 * s_.in * plane(); }
  std::int64_t pixels() const { return s_.height * pitch_; }

  void fill(double* data, const float* image) const {
    std::fill(data, data + doubles(), 0.0);
    for (std::int64_t i = 0; i < s_.in; ++i) {
      for (std::int64_t shift = 0; shift < 3; ++shift) {
        double* to = data + (3 * i + shift) * plane() + pitch_;
        const std::int64_t first = shift == 0 ? 1 : 0, last = shift == 2 ? s_.width - 1 : s_.width;
        for (std::int64_t h = 0; h < s_.height; ++h) {
          const float* row = image + h * s_.width * s_.in + i;
          for (std::int64_t w = first; w < last; ++w) to[h * pitch_ + w] = row[(w + shift - 1) * s_.in];
        }
      }
    }
  }

  /// In the order (i, r, s) of the weights.
  const double* tap(const double* data, std::int64_t k) const {
    return data + (3 * (k / 9) + k % 3) * plane() + k % 9 / 3 * pitch_;
  }

 private:
  std::int64_t plane() const { return (s_.height + 2) * pitch_; }
  FirstBlockShape s_;
  std::int64_t pitch_;
};

/// E[p] into saved.patch_mean and Cov(p) into saved.patch_covariance.
void patch_moments(Context& context, const Tensor& x, const FirstBlockShape& s, ConvBlock::Saved& saved) {
  const std::int64_t taps = s.taps(), size = taps * (taps + 1), image = s.height * s.width * s.in, images = x.dim(0);
  saved.patch_mean = context.empty({taps}, DType::f64);
  saved.patch_covariance = context.empty({taps, taps}, DType::f64);
  const ScratchScope scope(context);
  const TapArrays arrays(s);
  const ThreadScratch scratch(context, 2 * arrays.doubles());
  double* sums = slice_sums(context, images, size);
  for_each_image(context, images, [&](std::int64_t slice, std::int64_t n) {
    auto* data = reinterpret_cast<double*>(scratch.mine());
    arrays.fill(data, x.data<float>() + n * image);
    const double* tap[9 * first_block_most_channels];
    for (std::int64_t k = 0; k < taps; ++k) tap[k] = arrays.tap(data, k);
    double* mine = sums + slice * size;
    first_block_kernels().tap_moments(mine, mine + taps, tap, static_cast<int>(taps), arrays.pixels());
  });
  add_slices(sums, images, size);
  const double count = static_cast<double>(images * s.height * s.width);
  double* mean = saved.patch_mean.data<double>();
  double* covariance = saved.patch_covariance.data<double>();
  for (std::int64_t k = 0; k < taps; ++k) mean[k] = sums[k] / count;
  for (std::int64_t j = 0; j < taps; ++j) {
    for (std::int64_t k = j; k < taps; ++k) {
      covariance[j * taps + k] = sums[taps + j * taps + k] / count - mean[j] * mean[k];
      covariance[k * taps + j] = covariance[j * taps + k];
    }
  }
}

/// Cov(p) w of one output channel, tap k of it.
double covariance_times_weight(const Tensor& covariance, const float* weight, std::int64_t k) {
  const std::int64_t taps = covariance.dim(0);
  const double* row = covariance.data<double>() + k * taps;
  double sum = 0;
  for (std::int64_t j = 0; j < taps; ++j) sum += row[j] * static_cast<double>(weight[j]);
  return sum;
}

/// Mean and variance of w . p over the batch.
ChannelMoments convolved_moments(const ConvBlock::Saved& saved, const float* weight, double count) {
  double mean = 0, var = 0;
  for (std::int64_t k = 0; k < saved.patch_mean.dim(0); ++k) {
    mean += static_cast<double>(weight[k]) * saved.patch_mean.data<double>()[k];
    var += static_cast<double>(weight[k]) * covariance_times_weight(saved.patch_covariance, weight, k);
  }
  return {mean, std::max(var, 0.0) * count, count};
}

Normalization normalize(Context& context, const Forward<ConvBlock>& f, const FirstBlockShape& s) {
  const Tensor &x = f.in[ConvBlock::x], &weight = f.in[ConvBlock::weight];
  const float* bias = f.in[ConvBlock::bias].data<float>();
  auto* moments =
      static_cast<ChannelMoments*>(context.host_scratch(static_cast<std::size_t>(s.out) * sizeof(ChannelMoments)));
  if (f.op.state.training) {
    patch_moments(context, x, s, f.saved);
    for (std::int64_t o = 0; o < s.out; ++o) {
      moments[o] = convolved_moments(f.saved, weight.data<float>() + o * s.taps(),
                                     static_cast<double>(x.dim(0) * s.height * s.width));
    }
    update_running(f.op.state, moments, bias);
  }
  return Normalization(context, f.op.state, moments, f.in[ConvBlock::gamma].data<float>(),
                       f.in[ConvBlock::beta].data<float>(), bias);
}

/// weight[o, i, r, s] scale[o] as [r, s, i, out_padded].
const float* scaled_weight(Context& context, const Tensor& weight, const Tensor& scale, const FirstBlockShape& s) {
  float* to = context.zeros({s.taps(), s.out_padded}, DType::f32).data<float>();
  for (std::int64_t o = 0; o < s.out; ++o) {
    for (std::int64_t k = 0; k < s.taps(); ++k) {
      to[(k % 9 * s.in + k / 9) * s.out_padded + o] = weight.data<float>()[o * s.taps() + k] * scale.data<float>()[o];
    }
  }
  return to;
}

}  // namespace

bool is_first_block(const Tensor& x) {
  return x.dim(3) <= first_block_most_channels;
}

void first_block_forward(Context& context, const Forward<ConvBlock>& f) {
  const Tensor &x = f.in[ConvBlock::x], &weight = f.in[ConvBlock::weight];
  const FirstBlockShape s = shape_of(x, weight);
  const Normalization norm = normalize(context, f, s);
  f.saved.mean = norm.mean;
  f.saved.inv_std = norm.inv_std;
  f.saved.winner = context.empty(f.out[0].shape(), DType::u8);

  const ScratchScope scope(context);
  const float* scaled = scaled_weight(context, weight, norm.scale, s);
  const ThreadScratch scratch(context, bordered_floats(s));
  const std::int64_t from = s.height * s.width * s.in, to = s.pooled().windows() * s.out;
  parallel_for(context.threads(), x.dim(0), [&](std::int64_t n) {
    add_border(scratch.mine(), x.data<float>() + n * from, s);
    first_block_kernels().conv_pool_relu(f.out[0].data<float>() + n * to, f.saved.winner.data<std::uint8_t>() + n * to,
                                         scratch.mine(), scaled, norm.shift.data<float>(), s);
  });
}

namespace {

/// sum g and sum g p[tap] over the winners: rows of out_padded, taps in the order (r, s, i).
const double* winner_sums(Context& context, const Backward<ConvBlock>& b, const FirstBlockShape& s) {
  const std::int64_t size = (1 + s.taps()) * s.out_padded, images = b.out[0].dim(0);
  const std::int64_t image = s.height * s.width * s.in, pooled = s.pooled().windows() * s.out;
  double* sums = slice_sums(context, images, size);
  const ThreadScratch scratch(context, bordered_floats(s));
  for_each_image(context, images, [&](std::int64_t slice, std::int64_t n) {
    add_border(scratch.mine(), b.in[ConvBlock::x].data<float>() + n * image, s);
    const PooledImage at = {b.dL_dout[0].data<float>() + n * pooled, b.out[0].data<float>() + n * pooled,
                            b.saved.winner.data<std::uint8_t>() + n * pooled};
    first_block_kernels().gradient_sums(sums + slice * size, at, scratch.mine(), s);
  });
  add_slices(sums, images, size);
  return sums;
}

/// From sum g p: rows sum g, sum g (c - mean), with c = w . p.
const double* channel_sums(Context& context, const Backward<ConvBlock>& b, const double* sums,
                           const FirstBlockShape& s) {
  double* result = context.empty({2, s.out}, DType::f64).data<double>();
  const float* weight = b.in[ConvBlock::weight].data<float>();
  for (std::int64_t o = 0; o < s.out; ++o) {
    const double sum_g = sums[o];
    double sum_gc = 0;
    for (std::int64_t k = 0; k < s.taps(); ++k) {
      sum_gc += static_cast<double>(weight[o * s.taps() + k]) * sums[(1 + k % 9 * s.in + k / 9) * s.out_padded + o];
    }
    result[o] = sum_g;
    result[s.out + o] = sum_gc - sum_g * static_cast<double>(b.saved.mean.data<float>()[o]);
  }
  return result;
}

void weight_gradient(const Backward<ConvBlock>& b, const double* sums, const NormBackward& norm,
                     const FirstBlockShape& s) {
  const bool training = b.op.state.training;
  const double count = static_cast<double>(b.out[0].dim(0) * s.height * s.width);
  for (std::int64_t o = 0; o < s.out; ++o) {
    const double scale = norm.scale.data<float>()[o], slope = norm.slope.data<float>()[o];
    const float* weight = b.in[ConvBlock::weight].data<float>() + o * s.taps();
    for (std::int64_t k = 0; k < s.taps(); ++k) {
      double d = scale * sums[(1 + k % 9 * s.in + k / 9) * s.out_padded + o];
      if (training) {
        d -= scale * sums[o] * b.saved.patch_mean.data<double>()[k];
        d += slope * count * covariance_times_weight(b.saved.patch_covariance, weight, k);
      }
      put(b.dL_din[ConvBlock::weight], o * s.taps() + k, d);
    }
  }
}

}  // namespace

void first_block_backward(Context& context, const Backward<ConvBlock>& b) {
  const ScratchScope scope(context);
  const FirstBlockShape s = shape_of(b.in[ConvBlock::x], b.in[ConvBlock::weight]);
  const double* sums = winner_sums(context, b, s);
  const double* per_channel = channel_sums(context, b, sums, s);
  const NormBackward norm(context, b.op.state.training, b.saved.mean, b.saved.inv_std, b.in[ConvBlock::gamma],
                          per_channel, b.out[0].dim(0) * s.height * s.width, b.dL_din[ConvBlock::gamma],
                          b.dL_din[ConvBlock::beta]);
  put_bias_gradient(b.dL_din[ConvBlock::bias], b.op.state.training, per_channel, norm.scale);
  if (b.dL_din[ConvBlock::weight].wanted()) weight_gradient(b, sums, norm, s);
}

}  // namespace srwm::cpu
