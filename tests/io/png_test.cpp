#include "io/png.h"

#include <vector>

#include <catch2/catch.hpp>
#include <png.h>

#include "support/temp_dir.h"

using namespace srwm;

TEST_CASE("a written PNG picture holds the pixels that were given", "[png]") {
  const TempDir dir;
  const std::string path = dir.path() / "a.png";
  for (const std::int64_t channels : {1, 3}) {
    const Tensor picture = Tensor::owning({5, 7, channels}, DType::u8);
    for (std::int64_t i = 0; i < picture.numel(); ++i)
      picture.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37);
    write_png(picture, path);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
    CHECK(image.width == 7);
    CHECK(image.height == 5);
    CHECK(image.format == (channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB));
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(picture.numel()));
    REQUIRE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0);
    CHECK(std::equal(pixels.begin(), pixels.end(), picture.data<std::uint8_t>()));
  }
}

TEST_CASE("a picture that cannot be written is a data error", "[png]") {
  const Tensor picture = Tensor::owning({2, 2, 1}, DType::u8);
  CHECK_THROWS_AS(write_png(picture, "/nowhere/at/all.png"), DataError);
}
