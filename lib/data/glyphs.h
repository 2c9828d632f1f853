// Built-in generated data: characters of random strokes. A class is a prototype drawn from the seed; each of its images
// is the prototype drawn anew with jitter. Lets everything run and be tested without a file.
#pragma once

#include <cstdint>

#include "data/class_dataset.h"

namespace srwm {

struct GlyphOptions {
  std::int64_t image_size = 28;
  std::int64_t train_classes = 400;
  std::int64_t val_classes = 100;
  std::int64_t test_classes = 100;
  std::int64_t images_per_class = 20;
  double jitter = 1.0;  ///< scales every deformation: 0 none, 1 the standard task ("glyphs"), less is easier
  std::uint64_t seed = 1;
};

/// Grey images [N, size, size, 1], strokes bright, anti-aliased. Same options, same pixels, on any machine. UsageError
/// for more than max_images images in a split.
ClassDataset make_glyphs(const GlyphOptions& options, int threads);

}  // namespace srwm
