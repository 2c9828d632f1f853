#include "data/bilinear.h"

#include <array>

#include <catch2/catch.hpp>

using namespace srwm;

namespace {

std::vector<float> resized(const std::vector<std::uint8_t>& image, std::array<std::int64_t, 3> shape,
                           std::int64_t height, std::int64_t width) {
  std::vector<float> out(static_cast<std::size_t>(height * width * shape[2]));
  resize_bilinear(image.data(), shape[1], shape[2], LinearTaps(shape[0], height), LinearTaps(shape[1], width),
                  out.data());
  return out;
}

}  // namespace

TEST_CASE("an image at its own size stays as it is", "[bilinear]") {
  CHECK(resized({1, 2, 3, 4, 5, 6}, {2, 3, 1}, 2, 3) == std::vector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("half and double size are what tf.image.resize makes of them", "[bilinear]") {
  // Centers at half numbers: at half size the mean of two neighbors, at double size quarters between them, the border
  // repeated.
  CHECK(resized({0, 10, 20, 30}, {1, 4, 1}, 1, 2) == std::vector<float>{5, 25});
  CHECK(resized({0, 8}, {1, 2, 1}, 1, 4) == std::vector<float>{0, 2, 6, 8});
  CHECK(resized({0, 8}, {2, 1, 1}, 4, 1) == std::vector<float>{0, 2, 6, 8});
  // No averaging over more than two neighbors: of five, one.
  CHECK(resized({1, 2, 9, 4, 5}, {1, 5, 1}, 1, 1) == std::vector<float>{9});
}

TEST_CASE("channels stay apart", "[bilinear]") {
  CHECK(resized({0, 100, 10, 200}, {1, 2, 2}, 1, 1) == std::vector<float>{5, 150});
}
