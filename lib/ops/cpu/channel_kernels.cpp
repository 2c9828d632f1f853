#include "ops/cpu/channel_kernels.h"

#include "ops/cpu/channel_blocks.h"
#include "ops/cpu/pool_window.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

/// Vectors that stay in registers through a loop over pixels, one per vector of a channel block.
template <int vectors>
struct Row {
  Vec v[vectors] = {};

  template <typename Access>
  static Row get(const Access& access, const float* p) {
    Row row;
    for (int k = 0; k < vectors; ++k) row.v[k] = access.get(p + k * lanes);
    return row;
  }
  template <typename Access>
  void put(const Access& access, float* p) const {
    for (int k = 0; k < vectors; ++k) access.put(p + k * lanes, v[k]);
  }
};

void shifted_sums(float* sums, const float* x, std::int64_t pixels, std::int64_t channels) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> shift = Row<n>::get(access, x + c);
    Row<n> sum, squares;
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) {
        const Vec d = access.get(x + p * channels + c + k * lanes) - shift.v[k];
        sum.v[k] += d;
        squares.v[k] += d * d;
      }
    }
    shift.put(access, sums + c);
    sum.put(access, sums + channels + c);
    squares.put(access, sums + 2 * channels + c);
  });
}

void column_sums(float* sums, const float* x, std::int64_t pixels, std::int64_t channels) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    Row<n> sum;
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) sum.v[k] += access.get(x + p * channels + c + k * lanes);
    }
    sum.put(access, sums + c);
  });
}

void scale(float* y, const float* x, const float* factors, std::int64_t pixels, std::int64_t channels,
           bool accumulate) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> factor = Row<n>::get(access, factors + c);
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) {
        const std::int64_t at = p * channels + c + k * lanes;
        const Vec value = factor.v[k] * access.get(x + at);
        access.put(y + at, accumulate ? access.get(y + at) + value : value);
      }
    }
  });
}

void affine(float* y, const float* x, const float* scale, const float* shift, const float* residual, float slope,
            std::int64_t pixels, std::int64_t channels) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> factor = Row<n>::get(access, scale + c), offset = Row<n>::get(access, shift + c);
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) {
        const std::int64_t at = p * channels + c + k * lanes;
        Vec z = factor.v[k] * access.get(x + at) + offset.v[k];
        if (residual) z += access.get(residual + at);
        access.put(y + at, z > 0.0f ? z : slope * z);
      }
    }
  });
}

/// dy through the activation.
template <typename Access>
Vec through(const LeakyReluOf& act, const Access& access, const float* dy, std::int64_t at) {
  const Vec g = access.get(dy + at);
  if (!act.y) return g;
  return access.get(act.y + at) > 0.0f ? g : act.slope * g;
}

void gradient_sums(float* sums, const float* dy, const LeakyReluOf& act, const float* x, const float* mean,
                   std::int64_t pixels, std::int64_t channels) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> center = Row<n>::get(access, mean + c);
    Row<n> sum, product;
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) {
        const std::int64_t at = p * channels + c + k * lanes;
        const Vec g = through(act, access, dy, at);
        sum.v[k] += g;
        product.v[k] += g * (access.get(x + at) - center.v[k]);
      }
    }
    sum.put(access, sums + c);
    product.put(access, sums + channels + c);
  });
}

void norm_gradient(float* dx, const float* dy, const LeakyReluOf& act, const float* x, const NormGradient& g,
                   std::int64_t pixels, std::int64_t channels, bool accumulate) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> scale = Row<n>::get(access, g.scale + c), slope = Row<n>::get(access, g.slope + c),
                 offset = Row<n>::get(access, g.offset + c);
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) {
        const std::int64_t at = p * channels + c + k * lanes;
        Vec d = scale.v[k] * through(act, access, dy, at) + (slope.v[k] * access.get(x + at) + offset.v[k]);
        if (accumulate) d += access.get(dx + at);
        access.put(dx + at, d);
      }
    }
  });
}

void activation_gradient(float* dz, const float* dy, const LeakyReluOf& act, std::int64_t pixels, std::int64_t channels,
                         bool accumulate) {
  for_channel_blocks(channels, [&]<int n>(auto access, std::int64_t c) {
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (int k = 0; k < n; ++k) {
        const std::int64_t at = p * channels + c + k * lanes;
        const Vec g = through(act, access, dy, at);
        access.put(dz + at, accumulate ? access.get(dz + at) + g : g);
      }
    }
  });
}

/// Calls visit(window, pixel) for the windows of an image: the window's offset in y and that of its first pixel in x.
template <typename Visit>
void for_each_window_offset(const PoolShape& s, const Visit& visit) {
  for_each_window(s, [&](std::int64_t h, std::int64_t w) {
    visit((h * (s.width / 2) + w) * s.channels, (2 * h * s.width + 2 * w) * s.channels);
  });
}

/// Distances in x from a window's first pixel to its four pixels.
struct WindowOffsets {
  std::int64_t at[4];

  explicit WindowOffsets(const PoolShape& s) : at{0, s.channels, s.width * s.channels, (s.width + 1) * s.channels} {}
};

