#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "data/sampler.h"

using namespace srwm;

namespace {

/// `count` images with all pixels different modulo 251.
Tensor make_images(std::int64_t count, std::int64_t height, std::int64_t width, std::int64_t channels) {
  Tensor images = Tensor::owning({count, height, width, channels}, DType::u8);
  for (std::int64_t i = 0; i < images.numel(); ++i)
    images.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 7 % 251);
  return images;
}

EpisodeBatch make_batch(const std::vector<std::int32_t>& image, const std::vector<std::uint8_t>& rotation) {
  EpisodeBatch batch;
  batch.resize(1, std::ssize(image));
  batch.image = image;
  batch.rotation = rotation;
  return batch;
}

std::uint8_t pixel(const Tensor& images, std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
  return images.data<std::uint8_t>()[((n * images.dim(1) + h) * images.dim(2) + w) * images.dim(3) + c];
}

}  // namespace

TEST_CASE("images are turned counter-clockwise and divided by 255", "[gather]") {
  for (const std::int64_t channels : {1, 3}) {
    constexpr std::int64_t size = 5, last = size - 1;
    const Tensor images = make_images(3, size, size, channels);
    const EpisodeBatch batch = make_batch({2, 0, 1, 2}, {0, 1, 2, 3});
    const Tensor out = Tensor::owning({4, size, size, channels}, DType::f32);
    gather_images(images, batch, {}, {}, 2, out);
    const float* x = out.data<float>();
    for (std::int64_t p = 0; p < 4; ++p) {
      for (std::int64_t h = 0; h < size; ++h) {
        for (std::int64_t w = 0; w < size; ++w) {
          for (std::int64_t c = 0; c < channels; ++c) {
            const std::int64_t n = batch.image[static_cast<std::size_t>(p)];
            const std::uint8_t expected = p == 0   ? pixel(images, n, h, w, c)
                                          : p == 1 ? pixel(images, n, w, last - h, c)
                                          : p == 2 ? pixel(images, n, last - h, last - w, c)
                                                   : pixel(images, n, last - w, h, c);
            CHECK(*x++ == static_cast<float>(expected) / 255.0f);
          }
        }
      }
    }
  }
}

TEST_CASE("images that are not square are gathered, and turned by half a turn", "[gather]") {
  const Tensor images = make_images(2, 3, 4, 2);
  const Tensor out = Tensor::owning({2, 3, 4, 2}, DType::f64);
  gather_images(images, make_batch({1, 0}, {0, 2}), {}, {}, 1, out);
  CHECK(out.data<double>()[5] == pixel(images, 1, 0, 2, 1) / 255.0);
  CHECK(out.data<double>()[24 + 5] == pixel(images, 0, 2, 1, 1) / 255.0);
  CHECK_THROWS_AS(gather_images(images, make_batch({1, 0}, {0, 1}), {}, {}, 1, out), InternalError);
  CHECK_THROWS_AS(gather_images(images, make_batch({1}, {0}), {}, {}, 1, out), InternalError);
}

TEST_CASE("normalization is per channel, and does not depend on the threads", "[gather]") {
  const Tensor images = make_images(9, 7, 7, 3);
  std::vector<std::int32_t> image(9);
  std::iota(image.begin(), image.end(), 0);
  const EpisodeBatch batch = make_batch(image, {0, 1, 2, 3, 0, 1, 2, 3, 0});
  const std::vector<double> mean{0.485, 0.456, 0.406}, std{0.229, 0.224, 0.225};
  const Tensor exact = Tensor::owning({9, 7, 7, 3}, DType::f64), one = Tensor::owning({9, 7, 7, 3}, DType::f32);
  const Tensor three = Tensor::owning({9, 7, 7, 3}, DType::f32);
  gather_images(images, batch, mean, std, 1, exact);
  gather_images(images, batch, mean, std, 1, one);
  gather_images(images, batch, mean, std, 3, three);
  CHECK(exact.data<double>()[3 * 49 - 2] == (pixel(images, 0, 6, 6, 1) / 255.0 - mean[1]) / std[1]);
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    const double error = std::abs(one.data<float>()[i] - exact.data<double>()[i]);
    if (!(error <= 1e-6)) FAIL("element " << i << ": " << one.data<float>()[i] << " for " << exact.data<double>()[i]);
    if (one.data<float>()[i] != three.data<float>()[i]) FAIL("element " << i << " depends on the threads");
  }
}
