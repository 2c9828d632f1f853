// The simplest few-shot learner: what a model has to beat.
#pragma once

#include <cstdint>

#include "data/sampler.h"

namespace srwm {

/// Fraction of `episodes` sync episodes of a split (stream test_episodes) whose query gets the label of the support
/// image at the smallest Euclidean distance in pixels.
double pixel_nearest_neighbour(const ClassSplit& split, std::int64_t n_way, std::int64_t k_shot, std::int64_t episodes,
                               std::uint64_t seed, int threads);

}  // namespace srwm