void pool(float* y, std::uint8_t* winner, const float* x, const PoolShape& shape) {
  const WindowOffsets pixel(shape);
  for_channel_blocks(shape.channels, [&]<int n>(auto access, std::int64_t c) {
    for_each_window_offset(shape, [&](std::int64_t to, std::int64_t from) {
      for (int k = 0; k < n; ++k) {
        const float* z = x + from + c + k * lanes;
        const Largest best = largest_of(access.get(z + pixel.at[0]), access.get(z + pixel.at[1]),
                                        access.get(z + pixel.at[2]), access.get(z + pixel.at[3]));
        access.put(y + to + c + k * lanes, best.value);
        access.put_bytes(winner + to + c + k * lanes, best.index);
      }
    });
  });
}

/// Calls visit(pixel) for the pixels of an image that are in no window.
template <typename Visit>
void for_each_left_out(const PoolShape& s, const Visit& visit) {
  for (std::int64_t h = 0; h < s.height; ++h) {
    const std::int64_t first = h < s.height / 2 * 2 ? s.width / 2 * 2 : 0;
    for (std::int64_t w = first; w < s.width; ++w) visit((h * s.width + w) * s.channels);
  }
}

void pool_gradient(float* dx, const float* dy, const std::uint8_t* winner, const PoolShape& shape, bool accumulate) {
  const WindowOffsets pixel(shape);
  for_channel_blocks(shape.channels, [&]<int n>(auto access, std::int64_t c) {
    for_each_window_offset(shape, [&](std::int64_t from, std::int64_t to) {
      for (int k = 0; k < n; ++k) {
        const Vec g = access.get(dy + from + c + k * lanes);
        const Mask index = access.get_bytes(winner + from + c + k * lanes);
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          float* at = dx + to + pixel.at[i] + c + k * lanes;
          const Vec value = index == i ? g : Vec{};
          access.put(at, accumulate ? access.get(at) + value : value);
        }
      }
    });
    if (accumulate) return;
    for_each_left_out(shape, [&](std::int64_t at) {
      for (int k = 0; k < n; ++k) access.put(dx + at + c + k * lanes, Vec{});
    });
  });
}

void norm_pool_relu(float* y, std::uint8_t* winner, const float* x, const float* scale, const float* shift,
                    const PoolShape& shape) {
  const WindowOffsets pixel(shape);
  for_channel_blocks(shape.channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> factor = Row<n>::get(access, scale + c), offset = Row<n>::get(access, shift + c);
    for_each_window_offset(shape, [&](std::int64_t to, std::int64_t from) {
      for (int k = 0; k < n; ++k) {
        Vec z[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          z[i] = factor.v[k] * access.get(x + from + pixel.at[i] + c + k * lanes) + offset.v[k];
        }
        const Largest best = largest_of(z[0], z[1], z[2], z[3]);
        access.put(y + to + c + k * lanes, relu(best.value));
        access.put_bytes(winner + to + c + k * lanes, best.index);
      }
    });
  });
}

void norm_pool_relu_sums(float* sums, const PooledImage& pooled, const float* x, const float* mean,
                         const PoolShape& shape) {
  const WindowOffsets pixel(shape);
  for_channel_blocks(shape.channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> center = Row<n>::get(access, mean + c);
    Row<n> sum, product;
    for_each_window_offset(shape, [&](std::int64_t at, std::int64_t from) {
      for (int k = 0; k < n; ++k) {
        const Vec g = through_relu(access, pooled, at + c + k * lanes);
        const Mask index = access.get_bytes(pooled.winner + at + c + k * lanes);
        const float* z = x + from + c + k * lanes;
        Vec won = access.get(z + pixel.at[0]);
#pragma GCC unroll 3
        for (int i = 1; i < 4; ++i) won = index == i ? access.get(z + pixel.at[i]) : won;
        sum.v[k] += g;
        product.v[k] += g * (won - center.v[k]);
      }
    });
    sum.put(access, sums + c);
    product.put(access, sums + shape.channels + c);
  });
}

void norm_pool_relu_gradient(float* dx, const PooledImage& pooled, const float* x, const NormGradient& d,
                             const PoolShape& shape) {
  const WindowOffsets pixel(shape);
  for_channel_blocks(shape.channels, [&]<int n>(auto access, std::int64_t c) {
    const Row<n> scale = Row<n>::get(access, d.scale + c), slope = Row<n>::get(access, d.slope + c),
                 offset = Row<n>::get(access, d.offset + c);
    for_each_window_offset(shape, [&](std::int64_t from, std::int64_t to) {
      for (int k = 0; k < n; ++k) {
        const Vec g = scale.v[k] * through_relu(access, pooled, from + c + k * lanes);
        const Mask index = access.get_bytes(pooled.winner + from + c + k * lanes);
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
          const std::int64_t at = to + pixel.at[i] + c + k * lanes;
          access.put(dx + at, (slope.v[k] * access.get(x + at) + offset.v[k]) + (index == i ? g : Vec{}));
        }
      }
    });
    for_each_left_out(shape, [&](std::int64_t at) {
      for (int k = 0; k < n; ++k) {
        const std::int64_t here = at + c + k * lanes;
        access.put(dx + here, slope.v[k] * access.get(x + here) + offset.v[k]);
      }
    });
  });
}

}  // namespace

const ChannelKernels channel_kernels{
    shifted_sums,        column_sums, scale,         affine,         gradient_sums,       norm_gradient,
    activation_gradient, pool,        pool_gradient, norm_pool_relu, norm_pool_relu_sums, norm_pool_relu_gradient};

}  // namespace srwm::cpu::SRWM_SIMD
