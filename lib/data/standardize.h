// Pixels to numbers around 0.
#pragma once

#include <span>
#include <vector>

namespace srwm {

/// image[p, c] = (image[p, c] - mean_c) / std_c, channels innermost.
void normalize_channels(std::span<float> image, const std::vector<double>& mean, const std::vector<double>& std);

/// (image - m) / s with the mean m and standard deviation s of all its numbers, s at least 1 / sqrt(their number).
void standardize(std::span<float> image);

}  // namespace srwm
