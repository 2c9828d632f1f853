#include "ops/gather_images.h"

#include "core/parallel.h"

namespace srwm {
namespace {

/// value[256 * channel + pixel]: what becomes of a pixel.
template <typename T>
using PixelTable = std::array<T, 256 * GatherImages::max_channels>;

template <typename T>
PixelTable<T> pixel_table(const GatherImages& gather) {
  PixelTable<T> table;
  for (std::size_t channel = 0; channel < GatherImages::max_channels; ++channel) {
    const T center = static_cast<T>(gather.mean[channel]), scale = static_cast<T>(gather.std[channel]);
    for (std::size_t pixel = 0; pixel < 256; ++pixel) {
      table[256 * channel + pixel] = (static_cast<T>(pixel) / T{255} - center) / scale;
    }
  }
  return table;
}

/// For pixels that stay bytes.
PixelTable<std::uint8_t> identity_table() {
  PixelTable<std::uint8_t> table;
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i % 256);
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

template <typename T>
void gather_with(int threads, const GatherImages& gather, const PixelTable<T>& table) {
  const Tensor& images = gather.images;
  const std::int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
  const std::int64_t image_pixels = height * width * channels;
  const std::uint8_t* pixels = images.data<std::uint8_t>();
  const std::int32_t* index = gather.index.data<std::int32_t>();
  const std::uint8_t* rotation = gather.rotation.data<std::uint8_t>();
  T* result = gather.out.data<T>();
  parallel_for(threads, gather.positions(), [&](std::int64_t p) {
    const std::int64_t image = index != nullptr ? index[p] : p;
    if (image < 0) return;
    const std::uint8_t* from = pixels + image * image_pixels;
    T* to = result + p * image_pixels;
    const Walk walk = walk_of(rotation != nullptr ? rotation[p] : 0, height, width);
    for (std::int64_t h = 0; h < height; ++h) {
      for (std::int64_t w = 0; w < width; ++w) {
        const std::uint8_t* pixel = from + (walk.first + h * walk.row + w * walk.column) * channels;
        for (std::int64_t c = 0; c < channels; ++c) *to++ = table[static_cast<std::size_t>(256 * c + pixel[c])];
      }
    }
  });
}

}  // namespace

void GatherImages::check() const {
  const std::int64_t count = positions(), channels = images.dim(3);
  SRWM_CHECK(channels <= max_channels, "{} channels", channels);
  SRWM_CHECK(rotation.absent() || rotation.numel() == count, "{} rotations for {} images", rotation.numel(), count);
  SRWM_CHECK((out.shape() == Shape{count, images.dim(1), images.dim(2), channels}), "{} images into {}", count,
             out.shape().to_string());
}

void gather_images_on_host(int threads, const GatherImages& gather) {
  gather.check();
  if (gather.out.dtype() == DType::u8) {
    gather_with<std::uint8_t>(threads, gather, identity_table());
  } else if (gather.out.dtype() == DType::f64) {
    gather_with<double>(threads, gather, pixel_table<double>(gather));
  } else {
    gather_with<float>(threads, gather, pixel_table<float>(gather));
  }
}

}  // namespace srwm
