#include "data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "ops/gather_images.h"

using namespace srwm;

namespace {

constexpr std::int64_t size = 6;
constexpr Placement as_it_is{1, 0, 0, 0, 1, 0};

/// One image of three channels, no two pixels of a channel alike.
Tensor some_image() {
  Tensor image = Tensor::owning({1, size, size, 3}, DType::u8);
  for (std::int64_t i = 0; i < image.numel(); ++i) image.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 2 + 1);
  return image;
}

double stored(std::int64_t h, std::int64_t w, std::int64_t c) {
  const bool inside = h >= 0 && h < size && w >= 0 && w < size;
  return inside ? static_cast<double>(((h * size + w) * 3 + c) * 2 + 1) : 0;
}

Tensor gathered(const Placement& placement, std::uint8_t quarter_turns = 0, DType type = DType::f64) {
  Tensor turns = Tensor::owning({1}, DType::u8), places = Tensor::owning({1, 6}, DType::f32);
  turns.data<std::uint8_t>()[0] = quarter_turns;
  std::ranges::copy(placement, places.data<float>());
  Tensor out = Tensor::owning({1, size, size, 3}, type);
  gather_images_on_host(2, {.images = some_image(), .rotation = turns, .placement = places, .out = out});
  return out;
}

/// expected(h, w, c) is of 255.
template <typename Expected>
void check_pixels(const Tensor& found, const Expected& expected) {
  const double* value = found.data<double>();
  for (std::int64_t h = 0; h < size; ++h) {
    for (std::int64_t w = 0; w < size; ++w) {
      for (std::int64_t c = 0; c < 3; ++c) {
        INFO("pixel " << h << ", " << w << ", " << c);
        CHECK(*value++ * 255 == Approx(expected(h, w, c)).margin(1e-9));
      }
    }
  }
}

}  // namespace

TEST_CASE("an image is read where its placement says", "[augmentation]") {
  check_pixels(gathered(as_it_is), stored);
  check_pixels(gathered({1, 0, 2, 0, 1, -1}), [](auto h, auto w, auto c) { return stored(h + 2, w - 1, c); });
  check_pixels(gathered({1, 0, 0, 0, -1, 0}), [](auto h, auto w, auto c) { return stored(h, size - 1 - w, c); });
  check_pixels(gathered({1, 0, 0.5, 0, 1, 0.25}), [](auto h, auto w, auto c) {
    const auto row = [&](std::int64_t at) { return 0.75 * stored(at, w, c) + 0.25 * stored(at, w + 1, c); };
    return (row(h) + row(h + 1)) / 2;
  });
}

TEST_CASE("a placement turns as quarter turns do, and is of the turned image", "[augmentation]") {
  const Tensor by_placement = gathered({0, 1, 0, -1, 0, 0});
  const Tensor by_rotation = gathered(as_it_is, 1);
  for (std::int64_t i = 0; i < by_rotation.numel(); ++i) {
    CHECK(by_placement.data<double>()[i] == Approx(by_rotation.data<double>()[i]).margin(1e-12));
  }
  check_pixels(gathered({1, 0, 1, 0, 1, 0}, 1),
               [](auto h, auto w, auto c) { return h + 1 < size ? stored(w, size - 1 - (h + 1), c) : 0.0; });
}

TEST_CASE("what comes in from outside is black before it is normalized", "[augmentation]") {
  Tensor places = Tensor::owning({1, 6}, DType::f32);
  std::ranges::copy(Placement{1, 0, 100, 0, 1, 0}, places.data<float>());
  Tensor out = Tensor::owning({1, size, size, 3}, DType::f32);
  gather_images_on_host(
      1, {.images = some_image(), .placement = places, .mean = {0.5, 0.25, 0}, .std = {0.5, 1, 1}, .out = out});
  CHECK(out.data<float>()[0] == -1);
  CHECK(out.data<float>()[1] == -0.25f);
  const Tensor exact = gathered({0.9f, 0.2f, 0.3f, -0.2f, 0.9f, 1.1f});
  const Tensor rounded = gathered({0.9f, 0.2f, 0.3f, -0.2f, 0.9f, 1.1f}, 0, DType::f32);
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    CHECK(rounded.data<float>()[i] == Approx(exact.data<double>()[i]).margin(1e-5));
  }
}

TEST_CASE("placements are drawn within their ranges, by pass and place", "[augmentation]") {
  const Augmentation augmentation{.shift = 2, .angle = 30, .scale = 0.25, .flip = true};
  std::vector<Placement> placements(2000), again(1000), other(1000);
  draw_placements(augmentation, 7, 3, placements);
  draw_placements(augmentation, 7, 3, again);
  CHECK(std::equal(again.begin(), again.end(), placements.begin()));
  draw_placements(augmentation, 7, 4, other);
  CHECK(other.front() != placements.front());
  double largest_shift = 0, largest_angle = 0, smallest = 10, largest = 0;
  int mirrored = 0;
  for (const auto& [a, b, c, d, e, f] : placements) {
    const double determinant = a * e - b * d, size_here = 1 / std::sqrt(std::abs(determinant));
    mirrored += determinant < 0 ? 1 : 0;
    smallest = std::min(smallest, size_here);
    largest = std::max(largest, size_here);
    largest_shift = std::max<double>({largest_shift, std::abs(c), std::abs(f)});
    largest_angle = std::max<double>(largest_angle, std::abs(std::atan2(d, a)) * 180 / 3.14159265358979);
  }
  CHECK((mirrored > 900 && mirrored < 1100));
  CHECK((smallest > 0.7499 && smallest < 0.76 && largest < 1.2501 && largest > 1.24));
  CHECK((largest_shift > 1.99 && largest_shift < 2.0001));
  CHECK((largest_angle > 29.8 && largest_angle < 30.001));
}

TEST_CASE("no augmentation leaves an image as it is", "[augmentation]") {
  CHECK(!Augmentation{}.any());
  std::vector<Placement> placements(3);
  draw_placements({}, 1, 0, placements);
  for (const Placement& placement : placements) CHECK(placement == as_it_is);
}
