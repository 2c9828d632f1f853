#include "data/standardize.h"

#include <algorithm>
#include <cmath>

namespace srwm {

void normalize_channels(std::span<float> image, const std::vector<double>& mean, const std::vector<double>& std) {
  const std::size_t channels = mean.size();
  for (std::size_t c = 0; c < channels; ++c) {
    const auto center = static_cast<float>(mean[c]), scale = static_cast<float>(std[c]);
    for (std::size_t i = c; i < image.size(); i += channels) image[i] = (image[i] - center) / scale;
  }
}

void standardize(std::span<float> image) {
  const auto count = static_cast<double>(image.size());
  double sum = 0, squares = 0;
  for (const float value : image) sum += static_cast<double>(value);
  const double mean = sum / count;
  for (const float value : image) squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  const double deviation = std::max(std::sqrt(squares / count), 1 / std::sqrt(count));
  for (float& value : image) value = static_cast<float>((static_cast<double>(value) - mean) / deviation);
}

}  // namespace srwm
