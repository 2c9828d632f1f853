#include "ops/gather_images.h"

#include <array>
#include <cmath>

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

/// Where an image is read: counted in pixels of the turned image, from its upper left corner.
template <typename T>
struct Place {
  T h, w;
};

template <typename T>
Place<T> place_of(const float* placement, T h, T w, std::int64_t height, std::int64_t width) {
  const T middle_h = static_cast<T>(height - 1) / 2, middle_w = static_cast<T>(width - 1) / 2;
  const T from_h = h - middle_h, from_w = w - middle_w;
  return {placement[0] * from_h + placement[1] * from_w + placement[2] + middle_h,
          placement[3] * from_h + placement[4] * from_w + placement[5] + middle_w};
}

/// An image of the pool, turned.
struct TurnedImage {
  const std::uint8_t* pixels;
  Walk walk;
  std::int64_t height, width, channels;

  /// Its channels at a place inside.
  const std::uint8_t* inside(std::int64_t h, std::int64_t w) const {
    return pixels + (walk.first + h * walk.row + w * walk.column) * channels;
  }
  /// Black around the edge.
  template <typename T>
  T at(std::int64_t h, std::int64_t w, std::int64_t c) const {
    if (h < 0 || h >= height || w < 0 || w >= width) return T{0};
    return static_cast<T>(inside(h, w)[c]);
  }
};

/// Calls body(p, image, to) for the positions whose images are of this pool; `to` is where the result goes.
template <typename T, typename Body>
void for_each_image(int threads, const GatherImages& gather, const Body& body) {
  const Tensor& images = gather.images;
  const std::int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
  const std::int64_t image_pixels = height * width * channels;
  const std::uint8_t* pixels = images.data<std::uint8_t>();
  const std::int32_t* index = gather.index.data<std::int32_t>();
  const std::uint8_t* rotation = gather.rotation.data<std::uint8_t>();
  T* result = gather.out.data<T>();
  parallel_for(threads, gather.positions(), [&](std::int64_t p) {
    const std::int64_t number = index != nullptr ? index[p] : p;
    if (number < 0) return;
    const Walk walk = walk_of(rotation != nullptr ? rotation[p] : 0, height, width);
    body(p, TurnedImage{pixels + number * image_pixels, walk, height, width, channels}, result + p * image_pixels);
  });
}

/// The pixel between four, before normalization: 0 to 255.
template <typename T>
T mixed_pixel(const TurnedImage& image, const Place<T>& place, std::int64_t c) {
  const T top = std::floor(place.h), left = std::floor(place.w), down = place.h - top, right = place.w - left;
  const auto h = static_cast<std::int64_t>(top), w = static_cast<std::int64_t>(left);
  const auto row = [&](std::int64_t at) {
    const T first = image.at<T>(at, w, c);
    return first + right * (image.at<T>(at, w + 1, c) - first);
  };
  const T upper = row(h);
  return upper + down * (row(h + 1) - upper);
}

/// With placements: what lies between pixels has no table.
template <typename T>
void gather_placed(int threads, const GatherImages& gather) {
  const float* placements = gather.placement.data<float>();
  for_each_image<T>(threads, gather, [&](std::int64_t p, const TurnedImage& image, T* to) {
    for (std::int64_t h = 0; h < image.height; ++h) {
      for (std::int64_t w = 0; w < image.width; ++w) {
        const Place<T> place =
            place_of(placements + 6 * p, static_cast<T>(h), static_cast<T>(w), image.height, image.width);
        for (std::int64_t c = 0; c < image.channels; ++c) {
          const auto i = static_cast<std::size_t>(c);
          *to++ =
              (mixed_pixel(image, place, c) / T{255} - static_cast<T>(gather.mean[i])) / static_cast<T>(gather.std[i]);
        }
      }
    }
  });
}

template <typename T>
void gather_with(int threads, const GatherImages& gather, const PixelTable<T>& table) {
  for_each_image<T>(threads, gather, [&](std::int64_t, const TurnedImage& image, T* to) {
    for (std::int64_t h = 0; h < image.height; ++h) {
      for (std::int64_t w = 0; w < image.width; ++w) {
        const std::uint8_t* pixel = image.inside(h, w);
        for (std::int64_t c = 0; c < image.channels; ++c) *to++ = table[static_cast<std::size_t>(256 * c + pixel[c])];
      }
    }
  });
}

template <typename T>
void gather_real(int threads, const GatherImages& gather) {
  if (gather.placement) return gather_placed<T>(threads, gather);
  gather_with<T>(threads, gather, pixel_table<T>(gather));
}

}  // namespace

void GatherImages::check() const {
  const std::int64_t count = positions(), channels = images.dim(3);
  SRWM_CHECK(channels <= max_channels, "{} channels", channels);
  SRWM_CHECK(rotation.absent() || rotation.numel() == count, "{} rotations for {} images", rotation.numel(), count);
  SRWM_CHECK(placement.absent() || (placement.shape() == Shape{count, 6} && out.dtype() != DType::u8),
             "placements {} for {} images", placement.shape().to_string(), count);
  SRWM_CHECK((out.shape() == Shape{count, images.dim(1), images.dim(2), channels}), "{} images into {}", count,
             out.shape().to_string());
}

void gather_images_on_host(int threads, const GatherImages& gather) {
  gather.check();
  if (gather.out.dtype() == DType::u8) {
    gather_with<std::uint8_t>(threads, gather, identity_table());
  } else if (gather.out.dtype() == DType::f64) {
    gather_real<double>(threads, gather);
  } else {
    gather_real<float>(threads, gather);
  }
}

}  // namespace srwm
