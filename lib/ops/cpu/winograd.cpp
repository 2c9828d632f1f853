#include "ops/cpu/winograd.h"

#include <algorithm>

#include "core/parallel.h"
#include "ops/cpu/scratch.h"
#include "ops/cpu/winograd_kernels.h"

namespace srwm::cpu {
namespace {

/// Parts of the batch whose weight gradients are summed apart, then in order. It does not depend on the number of
/// threads, so that the sums do not; each part costs as much as the products of a few groups.
std::int64_t gradient_slices(std::int64_t groups) {
  return std::min(groups, std::clamp<std::int64_t>(groups / 4, 4, 16));
}

std::int64_t padded(std::int64_t channels) {
  return (channels + winograd_channel_multiple - 1) / winograd_channel_multiple * winograd_channel_multiple;
}

std::int64_t div_up(std::int64_t n, std::int64_t d) {
  return (n + d - 1) / d;
}

/// Sizes derived from a ConvShape.
struct Plan {
  ConvShape shape;
  std::int64_t in, out;  ///< padded channels
  std::int64_t tiles_per_image;
  std::int64_t block;  ///< tiles transformed together, so that V and M stay in the second-level cache

  explicit Plan(const ConvShape& s)
      : shape(s),
        in(padded(s.in)),
        out(padded(s.out)),
        tiles_per_image(TiledImages<float>{nullptr, s.height, s.width, s.in}.tiles()),
        block(std::clamp<std::int64_t>(block_floats / std::max(in, out) / 12, 1, 16) * 12) {}

  std::int64_t weight_floats() const { return winograd_positions * in * out; }
  /// One more cache line than fits: 36 positions a power of two apart would compete for the same cache sets.
  Transformed transformed(float* data, std::int64_t channels) const { return {data, block * channels + 16, channels}; }
  std::int64_t transformed_floats(std::int64_t channels) const { return winograd_positions * (block * channels + 16); }
  /// Where the product of v goes: its own place if it can, since less memory in use stays nearer, else `other`.
  Transformed product_of(const Transformed& v, std::int64_t channels, float* other) const {
    const bool in_place = v.channels == channels && channels <= winograd_kernels().in_place_channels;
    return transformed(in_place ? v.data : other, channels);
  }

 private:
  static constexpr std::int64_t block_floats = 48 * 64;
};

/// U [36, in, out] for the convolution itself, [36, out, in] for the gradient of its input.
const float* transformed_weight(Context& context, const Plan& plan, const float* weight, bool for_input_gradient) {
  float* u = context.empty({plan.weight_floats()}, DType::f32).data<float>();
  const ConvShape& s = plan.shape;
  const WeightView view =
      for_input_gradient ? WeightView{s.out, s.in, s.in * 9, 9, true} : WeightView{s.in, s.out, 9, s.in * 9, false};
  const std::int64_t rows = for_input_gradient ? plan.out : plan.in, columns = for_input_gradient ? plan.in : plan.out;
  parallel_ranges(context.threads(), rows, 8, [&](std::int64_t begin, std::int64_t end) {
    winograd_kernels().transform_weight(u, rows, columns, weight, view, begin, end);
  });
  return u;
}

const float* zeros(Context& context, const Plan& plan) {
  return context.zeros({std::max(plan.in, plan.out)}, DType::f32).data<float>();
}

/// Pixels inside the image that tiles [begin, end) cover.
std::int64_t pixels_in(const TiledImages<float>& y, TileRange tiles) {
  std::int64_t pixels = 0;
  for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
    const std::int64_t within = t % y.tiles();
    const std::int64_t top = within / y.tiles_across() * winograd_tile,
                       left = within % y.tiles_across() * winograd_tile;
    pixels +=
        std::min<std::int64_t>(winograd_tile, y.height - top) * std::min<std::int64_t>(winograd_tile, y.width - left);
  }
  return pixels;
}

void merge_blocks(const Plan& plan, const TiledImages<float>& y, const float* statistics, std::int64_t blocks,
                  std::int64_t tiles, ChannelMoments* moments) {
  std::fill(moments, moments + plan.shape.out, ChannelMoments{});
  for (std::int64_t block = 0; block < blocks; ++block) {
    const TileRange range = {block * plan.block, std::min(tiles, (block + 1) * plan.block)};
    const auto count = static_cast<double>(pixels_in(y, range));
    const float* rows = statistics + block * 3 * plan.out;
    for (std::int64_t c = 0; c < plan.shape.out; ++c) {
      moments[c].merge(ChannelMoments::of_shifted_sums(rows[c], rows[plan.out + c], rows[2 * plan.out + c], count));
    }
  }
}

/// What a thread needs to take tiles backward.
struct BackwardPass {
  const Plan& plan;
  const WinogradKernels& kernels;
  TiledImages<const float> x, dy;  ///< dy.data is set for each group of images
  TiledImages<float> dx;
  const float* u;
  float* du;
  const float* zeros;
  float *first, *second;  ///< buffers for two Transformed

  /// `tiles` are numbered from the first image of the group, where x, dy and dx begin.
  void input_gradient(TileRange tiles, bool accumulate) const {
    const Transformed v = plan.transformed(first, plan.out), m = plan.product_of(v, plan.in, second);
    kernels.transform_input(v, dy, tiles, zeros);
    kernels.multiply(m, v, u, tiles.end - tiles.begin);
    kernels.transform_output(dx, m, tiles, {nullptr, accumulate, nullptr});
  }

