#include "data/glyphs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/memory.h"
#include "core/parallel.h"
#include "core/rng.h"

// Only + - * / and square roots here, and no fused operations (CMakeLists.txt): these are the same on every machine,
// sines and logarithms are not.

namespace srwm {
namespace {

struct Point {
  double x = 0, y = 0;
};

Point operator+(Point a, Point b) {
  return {a.x + b.x, a.y + b.y};
}
Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y};
}
Point operator*(double s, Point a) {
  return {s * a.x, s * a.y};
}

/// A turn by the angle a, given as t = tan(a / 2).
Point turned(Point p, double t) {
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  return {cosine * p.x - sine * p.y, sine * p.x + cosine * p.y};
}

/// Near a standard normal, in [-3, 3]: the sum of three uniform numbers.
double bell(RandomSequence& random) {
  double sum = 0;
  for (int i = 0; i < 3; ++i) sum += random.uniform(-1, 1);
  return sum;
}

Point bell_point(RandomSequence& random) {
  const double x = bell(random);
  return {x, bell(random)};
}

/// A direction, uniform on the circle.
Point direction(RandomSequence& random) {
  while (true) {
    const double x = random.uniform(-1, 1), y = random.uniform(-1, 1), square = x * x + y * y;
    if (square > 0.01 && square < 1) return {x / std::sqrt(square), y / std::sqrt(square)};
  }
}

/// The points a smooth curve goes through.
using Stroke = std::vector<Point>;
using Character = std::vector<Stroke>;

/// A pen that starts at `start` and makes steps, turning before each: straight, bent one way, waving or with a corner.
Stroke draw_stroke(RandomSequence& random, Point start) {
  enum { straight, arc, wave, corner, kinds };
  const auto kind = random.below(kinds);
  const std::uint32_t steps = kind == straight ? 2 : kind == arc ? 4 + random.below(3) : 3 + random.below(2);
  const double length = random.uniform(0.5, 1.2) / steps;
  const double side = random.below(2) == 0 ? 1 : -1;
  const double turn = side * (kind == arc ? random.uniform(0.1, 0.55) : random.uniform(0.2, 0.5));
  const std::uint32_t corner_step = 1 + random.below(steps - 1);

  Stroke stroke{start};
  Point heading = direction(random);
  for (std::uint32_t step = 0; step < steps; ++step) {
    if (step > 0 && kind == arc) heading = turned(heading, turn);
    if (step > 0 && kind == wave) heading = turned(heading, step % 2 == 0 ? turn : -turn);
    if (step == corner_step && kind == corner) heading = turned(heading, 3 * turn);
    stroke.push_back(stroke.back() + length * heading);
  }
  return stroke;
}

/// Moves and scales a character so that the larger side of its bounding box has length 1 around the origin and the
/// smaller one, unless it is nearly a line, at least `least_side`.
void centre(Character& character) {
  Point low = character[0][0], high = low;
  for (const Stroke& stroke : character) {
    for (const Point p : stroke) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  const Point middle = 0.5 * (low + high);
  constexpr double least_side = 0.6;
  const Point side = high - low;
  const double larger = std::max(side.x, side.y);
  const auto scale_of = [&](double s) { return std::max(1 / larger, least_side / std::max(s, 0.1 * larger)); };
  const double scale_x = scale_of(side.x), scale_y = scale_of(side.y);
  for (Stroke& stroke : character) {
    for (Point& p : stroke) p = {scale_x * (p.x - middle.x), scale_y * (p.y - middle.y)};
  }
}

/// The prototype of a class: two to four strokes, most of them starting where an earlier one has a point.
Character draw_prototype(RandomSequence random) {
  const std::uint32_t strokes = 2 + random.below(3);
  Character character;
  for (std::uint32_t s = 0; s < strokes; ++s) {
    Point start{random.uniform(-0.5, 0.5), random.uniform(-0.5, 0.5)};
    if (s > 0 && random.uniform() < 0.6) {
      const Stroke& other = character[random.below(s)];
      start = other[random.below(static_cast<std::uint32_t>(other.size()))];
    }
    character.push_back(draw_stroke(random, start));
  }
  centre(character);
  return character;
}

/// How one drawing differs from its prototype: an affine map of the whole, a shift of each stroke, a shift of each
/// point, and the pen. Lengths in units of the character's size; each factor is a standard deviation at jitter 1.
struct Hand {
  Hand(RandomSequence& random, double jitter)
      : turn(0.5 * 0.16 * jitter * bell(random)),
        slant(0.2 * jitter * bell(random)),
        width(1 + 0.1 * jitter * bell(random)),
        height(1 + 0.1 * jitter * bell(random)),
        shift(0.08 * jitter * bell_point(random)),
        pen(1 + 0.15 * jitter * bell(random)) {}

  Point apply(Point p) const { return turned({width * p.x + slant * p.y, height * p.y}, turn) + shift; }

  static constexpr double stroke_shift = 0.04;
  static constexpr double wobble = 0.022;
  double turn, slant, width, height;
  Point shift;
  double pen;
};

/// The curve through a stroke's points (Catmull-Rom), as `segments_per_span` straight pieces between each two.
std::vector<Point> smooth(const Stroke& points) {
  constexpr int segments_per_span = 5;
  std::vector<Point> curve{points.front()};
  const std::size_t last = points.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const Point p0 = points[i == 0 ? 0 : i - 1], p1 = points[i], p2 = points[i + 1], p3 = points[std::min(i + 2, last)];
    const Point a = 2 * p1, b = p2 - p0, c = 2 * p0 - 5 * p1 + 4 * p2 - p3, d = 3 * p1 - p0 - 3 * p2 + p3;
    for (int s = 1; s <= segments_per_span; ++s) {
      const double t = static_cast<double>(s) / segments_per_span;
      curve.push_back(0.5 * (a + t * (b + t * (c + t * d))));
    }
  }
  return curve;
}

