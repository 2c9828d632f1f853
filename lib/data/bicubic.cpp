#include "data/bicubic.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace srwm {
namespace {

/// Weights are whole multiples of 2^-fraction_bits, so that sums are exact.
constexpr int fraction_bits = 22;

double keys_kernel(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// The pixels that one pixel of the result is made of.
struct CubicTaps {
  std::int64_t first = 0;
  std::vector<std::int32_t> weights;
};

/// For `to` pixels from the part [begin, begin + length) of an axis of `from` pixels.
std::vector<CubicTaps> cubic_taps(std::int64_t from, double begin, double length, std::int64_t to) {
  const double scale = length / static_cast<double>(to), widening = std::max(scale, 1.0), reach = 2 * widening;
  std::vector<CubicTaps> taps(static_cast<std::size_t>(to));
  for (std::int64_t i = 0; i < to; ++i) {
    const double center = begin + (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max(static_cast<std::int64_t>(std::floor(center - reach + 0.5)), std::int64_t{0});
    const auto end = std::min(static_cast<std::int64_t>(std::floor(center + reach + 0.5)), from);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t x = first; x < end; ++x) {
      weights.push_back(keys_kernel((static_cast<double>(x) - center + 0.5) / widening));
      sum += weights.back();
    }
    CubicTaps& of_pixel = taps[static_cast<std::size_t>(i)];
    of_pixel.first = first;
    for (const double weight : weights) {
      of_pixel.weights.push_back(static_cast<std::int32_t>(std::lround(std::ldexp(weight / sum, fraction_bits))));
    }
  }
  return taps;
}

/// out[i, j] = sum_x weight(j, x) in[i, x] over the second of three axes.
Tensor resample_second_axis(const Tensor& in, const std::vector<CubicTaps>& taps) {
  const std::int64_t rows = in.dim(0), width = in.dim(1), channels = in.dim(2);
  Tensor out = Tensor::owning({rows, std::ssize(taps), channels}, DType::u8);
  std::uint8_t* to = out.data<std::uint8_t>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::uint8_t* line = in.data<std::uint8_t>() + row * width * channels;
    for (const CubicTaps& pixel : taps) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::uint8_t* from = line + pixel.first * channels + c;
        std::int64_t sum = std::int64_t{1} << (fraction_bits - 1);
        for (const std::int32_t weight : pixel.weights) {
          sum += std::int64_t{weight} * *from;
          from += channels;
        }
        *to++ = static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> fraction_bits, 0, 255));
      }
    }
  }
  return out;
}

/// [H, W, C] -> [W, H, C]
Tensor transposed(const Tensor& in) {
  const std::int64_t height = in.dim(0), width = in.dim(1), channels = in.dim(2);
  Tensor out = Tensor::owning({width, height, channels}, DType::u8);
  for (std::int64_t h = 0; h < height; ++h) {
    for (std::int64_t w = 0; w < width; ++w) {
      std::copy_n(in.data<std::uint8_t>() + (h * width + w) * channels, channels,
                  out.data<std::uint8_t>() + (w * height + h) * channels);
    }
  }
  return out;
}

}  // namespace

Tensor fit_picture(const Tensor& picture, std::int64_t height, std::int64_t width) {
  if (picture.dim(0) == height && picture.dim(1) == width) return picture;
  const auto rows = static_cast<double>(picture.dim(0)), columns = static_cast<double>(picture.dim(1));
  const double proportion = static_cast<double>(width) / static_cast<double>(height);
  const double used_columns = std::min(columns, rows * proportion), used_rows = std::min(rows, columns / proportion);
  const Tensor narrow =
      resample_second_axis(picture, cubic_taps(picture.dim(1), (columns - used_columns) / 2, used_columns, width));
  const std::vector<CubicTaps> taps = cubic_taps(picture.dim(0), (rows - used_rows) / 2, used_rows, height);
  return transposed(resample_second_axis(transposed(narrow), taps));
}

Tensor with_channels(const Tensor& picture, std::int64_t channels) {
  SRWM_CHECK(channels == 1 || channels == 3, "pictures have 1 or 3 channels, not {}", channels);
  if (picture.dim(2) == channels) return picture;
  Tensor out = Tensor::owning({picture.dim(0), picture.dim(1), channels}, DType::u8);
  const std::uint8_t* from = picture.data<std::uint8_t>();
  std::uint8_t* to = out.data<std::uint8_t>();
  for (std::int64_t i = picture.dim(0) * picture.dim(1); i > 0; --i) {
    if (channels == 3) {
      to = std::fill_n(to, 3, *from++);
    } else {
      constexpr int red = 19595, green = 38470, blue = 7471;  // 65536 together
      *to++ = static_cast<std::uint8_t>((from[0] * red + from[1] * green + from[2] * blue + 32768) >> 16);
      from += 3;
    }
  }
  return out;
}

}  // namespace srwm
