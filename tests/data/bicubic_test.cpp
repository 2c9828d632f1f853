// The numbers expected are those of Pillow 9.4: ImageOps.fit(picture, (size, size), Image.BICUBIC) and convert("L").
#include "data/bicubic.h"

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

using namespace srwm;

namespace {

template <typename Value>
Tensor make_picture(std::int64_t height, std::int64_t width, std::int64_t channels, const Value& value) {
  Tensor picture = Tensor::owning({height, width, channels}, DType::u8);
  std::uint8_t* to = picture.data<std::uint8_t>();
  for (std::int64_t h = 0; h < height; ++h) {
    for (std::int64_t w = 0; w < width; ++w) {
      for (std::int64_t c = 0; c < channels; ++c) *to++ = static_cast<std::uint8_t>(value(h, w, c) % 256);
    }
  }
  return picture;
}

Tensor small_picture() {
  return make_picture(5, 7, 3, [](auto h, auto w, auto c) { return 37 * h + 91 * w * w + 53 * c * h + 17 * c; });
}

std::vector<int> bytes_of(const Tensor& picture) {
  const auto bytes = picture.span<std::uint8_t>();
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a picture becomes a smaller square", "[bicubic]") {
  CHECK(bytes_of(fit_picture(small_picture(), 3, 3)) == std::vector<int>{100, 147, 84,  107, 121, 146, 169, 151, 115,
                                                                         166, 98,  100, 162, 160, 133, 100, 114, 131,
                                                                         169, 172, 137, 131, 144, 87,  80,  82,  89});
  const Tensor tall = make_picture(100, 64, 1, [](auto h, auto w, auto) { return h * h * 3 + w * 5 + (h * w) % 7; });
  CHECK(bytes_of(fit_picture(tall, 4, 4)) ==
        std::vector<int>{130, 125, 127, 130, 136, 98, 138, 152, 127, 126, 131, 125, 128, 120, 133, 131});
}

TEST_CASE("a picture becomes a larger square", "[bicubic]") {
  const Tensor large = fit_picture(small_picture(), 8, 8);
  CHECK(large.shape() == Shape{8, 8, 3});
  const std::vector<int> bytes = bytes_of(large);
  CHECK(std::vector<int>(bytes.begin(), bytes.begin() + 9) ==
        std::vector<int>{73, 87, 115, 105, 119, 152, 103, 116, 147});
  CHECK(std::vector<int>(bytes.end() - 9, bytes.end()) == std::vector<int>{75, 32, 10, 95, 64, 29, 122, 97, 57});
}

TEST_CASE("a picture gets other proportions", "[bicubic]") {
  const Tensor tall = make_picture(7, 4, 1, [](auto h, auto w, auto) { return h * h * 9 + w * 40; });
  CHECK(bytes_of(fit_picture(tall, 2, 3)) == std::vector<int>{58, 109, 172, 132, 190, 112});
  CHECK(bytes_of(fit_picture(tall, 5, 2)) == std::vector<int>{28, 94, 49, 117, 119, 171, 138, 108, 84, 124});
}

TEST_CASE("a square of that size stays as it is", "[bicubic]") {
  const Tensor square = make_picture(9, 9, 1, [](auto h, auto w, auto) { return h * 31 + w * 7; });
  CHECK(bytes_of(fit_picture(square, 9, 9)) == bytes_of(square));
}

TEST_CASE("a picture of one pixel fills the square", "[bicubic]") {
  const Tensor one = make_picture(1, 1, 3, [](auto, auto, auto c) { return 10 + c; });
  const std::vector<int> bytes = bytes_of(fit_picture(one, 2, 2));
  CHECK(bytes == std::vector<int>{10, 11, 12, 10, 11, 12, 10, 11, 12, 10, 11, 12});
}

TEST_CASE("channels are repeated, or weighed", "[bicubic]") {
  const std::vector<int> luma{14,  105, 122, 65, 190, 212, 218, 94,  156, 173, 145, 91,  65,  119, 145, 86, 103, 196,
                              171, 116, 93,  75, 137, 154, 97,  145, 46,  173, 126, 217, 157, 177, 46,  97, 74};
  const Tensor grey = with_channels(small_picture(), 1);
  CHECK(bytes_of(grey) == luma);
  const Tensor color = with_channels(grey, 3);
  CHECK(color.shape() == Shape{5, 7, 3});
  CHECK(bytes_of(with_channels(color, 1)) == luma);
}
