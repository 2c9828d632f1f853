#include "data/glyphs.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "data/nearest_neighbour.h"

using namespace srwm;

namespace {

double test_accuracy(const GlyphOptions& options) {
  return pixel_nearest_neighbour(make_glyphs(options, 2).test, 5, 1, 4000, 1, 2);
}

}  // namespace

TEST_CASE("the nearest neighbour in pixels scores 35 to 60 % on generated characters", "[glyphs]") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    GlyphOptions options;
    options.seed = seed;
    CAPTURE(seed);
    const double accuracy = test_accuracy(options);
    CHECK(accuracy >= 0.35);
    CHECK(accuracy <= 0.60);
  }
}

TEST_CASE("less jitter is easier", "[glyphs]") {
  GlyphOptions options;
  options.jitter = 0.5;
  const double accuracy = test_accuracy(options);
  CHECK(accuracy >= 0.75);
  CHECK(accuracy <= 0.95);
  options.jitter = 0;
  CHECK(test_accuracy(options) == 1.0);
}

TEST_CASE("generated characters are the same with any number of threads, and stay what they are", "[glyphs]") {
  GlyphOptions options;
  options.train_classes = 7;
  options.val_classes = 3;
  options.test_classes = 2;
  const std::string digest = make_glyphs(options, 1).digest;
  CHECK(make_glyphs(options, 3).digest == digest);
  CHECK(digest == "a7e09415b1e3550210022f1f8021eb37");
  options.seed = 2;
  CHECK(make_glyphs(options, 1).digest != digest);
}

TEST_CASE("a split does not depend on how many classes another has", "[glyphs]") {
  GlyphOptions few, many;
  few.train_classes = 3;
  few.test_classes = few.val_classes = many.test_classes = many.val_classes = 2;
  many.train_classes = 9;
  const Tensor a = make_glyphs(few, 1).test.images, b = make_glyphs(many, 1).test.images;
  CHECK(std::ranges::equal(a.span<std::uint8_t>(), b.span<std::uint8_t>()));
}

TEST_CASE("more images than can be counted are refused", "[glyphs]") {
  GlyphOptions options;
  options.val_classes = options.images_per_class = 100000;
  CHECK_THROWS_AS(make_glyphs(options, 1), UsageError);
}

TEST_CASE("generated datasets have the shape that was asked for, strokes inside, no two images alike", "[glyphs]") {
  GlyphOptions options;
  options.image_size = 33;
  options.train_classes = 50;
  options.val_classes = options.test_classes = 5;
  options.images_per_class = 6;
  const ClassDataset dataset = make_glyphs(options, 2);
  CHECK(dataset.train.images.shape() == Shape{300, 33, 33, 1});
  CHECK(dataset.train.classes() == 50);
  CHECK(dataset.train.members[49] == std::vector<std::int32_t>{294, 295, 296, 297, 298, 299});
  CHECK(dataset.val.class_names[4] == "val/glyph0005");
  CHECK((dataset.mean[0] > 0.03 && dataset.mean[0] < 0.2));
  std::set<std::vector<std::uint8_t>> different;
  for (std::int64_t i = 0; i < 300; ++i) {
    const auto pixels = dataset.train.images.rows(i, i + 1).span<std::uint8_t>();
    different.emplace(pixels.begin(), pixels.end());
    const auto bright = std::count_if(pixels.begin(), pixels.end(), [](std::uint8_t v) { return v > 127; });
    CHECK((bright > 20 && bright < 400));
  }
  CHECK(different.size() == 300);
}
