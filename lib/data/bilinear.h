// Images at another size.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace srwm {

/// How the elements of one axis of `to` pixels are made from one of `from`: out[i] = (1 - weight) in[low] + weight
/// in[high]. Pixel centers are at half numbers, positions outside the image take its border, and nothing is averaged
/// where an image shrinks: tf.image.resize(method="bilinear", antialias=False).
class LinearTaps {
 public:
  struct Tap {
    std::int32_t low, high;
    float weight;
  };

  LinearTaps() = default;
  LinearTaps(std::int64_t from, std::int64_t to) { set(from, to); }
  /// Takes memory only where `to` is larger than ever before.
  void set(std::int64_t from, std::int64_t to);
  std::span<const Tap> taps() const { return taps_; }

 private:
  std::vector<Tap> taps_;
};

/// out[h, w, c] of rows.taps().size() x columns.taps().size() pixels, from an image [H, W, C] that is `width` wide.
template <typename Pixel>
void resize_bilinear(const Pixel* image, std::int64_t width, std::int64_t channels, const LinearTaps& rows,
                     const LinearTaps& columns, float* out) {
  for (const LinearTaps::Tap& row : rows.taps()) {
    const Pixel* upper = image + row.low * width * channels;
    const Pixel* lower = image + row.high * width * channels;
    for (const LinearTaps::Tap& column : columns.taps()) {
      const Pixel *upper_left = upper + column.low * channels, *upper_right = upper + column.high * channels;
      const Pixel *lower_left = lower + column.low * channels, *lower_right = lower + column.high * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const auto mix = [](float a, float b, float weight) { return a + weight * (b - a); };
        const float top = mix(upper_left[c], upper_right[c], column.weight);
        const float bottom = mix(lower_left[c], lower_right[c], column.weight);
        *out++ = mix(top, bottom, row.weight);
      }
    }
  }
}

}  // namespace srwm