  void weight_gradient(TileRange tiles) const {
    const Transformed v = plan.transformed(first, plan.in), dm = plan.transformed(second, plan.out);
    kernels.transform_input(v, x, tiles, zeros);
    kernels.transform_gradient(dm, dy, tiles, zeros);
    kernels.multiply_transposed(du, v, dm, tiles.end - tiles.begin);
  }
};

}  // namespace

ConvShape ConvShape::of(const Tensor& x, const Tensor& weight) {
  return {x.dim(0), x.dim(1), x.dim(2), x.dim(3), weight.dim(0)};
}

void winograd_forward(Context& context, const ConvShape& shape, const float* x, const float* weight, const float* bias,
                      float* y, ChannelMoments* moments) {
  const ScratchScope scope(context);
  const Plan plan(shape);
  const WinogradKernels& kernels = winograd_kernels();
  const float* u = transformed_weight(context, plan, weight, false);
  const float* zero = zeros(context, plan);
  const ThreadScratch scratch(context, plan.transformed_floats(plan.in) + plan.transformed_floats(plan.out));
  const std::int64_t tiles = shape.images * plan.tiles_per_image, blocks = div_up(tiles, plan.block);
  float* statistics = moments == nullptr ? nullptr : context.empty({blocks, 3, plan.out}, DType::f32).data<float>();
  const TiledImages<const float> from = {x, shape.height, shape.width, shape.in};
  const TiledImages<float> to = {y, shape.height, shape.width, shape.out};

  parallel_for(context.threads(), blocks, [&](std::int64_t block) {
    const TileRange range = {block * plan.block, std::min(tiles, (block + 1) * plan.block)};
    const Transformed v = plan.transformed(scratch.mine(), plan.in);
    const Transformed m = plan.product_of(v, plan.out, scratch.mine() + plan.transformed_floats(plan.in));
    kernels.transform_input(v, from, range, zero);
    kernels.multiply(m, v, u, range.end - range.begin);
    kernels.transform_output(to, m, range,
                             {bias, false, statistics == nullptr ? nullptr : statistics + block * 3 * plan.out});
  });
  if (moments != nullptr) merge_blocks(plan, to, statistics, blocks, tiles, moments);
}

void winograd_backward(Context& context, const ConvShape& shape, const float* x, const float* weight,
                       const OutputGradient& dy, const Grad& dx, const Grad& dweight) {
  if (!dx.wanted() && !dweight.wanted()) return;
  const ScratchScope scope(context);
  const Plan plan(shape);
  const WinogradKernels& kernels = winograd_kernels();
  const std::int64_t group = std::max<std::int64_t>(1, plan.block / plan.tiles_per_image);  // images taken together
  const std::int64_t groups = div_up(shape.images, group), slices = gradient_slices(groups);
  const std::int64_t x_image = shape.height * shape.width * shape.in, dy_image = shape.height * shape.width * shape.out;
  const float* u = dx.wanted() ? transformed_weight(context, plan, weight, true) : nullptr;
  float* du = dweight.wanted() ? context.empty({slices, plan.weight_floats()}, DType::f32).data<float>() : nullptr;
  const float* zero = zeros(context, plan);
  const std::int64_t transformed = std::max(plan.transformed_floats(plan.in), plan.transformed_floats(plan.out));
  const ThreadScratch scratch(context, 2 * transformed + group * dy_image);

  parallel_for(context.threads(), slices, [&](std::int64_t slice) {
    float* mine = scratch.mine();
    float* du_slice = du == nullptr ? nullptr : du + slice * plan.weight_floats();
    if (du != nullptr) std::fill(du_slice, du_slice + plan.weight_floats(), 0.0f);
    for (std::int64_t g = groups * slice / slices; g < groups * (slice + 1) / slices; ++g) {
      const std::int64_t image = g * group, count = std::min(group, shape.images - image);
      const float* dy_group = dy.images(image, count, mine + 2 * transformed);
      float* dx_group = dx.wanted() ? dx.value.data<float>() + image * x_image : nullptr;
      const BackwardPass pass = {plan,
                                 kernels,
                                 {x + image * x_image, shape.height, shape.width, shape.in},
                                 {dy_group, shape.height, shape.width, shape.out},
                                 {dx_group, shape.height, shape.width, shape.in},
                                 u,
                                 du_slice,
                                 zero,
                                 mine,
                                 mine + transformed};
      const std::int64_t tiles = count * plan.tiles_per_image;
      for (std::int64_t begin = 0; begin < tiles; begin += plan.block) {
        const TileRange range = {begin, std::min(tiles, begin + plan.block)};
        if (dx.wanted()) pass.input_gradient(range, dx.mode == GradMode::accumulate);
        if (dweight.wanted()) pass.weight_gradient(range);
      }
    }
  });
  if (!dweight.wanted()) return;
  const WeightView view = {shape.in, shape.out, 9, shape.in * 9, false};
  parallel_ranges(context.threads(), shape.in, 4, [&](std::int64_t begin, std::int64_t end) {
    kernels.finish_weight_gradient(dweight.value.data<float>(), view, du, static_cast<int>(slices), plan.in, plan.out,
                                   begin, end, dweight.mode == GradMode::accumulate);
  });
}

}  // namespace srwm::cpu
