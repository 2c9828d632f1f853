#include <array>

#include "core/parallel.h"
#include "data/sampler.h"

namespace srwm {
namespace {

/// value[256 * channel + pixel]: what becomes of a pixel, in the arithmetic of T and the order of the formula.
template <typename T>
using PixelTable = std::array<T, 256 * max_channels>;

template <typename T>
PixelTable<T> pixel_table(std::int64_t channels, const std::vector<double>& mean, const std::vector<double>& std) {
  PixelTable<T> table;
  for (std::size_t channel = 0; channel < static_cast<std::size_t>(channels); ++channel) {
    const T centre = mean.empty() ? T{0} : static_cast<T>(mean[channel]);
    const T scale = std.empty() ? T{1} : static_cast<T>(std[channel]);
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      table[256 * channel + pixel] = (static_cast<T>(pixel) / T{255} - centre) / scale;
    }
  }
  return table;
}

/// Where the pixels of a turned image are in the stored one: (h, w) at first + h * row + w * column.
struct Walk {
  std::int64_t first, row, column;
};

/// `quarter_turns` counter-clockwise; height = width where the number is odd.
Walk walk_of(int quarter_turns, std::int64_t height, std::int64_t width) {
  switch (quarter_turns) {
    case 1:  // out(h, w) = in(w, W - 1 - h)
      return {width - 1, -1, width};
    case 2:  // out(h, w) = in(H - 1 - h, W - 1 - w)
      return {height * width - 1, -width, -1};
    case 3:  // out(h, w) = in(H - 1 - w, h)
      return {(height - 1) * width, 1, -width};
    default:
      return {0, width, 1};
  }
}

/// For pixels that stay bytes.
PixelTable<std::uint8_t> identity_table() {
  PixelTable<std::uint8_t> table;
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i % 256);
  return table;
}

template <typename T>
void gather(const Tensor& images, const EpisodeBatch& batch, const PixelTable<T>& table, int threads,
            const Tensor& out) {
  const std::int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
  const std::int64_t image_pixels = height * width * channels;
  const std::uint8_t* pixels = images.data<std::uint8_t>();
  T* result = out.data<T>();
  parallel_for(threads, batch.positions(), [&](std::int64_t p) {
    const auto position = static_cast<std::size_t>(p);
    const std::uint8_t* from = pixels + batch.image[position] * image_pixels;
    T* to = result + p * image_pixels;
    const Walk walk = walk_of(batch.rotation[position], height, width);
    for (std::int64_t h = 0; h < height; ++h) {
      for (std::int64_t w = 0; w < width; ++w) {
        const std::uint8_t* pixel = from + (walk.first + h * walk.row + w * walk.column) * channels;
        for (std::int64_t c = 0; c < channels; ++c) *to++ = table[static_cast<std::size_t>(256 * c + pixel[c])];
      }
    }
  });
}

}  // namespace

void gather_images(const Tensor& images, const EpisodeBatch& batch, const std::vector<double>& mean,
                   const std::vector<double>& std, int threads, const Tensor& out) {
  const std::int64_t channels = images.dim(3);
  SRWM_CHECK(channels <= max_channels, "{} channels", channels);
  SRWM_CHECK(mean.empty() || (std::ssize(mean) == channels && std::ssize(std) == channels),
             "mean and std have {} and {} elements for {} channels", mean.size(), std.size(), channels);
  SRWM_CHECK((out.shape() == Shape{batch.positions(), images.dim(1), images.dim(2), channels}), "{} images into {}",
             batch.positions(), out.shape().to_string());
  if (images.dim(1) != images.dim(2)) {
    for (const std::uint8_t turns : batch.rotation)
      SRWM_CHECK(turns % 2 == 0, "a quarter turn of an image that is not square");
  }
  if (out.dtype() == DType::u8) {
    SRWM_CHECK(mean.empty(), "bytes cannot be normalised");
    gather<std::uint8_t>(images, batch, identity_table(), threads, out);
  } else if (out.dtype() == DType::f64) {
    gather<double>(images, batch, pixel_table<double>(channels, mean, std), threads, out);
  } else {
    gather<float>(images, batch, pixel_table<float>(channels, mean, std), threads, out);
  }
}

}  // namespace srwm