/// Squared distances of pixel centres to the nearest stroke, kept up to `reach` pixels from it.
class Canvas {
 public:
  Canvas(std::int64_t size, double reach)
      : size_(size), reach_(reach), square_(static_cast<std::size_t>(size * size), reach * reach) {}

  void add_segment(Point a, Point b) {
    const Point d = b - a;
    const double square_length = std::max(d.x * d.x + d.y * d.y, 1e-12);
    const auto [left, right] = reached(std::min(a.x, b.x), std::max(a.x, b.x));
    const auto [top, bottom] = reached(std::min(a.y, b.y), std::max(a.y, b.y));
    for (std::int64_t row = top; row < bottom; ++row) {
      for (std::int64_t column = left; column < right; ++column) {
        const Point p{static_cast<double>(column) + 0.5 - a.x, static_cast<double>(row) + 0.5 - a.y};
        const double along = std::clamp((p.x * d.x + p.y * d.y) / square_length, 0.0, 1.0);
        const double dx = p.x - along * d.x, dy = p.y - along * d.y;
        double& nearest = square_[static_cast<std::size_t>(row * size_ + column)];
        nearest = std::min(nearest, dx * dx + dy * dy);
      }
    }
  }

  /// Brightness falls from 255 to 0 over one pixel at the edge of a pen of radius reach - 1/2.
  void write(std::uint8_t* pixels) const {
    for (const double square : square_) {
      *pixels++ = static_cast<std::uint8_t>(std::lround(255 * std::clamp(reach_ - std::sqrt(square), 0.0, 1.0)));
    }
  }

 private:
  /// The rows or columns that a stroke between `low` and `high` can touch.
  std::pair<std::int64_t, std::int64_t> reached(double low, double high) const {
    const double size = static_cast<double>(size_);
    return {static_cast<std::int64_t>(std::clamp(low - reach_, 0.0, size)),
            static_cast<std::int64_t>(std::clamp(high + reach_ + 1, 0.0, size))};
  }

  std::int64_t size_;
  double reach_;
  std::vector<double> square_;
};

void draw_image(const Character& prototype, double jitter, std::int64_t size, RandomSequence random,
                std::uint8_t* pixels) {
  constexpr double character_size = 0.66, pen_radius = 0.03;  // of the image
  const Hand hand(random, jitter);
  const double scale = character_size * static_cast<double>(size), middle = 0.5 * static_cast<double>(size);
  Canvas canvas(size, pen_radius * static_cast<double>(size) * std::max(hand.pen, 0.3) + 0.5);
  for (Stroke stroke : prototype) {
    const Point shift = Hand::stroke_shift * jitter * bell_point(random);
    for (Point& p : stroke) {
      const Point moved = hand.apply(p + shift + Hand::wobble * jitter * bell_point(random));
      p = scale * moved + Point{middle, middle};
    }
    const std::vector<Point> curve = smooth(stroke);
    for (std::size_t i = 1; i < curve.size(); ++i) canvas.add_segment(curve[i - 1], curve[i]);
  }
  canvas.write(pixels);
}

ClassSplit draw_split(const GlyphOptions& options, Split which, std::int64_t classes, int threads) {
  const std::int64_t size = options.image_size, each = options.images_per_class;
  ClassSplit split;
  split.images = Tensor::owning({classes * each, size, size, 1}, DType::u8);
  split.members.resize(static_cast<std::size_t>(classes));
  for (std::int64_t c = 0; c < classes; ++c) {
    split.class_names.push_back(fmt::format("{}/glyph{:04}", name_of(which), c + 1));
    for (std::int64_t i = 0; i < each; ++i)
      split.members[static_cast<std::size_t>(c)].push_back(static_cast<std::int32_t>(c * each + i));
  }
  // The splits' classes have numbers far apart: none depends on how many classes another split has.
  const std::uint32_t first = static_cast<std::uint32_t>(which) << 24;
  std::uint8_t* pixels = split.images.data<std::uint8_t>();
  parallel_for(threads, classes, [&](std::int64_t c) {
    const std::uint32_t number = first + static_cast<std::uint32_t>(c);
    const Character prototype = draw_prototype(RandomSequence(options.seed, Stream::glyphs, number));
    for (std::int64_t i = 0; i < each; ++i) {
      const RandomSequence random(options.seed, Stream::glyphs, number, static_cast<std::uint64_t>(i + 1) << 32);
      draw_image(prototype, options.jitter, size, random, pixels + (c * each + i) * size * size);
    }
  });
  return split;
}

}  // namespace

ClassDataset make_glyphs(const GlyphOptions& options, int threads) {
  for (const std::int64_t classes : {options.train_classes, options.val_classes, options.test_classes}) {
    if (classes * options.images_per_class > max_images) {
      throw UsageError("{} classes of {} images are more than the {} images that a split may have.", classes,
                       options.images_per_class, max_images);
    }
  }
  const std::int64_t images =
      (options.train_classes + options.val_classes + options.test_classes) * options.images_per_class;
  require_memory(static_cast<double>(images * options.image_size * options.image_size), "the generated characters",
                 "Ask for fewer classes, images or pixels (data.glyphs).");
  ClassDataset dataset;
  dataset.name = "glyphs";
  dataset.train = draw_split(options, Split::train, options.train_classes, threads);
  dataset.val = draw_split(options, Split::val, options.val_classes, threads);
  dataset.test = draw_split(options, Split::test, options.test_classes, threads);
  set_statistics(dataset);
  set_labels(dataset);
  set_digest(dataset);
  return dataset;
}

}  // namespace srwm
